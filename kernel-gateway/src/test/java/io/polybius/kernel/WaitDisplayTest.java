package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the first cell that waits shows in its output: the start of a driver, for example. */
@Timeout(20)
class WaitDisplayTest extends KernelFixture {

  private final JupyterMessage first = client.cell("value 1");
  private final JupyterMessage second = client.cell("value 2");
  private Kernel kernel;

  @BeforeEach
  void startSlowly() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    kernel = kernel();
  }

  private void wait(Duration time) {
    kernel.receive(first, client);
    kernel.receive(second, client);
    awaitStatements(0, 2);
    timer.advance(time);
  }

  private List<String> shown(JupyterMessage cell) {
    return client.trace(cell).stream()
        .map(
            message ->
                message.type().contains("display")
                    ? message.type()
                        + " "
                        + message.content().path("data").path("text/plain").asText()
                    : show(message))
        .toList();
  }

  @Test
  void shortWaitIsNotShown() {
    wait(Duration.ofSeconds(1));
    becomeReady();

    assertThat(shown(first))
        .containsExactly(
            "status busy", "input 1 value 1", "result 1 1", "execute_reply ok 1", "status idle");
    timer.advance(Duration.ofSeconds(10));
    assertThat(client.heard()).noneMatch(message -> message.type().contains("display"));
  }

  @Test
  void longWaitIsShownInTheFirstCellOnly() {
    wait(Duration.ofMillis(2500));
    becomeReady();

    assertThat(shown(first))
        .containsExactly(
            "status busy",
            "input 1 value 1",
            "display_data Spark is starting · 1 s",
            "update_display_data Spark is starting · 2 s",
            "update_display_data Spark 3.5.5 · local-1 · http://localhost:4040",
            "result 1 1",
            "execute_reply ok 1",
            "status idle");
    assertThat(shown(second))
        .containsExactly(
            "status busy", "input 2 value 2", "result 2 2", "execute_reply ok 2", "status idle");
  }

  @Test
  void failedStartShowsInEveryCellWithTheEndOfTheLog() throws InterruptedException {
    wait(Duration.ofSeconds(2));
    launcher.nextDriver().say(new DriverEvent.DriverFailed("no <room> on the cluster"));
    client.await(message -> show(message).equals("status dead"));

    List<String> trace = shown(first);
    assertThat(trace.subList(3, 4)).containsExactly("update_display_data Spark had not started.");
    assertThat(trace.get(4)).startsWith("error DriverDied").contains("no <room> on the cluster");
    assertThat(trace.subList(5, 7)).containsExactly("execute_reply error 1", "status idle");
    assertThat(shown(second))
        .hasSize(4)
        .startsWith("status busy")
        .anyMatch(line -> line.contains("no <room> on the cluster"));
    assertThat(kernel.model().executionState()).isEqualTo("dead");
    assertThat(kernel.model().reason()).contains("no <room> on the cluster");
  }

  @Test
  void interruptEndsTheWait() {
    wait(Duration.ofSeconds(2));

    kernel.interrupt();

    assertThat(shown(first))
        .endsWith(
            "update_display_data Spark had not started.",
            "error KernelInterrupted: The cell was interrupted before it began.",
            "execute_reply error 1",
            "status idle");
    assertThat(shown(second))
        .containsExactly("status busy", "execute_reply aborted", "status idle");
    becomeReady();
    assertThat(run(kernel, "value 3")).contains("execute_reply ok 3");
  }

  @Test
  void restartAbortsWhatWaits() {
    wait(Duration.ofSeconds(2));

    kernel.restart().toCompletableFuture().join();

    assertThat(shown(first)).endsWith("execute_reply aborted", "status idle");
    assertThat(client.trace(first).stream().filter(m -> show(m).equals("status busy"))).hasSize(1);
  }

  @Test
  void cellBehindOneThatDoesNotStopSaysWhatItWaitsFor() throws InterruptedException {
    limits = limits.withCancelTimeout(Duration.ofMillis(200));
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    kernel = readyKernel();
    kernel.receive(first, client);
    ScriptedDriver driver = launcher.nextDriver();
    driver.nextCommand(DriverCommand.Execute.class);
    kernel.interrupt();
    assertThat(shown(first)).anyMatch(line -> line.startsWith("error StillRunning"));

    kernel.receive(second, client);
    awaitStatements(0, 2);
    timer.advance(Duration.ofSeconds(2));
    timer.advance(Duration.ofSeconds(10));
    driver.say(new DriverEvent.StatementSucceeded(0));
    driver.nextCommand(DriverCommand.Cancel.class);
    driver.nextCommand(DriverCommand.Execute.class);
    driver.say(new DriverEvent.StatementSucceeded(1));

    assertThat(shown(second))
        .containsExactly(
            "status busy",
            "input 2 value 2",
            "display_data An earlier cell does not stop, and this one waits for its end. Interrupt"
                + " the kernel to wait no longer, or restart it to be rid of both.",
            "update_display_data The earlier cell has ended.",
            "execute_reply ok 2",
            "status idle");
  }

  @Test
  void cellThatAlreadyWaitedSaysItToo() throws InterruptedException {
    limits = limits.withCancelTimeout(Duration.ofMillis(200));
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    kernel = readyKernel();
    sessions.execute("0", new NewStatement(Kind.SPARK, "a", Origin.REST, false, false, true));
    awaitStatements(0, 1);
    kernel.receive(second, client);
    awaitStatements(0, 2);
    sessions.cancel("0", 0);
    awaitEnd(0);
    timer.advance(Duration.ofSeconds(2));
    ScriptedDriver driver = launcher.nextDriver();
    driver.say(new DriverEvent.StatementSucceeded(0));
    driver.nextCommand(DriverCommand.Execute.class);
    driver.say(new DriverEvent.StatementSucceeded(1));

    assertThat(shown(second))
        .anyMatch(line -> line.startsWith("display_data An earlier cell does not stop"))
        .contains("execute_reply ok 2");
  }

  private void awaitEnd(int statement) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> sessions.statement("0", statement).state().isTerminal());
    // The kernel hears of it a little later.
    Awaitility.await().pollDelay(Duration.ofMillis(100)).until(() -> true);
  }

  @Test
  void silentCellsShowNothing() {
    JupyterMessage silent = cell("value 1", content -> content.put("silent", true));
    kernel.receive(silent, client);
    timer.advance(Duration.ofSeconds(5));
    becomeReady();

    assertThat(shown(silent)).containsExactly("status busy", "execute_reply ok 0", "status idle");
  }

  @Test
  void nothingIsShownWhenTheOperatorWantsNothing() {
    showsProgress = false;
    launchWith(ScriptedLauncher.slow(Script.TINY));
    kernel = kernel();
    wait(Duration.ofSeconds(5));
    becomeReady();

    assertThat(shown(first)).hasSize(5);
  }
}
