package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.session.ProcessLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LaunchedProcessTest {

  @TempDir private Path folder;

  private final ProcessLog log = new ProcessLog();
  private final AtomicInteger cleanedUp = new AtomicInteger();

  @Test
  void whatItPrintsIsLoggedBeforeItsEndIsTold() throws Exception {
    LaunchedProcess process = start("echo out; echo err >&2; printf last; exit 3");
    assertThat(exitCode(process)).isEqualTo(3);
    assertThat(lines(log)).containsExactly("stdout: ", "out", "last", "\nstderr: ", "err");
    assertThat(cleanedUp).hasValue(1);
  }

  @Test
  void exitCodesOfSignalsAreExplained() {
    assertThat(LaunchedProcess.describe(1)).isEqualTo("exit code 1");
    assertThat(LaunchedProcess.describe(137)).isEqualTo("exit code 137 (signal 9)");
    assertThat(LaunchedProcess.describe(255)).isEqualTo("exit code 255");
  }

  @Test
  void eachKindOfLineEndEndsALineAndLongLinesAreCut() throws Exception {
    LaunchedProcess process =
        start(
            "printf 'a\\r\\nb\\rc\\n\\nd\\n'; head -c 100000 /dev/zero | tr '\\0' 'x'; echo; echo e");
    assertThat(exitCode(process)).isZero();
    List<String> lines = lines(log);
    assertThat(lines.subList(1, 6)).containsExactly("a", "b", "c", "", "d");
    assertThat(lines.get(6)).hasSize((16 << 10) + 3).endsWith("xxx...");
    assertThat(lines.get(7)).isEqualTo("e");
  }

  @Test
  void killEndsItsChildrenToo() throws Exception {
    LaunchedProcess process = start("sh -c 'sleep 600 & echo $!; wait' & echo $!; wait");
    List<ProcessHandle> children = printed(2);
    process.kill();
    assertThat(exitCode(process)).isEqualTo(137);
    assertAllEnded(children);
    assertThat(cleanedUp).hasValue(1);
    process.kill();
  }

  @Test
  void killEndsChildrenThatAreStartedAgainAndAgain() throws Exception {
    LaunchedProcess process =
        start("(while :; do sleep 600 & echo $!; wait; done) & echo $!; wait");
    printed(2);
    process.kill();
    assertThat(exitCode(process)).isEqualTo(137);
    assertAllEnded(
        lines(log).stream()
            .filter(line -> line.matches("\\d+"))
            .flatMap(line -> ProcessHandle.of(Long.parseLong(line)).stream())
            .toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"(sleep 600 & echo $!)", "(setsid sh -c 'echo $$; exec sleep 600' &)"})
  @EnabledOnOs(OS.LINUX)
  void killEndsChildrenWhoseParentsHaveEnded(String daemon) throws Exception {
    LaunchedProcess process = start(daemon + "; sleep 600");
    List<ProcessHandle> children = printed(1);
    // It is nobody's child any more, or soon will not be.
    process.kill();
    assertThat(exitCode(process)).isEqualTo(137);
    assertAllEnded(children);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void childrenThatOutliveItAreEnded() throws Exception {
    LaunchedProcess process = start("(sleep 600 & echo $!); exit 5");
    assertThat(exitCode(process)).isEqualTo(5);
    assertAllEnded(printed(1));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aChildThatKeepsThePipesOpenDelaysTheEndOnlyShortlyAndIsNotLoggedAfterIt() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    Path end = folder.resolve("end");
    Path printed = folder.resolve("printed");
    LaunchedProcess process =
        start(
            "env -i PATH=\"$PATH\" setsid sh -c 'echo early; i=0;"
                + " until [ -e %s ] || [ $i = 300 ]; do i=$((i+1)); sleep 0.1; done;".formatted(end)
                + " echo late; touch %s; sleep 2' & sleep 0.5; exit 0".formatted(printed));
    assertThat(exitCode(process)).isZero();
    assertThat(cleanedUp).hasValue(1);
    List<String> logged = lines(log);
    assertThat(logged).contains("early");

    Files.createFile(end);
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(printed));
    // The thread that was told something late ends; the other one waits for the child's end.
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> !before.contains(thread))
                    .noneMatch(thread -> thread.getName().startsWith("process-")));
    assertThat(lines(log)).isEqualTo(logged);
  }

  @Test
  void itsEndIsToldEvenIfWhatItLeavesCannotBeRemoved() throws Exception {
    LaunchedProcess process =
        LaunchedProcess.start(
            new ProcessBuilder("sh", "-c", "exit 4"),
            WorkDirectory.create(folder, "process"),
            log,
            () -> {
              throw new IllegalStateException("thrown by a test");
            });
    assertThat(exitCode(process)).isEqualTo(4);
  }

  private LaunchedProcess start(String script) throws Exception {
    return LaunchedProcess.start(
        new ProcessBuilder("sh", "-c", script),
        WorkDirectory.create(folder, "process"),
        log,
        cleanedUp::incrementAndGet);
  }

  private static int exitCode(LaunchedProcess process) throws Exception {
    return process.exited().get(15, TimeUnit.SECONDS);
  }

  /** Returns the processes whose numbers were printed, once there are so many lines. */
  private List<ProcessHandle> printed(int count) {
    await().atMost(Duration.ofSeconds(20)).until(() -> lines(log).size() >= count + 2);
    return lines(log).subList(1, count + 1).stream()
        .flatMap(line -> ProcessHandle.of(Long.parseLong(line)).stream())
        .toList();
  }

  private static void assertAllEnded(List<ProcessHandle> processes) {
    // What was killed may still wait for its parent to ask about it.
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
  }

  private static List<String> lines(ProcessLog log) {
    return log.page(0, -1).lines();
  }
}
