package io.polybius.kernel;

import io.polybius.kernel.UpdatingDisplay.Line;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.SessionState;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Shows in the first cell that waits for a driver how its start goes on. Users of a driver that is
 * up soon see nothing of it. Used under the kernel's lock.
 */
final class LaunchDisplay {

  /** How long a cell waits before it shows that, so that the usual short wait is not seen. */
  private static final Duration PATIENCE = Duration.ofMillis(1500);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Executions executions;
  private final Supplier<List<String>> newestLogLine;
  private final KernelTimer timer;
  private final Clock clock;
  private boolean isStarting;
  private boolean isWatching;
  private int incarnation;
  private long beganMillis;

  /**
   * Makes one for a kernel.
   *
   * @param newestLogLine returns the last line of the driver's log, if there is one; must be quick
   * @param timer runs its tasks under the kernel's lock
   */
  LaunchDisplay(
      Executions executions, Supplier<List<String>> newestLogLine, KernelTimer timer, Clock clock) {
    this.executions = executions;
    this.newestLogLine = newestLogLine;
    this.timer = timer;
    this.clock = clock;
  }

  /** The session is in that state. */
  void changed(SessionSnapshot session) {
    boolean starts = session.state() == SessionState.STARTING;
    if (starts && (!isStarting || session.incarnation() != incarnation)) {
      beganMillis = clock.millis();
      incarnation = session.incarnation();
    }
    isStarting = starts;
    session.driver().ifPresent(driver -> executions.endLaunch(started(driver)));
  }

  /** A cell was added to those that wait. */
  void cellAdded() {
    if (isStarting && !isWatching) {
      isWatching = true;
      lookAfter(PATIENCE);
    }
  }

  private void lookAfter(Duration delay) {
    Runnable unused = timer.after(delay, this::look);
  }

  private void look() {
    isWatching = isStarting && executions.anyWaits();
    if (isWatching) {
      executions.showLaunch(starting(), PATIENCE);
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
