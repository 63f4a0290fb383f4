package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.SessionSettings;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Driver processes that outlive their launcher; the link to them is tested elsewhere. */
@Timeout(90)
@EnabledOnOs(OS.LINUX)
class LastingDriversTest {

  private static final LaunchSpec SPEC = new LaunchSpec(3, 1, SessionSettings.of(Kind.SPARK));
  private static final LinkPosition BEGINNING = new LinkPosition(0, 0, List.of());

  @TempDir private Path folder;

  private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
  private final ProcessLog log = new ProcessLog();
  private final DriverConnection.Receiver<DriverEvent> nobody =
      new DriverConnection.Receiver<>() {
        @Override
        public void received(long sequence, DriverEvent message) {}

        @Override
        public void closed(String reason) {}
      };

  /** Replaces the driver by one that only counts. */
  @BeforeEach
  void writeDriverThatCounts() throws Exception {
    TestingSpark.in(folder);
    TestingSpark.writeJar(
        folder.resolve("driver.jar"),
        "io.polybius.driver.DriverMain",
        """
        package io.polybius.driver;
        class DriverMain {
          public static void main(String[] arguments) throws Exception {
            for (int i = 0; i < 1000; i++) {
              System.out.println(i);
              Thread.sleep(50);
            }
          }
        }
        """);
  }

  @AfterEach
  void closeAll() throws Exception {
    while (!toClose.isEmpty()) {
      toClose.pop().close();
    }
  }

  private LocalLauncher launcher() throws Exception {
    LocalLauncher launcher =
        new LocalLauncher(
            new TestingSpark(folder).settings("local[1]"), Optional.of(folder.resolve("lasting")));
    toClose.push(launcher);
    return launcher;
  }

  private static List<String> printed(ProcessLog log) {
    return log.page(1, 100_000).lines().stream().takeWhile(line -> !line.startsWith("\n")).toList();
  }

  private ProcessHandle process() {
    List<ProcessHandle> found =
        ProcessHandle.allProcesses()
            .filter(
                process ->
                    process
                        .info()
                        .commandLine()
                        .filter(line -> line.contains(folder.resolve("lasting").toString()))
                        .isPresent())
            .toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  private List<String> files() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("lasting"))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  private void awaitNothingLeft(ProcessHandle process) {
    await()
        .until(
            () ->
                !ProcessTree.runs(process)
                    && files().equals(List.of("port", "server.p12", "server.password")));
  }

