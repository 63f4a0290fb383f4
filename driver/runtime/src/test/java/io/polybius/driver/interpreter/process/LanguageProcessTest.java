package io.polybius.driver.interpreter.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LanguageProcessTest {

  private Optional<LanguageProcess> started = Optional.empty();

  @AfterEach
  void end() {
    started.ifPresent(LanguageProcess::kill);
  }

  private LanguageProcess start(String script) throws IOException {
    LanguageProcess process = new LanguageProcess("Shell", new ProcessBuilder("sh", "-c", script));
    started = Optional.of(process);
    return process;
  }

  private static ProcessHandle child(LanguageProcess process) {
    await().atMost(30, TimeUnit.SECONDS).until(() -> process.lastWords().matches("\\d+"));
    return ProcessHandle.of(Long.parseLong(process.lastWords())).orElseThrow();
  }

  private static void assertEnds(ProcessHandle process) {
    await().atMost(30, TimeUnit.SECONDS).until(() -> !process.isAlive());
  }

  @Test
  void killEndsWhatTheProcessHasStarted() throws Exception {
    LanguageProcess process = start("trap '' INT; sleep 600 & echo $!; wait");
    ProcessHandle child = child(process);
    process.interrupt();
    assertThat(process.awaitEnd(Duration.ofMillis(300))).isFalse();

    process.kill();

    assertThat(process.awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertEnds(child);
    assertThat(process.howItEnded()).hasMessageContaining("signal 9");
  }

  @Test
  void closeEndsWhatAProcessHasLeft() throws Exception {
    LanguageProcess process = start("sleep 600 >/dev/null 2>&1 & echo $!; exit 3");
    ProcessHandle child = child(process);
    assertThat(process.awaitEnd(Duration.ofSeconds(30))).isTrue();
    assertThat(process.howItEnded()).hasMessageContaining("exit code 3");
    assertThat(child.isAlive()).isTrue();

    process.close();

    assertEnds(child);
  }

  @Test
  void lastWordsAreTheLast() throws Exception {
    LanguageProcess process = start("head -c 100000 /dev/zero | tr '\\0' x; echo end");
    assertThat(process.awaitEnd(Duration.ofSeconds(30))).isTrue();
    await().atMost(30, TimeUnit.SECONDS).until(() -> process.lastWords().endsWith("xend"));
    assertThat(process.lastWords().getBytes(UTF_8)).hasSizeLessThan(5_000);
  }

  @Test
  void programThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> new LanguageProcess("Shell", new ProcessBuilder("/no/program")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("/no/program");
    assertThatThrownBy(() -> new LanguageProcess("Shell", new ProcessBuilder("no-such-program")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no-such-program");
  }
}
