package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How far the Spark jobs of a cell are, in its output. */
@Timeout(20)
class ProgressDisplayTest extends KernelFixture {

  private static final Duration INTERVAL = Duration.ofMillis(500);

  private final JupyterMessage cell = client.cell("run");
  private Kernel kernel;
  private ScriptedDriver driver;
  private int statementId;

  private void begin() throws InterruptedException {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    kernel = kernel();
    begin(cell);
  }

  private void begin(JupyterMessage request) throws InterruptedException {
    kernel.receive(request, client);
    driver = launcher.nextDriver();
    statementId = driver.nextCommand(DriverCommand.Execute.class).statementId();
  }

  private void progress(int tasks, int ofTasks, int stages, int ofStages) {
    driver.say(new DriverEvent.StatementProgressed(statementId, tasks, ofTasks, stages, ofStages));
    Awaitility.await()
        .until(
            () ->
                statementId < 0
                    || sessions.statement("0", statementId).tasks().completedTasks() == tasks);
    // What the session tells comes in order, so this comes after it.
    ask(kernel, "kernel_info_request", object());
    driver.say(
        new DriverEvent.StatementPutOut(
            statementId,
            new io.polybius.driver.protocol.StatementOutput.StreamText(
                io.polybius.driver.protocol.StreamName.STDOUT, "mark " + ++marks + "\n")));
    String mark = "stdout mark " + marks;
    client.await(message -> show(message).equals(mark));
  }

  private int marks;

  private List<String> end() {
    driver.say(new DriverEvent.StatementSucceeded(statementId));
    client.trace(cell);
    return shown();
  }

  private List<String> shown() {
    return client.heard().stream()
        .filter(
            message ->
                message.type().equals("display_data")
                    || message.type().equals("update_display_data"))
        .map(
            message ->
                message.type() + " " + message.content().path("data").path("text/plain").asText())
        .toList();
  }

  @Test
  void shortJobsAreNotShown() throws InterruptedException {
    begin();
    progress(0, 4, 0, 1);
    timer.advance(Duration.ofMillis(400));
    progress(4, 4, 1, 1);

    assertThat(end()).isEmpty();
    timer.advance(Duration.ofSeconds(5));
    assertThat(shown()).isEmpty();
  }

  @Test
  void longJobsAreOneDisplayThatChangesTwiceASecondAtMost() throws InterruptedException {
    begin();
    progress(0, 100, 0, 2);
    timer.advance(INTERVAL);
    progress(10, 100, 0, 2);
    progress(20, 100, 0, 2);
    assertThat(shown())
        .containsExactly(
            "display_data Spark: 0 of 100 tasks · 0 of 2 stages · http://localhost:4040");
    timer.advance(INTERVAL);
    timer.advance(INTERVAL);
    progress(100, 100, 2, 2);

    assertThat(end())
        .containsExactly(
            "display_data Spark: 0 of 100 tasks · 0 of 2 stages · http://localhost:4040",
            "update_display_data Spark: 20 of 100 tasks · 0 of 2 stages · http://localhost:4040",
            "update_display_data Spark: 100 of 100 tasks · 2 of 2 stages · http://localhost:4040",
            "update_display_data Spark: 100 tasks in 2 stages · 1.5 s · http://localhost:4040");
    List<String> trace = show(client.trace(cell));
    assertThat(trace.subList(trace.size() - 3, trace.size()))
        .containsExactly("update_display_data", "execute_reply ok 1", "status idle");
  }

  @Test
  void displayHasAnIdAndABar() throws InterruptedException {
    begin();
    progress(3, 8, 0, 1);
    timer.advance(INTERVAL);

    JupyterMessage display = client.await(m -> m.type().equals("display_data"));
    assertThat(display.parentHeader().messageId()).isEqualTo(cell.id());
    assertThat(display.content().path("transient").path("display_id").asText())
        .contains(kernel.id());
    assertThat(display.content().path("data").path("text/html").asText())
        .isEqualTo(
            "<div><progress value=\"3\" max=\"8\"></progress> 3 of 8 tasks · 0 of 1 stages"
                + " · <a href=\"http://localhost:4040\" target=\"_blank\""
                + " rel=\"noopener\">Spark UI</a></div>");
    end();
  }

  @Test
  void stoppedJobsSayHowFarTheyWere() throws InterruptedException {
    begin();
    progress(3, 8, 0, 1);
    timer.advance(INTERVAL);
    driver.say(
        new DriverEvent.StatementFailed(
            statementId,
            new io.polybius.driver.protocol.StatementError(
                io.polybius.driver.protocol.StatementError.Origin.INTERRUPT,
                "Interrupted",
                "stopped",
                List.of())));

    assertThat(show(client.trace(cell)))
        .endsWith(
            "update_display_data",
            "error Interrupted: stopped",
            "execute_reply error 1",
            "status idle");
    assertThat(shown().get(1))
        .startsWith("update_display_data Spark: 3 of 8 tasks in 1 stage · 0.0 s");
  }

  @Test
  void jobsOfASilentCellAreNotShown() throws InterruptedException {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    kernel = kernel();
    JupyterMessage silent = cell("x", content -> content.put("silent", true));
    begin(silent);
    progress(0, 4, 0, 1);
    timer.advance(Duration.ofSeconds(5));

    assertThat(shown()).isEmpty();
  }

  @Test
  void nothingIsShownWhenTheOperatorWantsNothing() throws InterruptedException {
    showsProgress = false;
    begin();
    progress(0, 4, 0, 1);
    timer.advance(Duration.ofSeconds(5));

    assertThat(end()).isEmpty();
  }

  @Test
  void clearedDisplayIsMadeAnew() throws InterruptedException {
    begin();
    progress(0, 4, 0, 1);
    timer.advance(INTERVAL);
    driver.say(
        new DriverEvent.StatementPutOut(
            statementId, new io.polybius.driver.protocol.StatementOutput.Clear(false)));
    client.await(message -> message.type().equals("clear_output"));
    progress(1, 4, 0, 1);
    timer.advance(INTERVAL);

    assertThat(shown())
        .extracting(line -> line.split(" ", 2)[0])
        .containsExactly("display_data", "display_data");
    end();
  }
}