  @Test
  void laterLauncherTakesTheProcessBackAndReadsOn() throws Exception {
    LocalLauncher earlier = launcher();
    earlier.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 5);
    for (Path file : Files.walk(folder.resolve("lasting")).filter(Files::isRegularFile).toList()) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .as(file.toString())
          .isEqualTo("rw-------");
    }
    ProcessHandle process = process();
    earlier.close();
    assertThat(process.isAlive()).isTrue();

    LocalLauncher later = launcher();
    later.expect(List.of(SPEC));
    ProcessLog laterLog = new ProcessLog();
    RunningDriver driver = later.reattach(SPEC, BEGINNING, nobody, laterLog);
    await().until(() -> printed(laterLog).size() > 5);
    int next = Integer.parseInt(printed(laterLog).get(0));
    assertThat(next).isBetween(printed(log).size() - 1, printed(log).size() + 1);
    assertThat(printed(laterLog).get(1)).isEqualTo(String.valueOf(next + 1));
    driver.kill();
    assertThat(driver.exited().toCompletableFuture().get(20, TimeUnit.SECONDS))
        .contains("exit code unknown");
    awaitNothingLeft(process);
  }

  @Test
  void driverIsApartFromTheTerminalOfItsServer() throws Exception {
    RunningDriver driver = launcher().launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    String stat = Files.readString(Path.of("/proc", String.valueOf(process.pid()), "stat"));
    // Behind the name of the program: state, parent, process group, session.
    String[] numbers = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    assertThat(numbers[2]).as("process group").isEqualTo(String.valueOf(process.pid()));
    assertThat(numbers[3]).as("session").isEqualTo(String.valueOf(process.pid()));
    driver.kill();
    awaitNothingLeft(process);
  }

  @Test
  void driverThatIsStartedMeanwhileIsNoneOfTheEarlierServer() throws Exception {
    launcher().launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle left = process();
    toClose.pop().close();
    LocalLauncher later = launcher();
    RunningDriver own = later.launch(new LaunchSpec(4, 1, SPEC.settings()), nobody, log);

    later.expect(List.of());

    await().until(() -> !ProcessTree.runs(left));
    ProcessHandle process = process();
    assertThat(own.exited().toCompletableFuture()).isNotDone();
    assertThat(files()).anyMatch(name -> name.contains("session-4"));
    own.kill();
    awaitNothingLeft(process);
  }

  @Test
  void damagedPapersLoseOnlyTheirDriver() throws Exception {
    LocalLauncher earlier = launcher();
    earlier.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    earlier.close();
    Path damaged = folder.resolve("lasting").resolve("session-9-1-x.papers");
    Files.writeString(damaged, "owner=\\u00zz");

    LocalLauncher later = launcher();
    later.expect(List.of(SPEC));
    RunningDriver driver = later.reattach(SPEC, BEGINNING, nobody, log);
    await().until(() -> !Files.exists(damaged));
    driver.kill();
    awaitNothingLeft(process);
  }

  @Test
  void damagedKeyOfTheServerIsSetAsideAndItsDriversEnd() throws Exception {
    LocalLauncher earlier = launcher();
    earlier.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    earlier.close();
    Files.writeString(folder.resolve("lasting").resolve("server.p12"), "damaged");

    LocalLauncher later = launcher();
    later.expect(List.of(SPEC));
    assertThatThrownBy(() -> later.reattach(SPEC, BEGINNING, nobody, log))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("key");
    Files.delete(folder.resolve("lasting").resolve("server.p12.damaged"));
    awaitNothingLeft(process);
  }

  @Test
  void portThatIsFreeAMomentLaterIsWaitedFor() throws Exception {
    launcher().close();
    Path file = folder.resolve("lasting").resolve("port");
    String port = Files.readString(file);
    ServerSocket other =
        new ServerSocket(Integer.parseInt(port), 1, InetAddress.getLoopbackAddress());
    toClose.push(other);
    CompletableFuture<Void> freed =
        CompletableFuture.runAsync(
            () -> assertThatCode(other::close).doesNotThrowAnyException(),
            CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS));

    launcher();
    freed.get(20, TimeUnit.SECONDS);
    assertThat(Files.readString(file)).isEqualTo(port);
  }

  @Test
  void driversThatNobodyWantsAreEnded() throws Exception {
    LocalLauncher earlier = launcher();
    earlier.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    earlier.close();

    LocalLauncher later = launcher();
    later.expect(List.of(new LaunchSpec(3, 2, SPEC.settings())));
    awaitNothingLeft(process);
    assertThatThrownBy(() -> later.reattach(SPEC, BEGINNING, nobody, log))
        .isInstanceOf(LaunchException.class);
  }

  @Test
  void driverThatEndedMeanwhileIsMissed() throws Exception {
    LocalLauncher earlier = launcher();
    earlier.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    earlier.close();
    process.destroyForcibly();
    await().until(() -> !ProcessTree.runs(process));

    LocalLauncher later = launcher();
    later.expect(List.of(SPEC));
    assertThatThrownBy(() -> later.reattach(SPEC, BEGINNING, nobody, log))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("ended while there was no server");
    awaitNothingLeft(process);
  }

  @Test
  void endedDriverLeavesNothing() throws Exception {
    LocalLauncher launcher = launcher();
    RunningDriver driver = launcher.launch(SPEC, nobody, log);
    await().until(() -> printed(log).size() > 2);
    ProcessHandle process = process();
    driver.kill();
    driver.exited().toCompletableFuture().get(20, TimeUnit.SECONDS);
    awaitNothingLeft(process);
  }
}
