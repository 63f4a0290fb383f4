package io.polybius.kernel;

import io.polybius.kernel.UpdatingDisplay.Line;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.SessionState;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Shows in the first cell that waits what it waits for: a driver that starts, or an earlier cell
 * that cannot be stopped. Users of a driver that is up soon see nothing of it. Used under the
 * kernel's lock.
 */
final class WaitDisplay {

  /** How long a cell waits before it shows that, so that the usual short wait is not seen. */
  private static final Duration PATIENCE = Duration.ofMillis(1500);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private static final Line NOT_STARTED = Line.text("Spark had not started.");
  private static final Line NOT_BEGUN = Line.text("The cell did not begin.");
  private static final Line RUNS_ON =
      Line.text(
          "An earlier cell does not stop, and this one waits for its end. Interrupt the kernel to"
              + " wait no longer, or restart it to be rid of both.");
  private static final Line IS_OVER = Line.text("The earlier cell has ended.");

  private final Executions executions;
  private final Supplier<List<String>> newestLogLine;
  private final KernelTimer timer;
  private final Clock clock;
  private boolean isStarting;
  private boolean isWatching;
  private int incarnation;
  private long beganMillis;

  /** The driver runs a statement whose clients have been told that it does not stop. */
  private boolean runsOn;

  /**
   * Makes one for a kernel.
   *
   * @param newestLogLine returns the last line of the driver's log, if there is one; must be quick
   * @param timer runs its tasks under the kernel's lock
   */
  WaitDisplay(
      Executions executions, Supplier<List<String>> newestLogLine, KernelTimer timer, Clock clock) {
    this.executions = executions;
    this.newestLogLine = newestLogLine;
    this.timer = timer;
    this.clock = clock;
  }

  /** The session is in that state. */
  void changed(SessionSnapshot session) {
    boolean starts = session.state() == SessionState.STARTING;
    if (session.incarnation() != incarnation) {
      runsOn = false;
    }
    if (starts && (!isStarting || session.incarnation() != incarnation)) {
      beganMillis = clock.millis();
    }
    incarnation = session.incarnation();
    isStarting = starts;
    session.driver().ifPresent(driver -> endWait(started(driver)));
  }

  /** A statement of the session is in that state. */
  void changed(Statement statement) {
    if (statement.isLeftRunning()) {
      runsOn = true;
      cellWaits();
    } else if (runsOn && statement.state() == StatementState.RUNNING) {
      runsOn = false;
      executions.endWait(IS_OVER);
    }
  }

  private void endWait(Line why) {
    if (!runsOn) {
      executions.endWait(why);
    }
  }

  /** A cell waits, or is about to. */
  void cellWaits() {
    if ((isStarting || runsOn) && !isWatching) {
      isWatching = true;
      lookAfter(PATIENCE);
    }
  }

  private void lookAfter(Duration delay) {
    Runnable unused = timer.after(delay, this::look);
  }

  private void look() {
    isWatching = (isStarting || runsOn) && executions.anyWaits();
    if (isWatching) {
      if (isStarting) {
        executions.showWait(starting(), NOT_STARTED, PATIENCE);
      } else {
        executions.showWait(RUNS_ON, NOT_BEGUN, PATIENCE);
      }
      lookAfter(INTERVAL);
    }
  }

  private Line starting() {
    String state = "Spark is starting · " + (clock.millis() - beganMillis) / 1000 + " s";
    return newestLogLine.get().stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.matches("std(out|err):"))
        .findFirst()
        .map(
            line ->
                new Line(
                    state + "\n" + line,
                    "<progress></progress> "
                        + state
                        + "<br><small><code>"
                        + Line.escape(line)
                        + "</code></small>"))
        .orElseGet(() -> new Line(state, "<progress></progress> " + state));
  }

  private static Line started(SessionSnapshot.DriverInfo driver) {
    Line line = Line.text("Spark " + driver.sparkVersion() + " · " + driver.applicationId());
    return driver.sparkUiUrl().map(url -> line.withLink("Spark UI", url)).orElse(line);
  }
}
