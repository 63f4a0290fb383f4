package io.polybius.kernel;

import io.polybius.kernel.UpdatingDisplay.Line;
import io.polybius.session.TaskProgress;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Shows how far the Spark jobs of a cell are. Jobs that are over soon are not shown; others change
 * their line twice a second at most, and leave a short one behind. Used under the kernel's lock.
 */
final class ProgressDisplay {

  /** How long jobs run before they are shown, and how long a line stays before it changes. */
  private static final Duration INTERVAL = Duration.ofMillis(500);

  private final UpdatingDisplay display;
  private final KernelTimer timer;
  private final Clock clock;
  private final Optional<String> sparkUi;
  private TaskProgress latest = TaskProgress.NONE;
  private TaskProgress shown = TaskProgress.NONE;
  private long begunMillis;
  private long changedMillis;
  private boolean resting;
  private Runnable stopResting = () -> {};

  /**
   * Makes one for a cell that begins.
   *
   * @param timer runs its tasks under the kernel's lock
   * @param sparkUi address of Spark's web page, if it has one
   */
  ProgressDisplay(
      UpdatingDisplay display, KernelTimer timer, Clock clock, Optional<String> sparkUi) {
    this.display = display;
    this.timer = timer;
    this.clock = clock;
    this.sparkUi = sparkUi;
  }

  /** The jobs are that far. */
  void changed(TaskProgress now) {
    if (now.equals(latest)) {
      return;
    }
    boolean first = latest.totalTasks() == 0;
    latest = now;
    changedMillis = clock.millis();
    if (first) {
      begunMillis = changedMillis;
      rest();
    } else if (!resting) {
      showLatest();
    }
  }

  private void rest() {
    resting = true;
    stopResting =
        timer.after(
            INTERVAL,
            () -> {
              resting = false;
              showLatest();
            });
  }

  private void showLatest() {
    boolean isOver = latest.completedTasks() >= latest.totalTasks();
    if (latest.equals(shown) || (isOver && !display.isShown())) {
      return;
    }
    display.show(line());
    shown = latest;
    rest();
  }

  private Line line() {
    String text =
        "%d of %d tasks · %d of %d stages"
            .formatted(
                latest.completedTasks(),
                latest.totalTasks(),
                latest.completedStages(),
                latest.totalStages());
    String bar =
        "<progress value=\"%d\" max=\"%d\"></progress> "
            .formatted(latest.completedTasks(), latest.totalTasks());
    return linked(new Line("Spark: " + text, bar + text));
  }

  /** The cell's output was cleared. */
  void cleared() {
    display.cleared();
  }

  /** The cell ends: nothing changes any more. */
  void end() {
    stopResting.run();
    if (display.isShown()) {
      display.show(lastLine());
    }
  }

  private Line lastLine() {
    String tasks =
        latest.completedTasks() < latest.totalTasks()
            ? latest.completedTasks() + " of " + latest.totalTasks() + " tasks"
            : counted(latest.totalTasks(), "task");
    String text =
        "Spark: %s in %s · %s"
            .formatted(
                tasks, counted(latest.totalStages(), "stage"), time(changedMillis - begunMillis));
    return linked(Line.text(text));
  }

  private Line linked(Line line) {
    return sparkUi.map(url -> line.withLink("Spark UI", url)).orElse(line);
  }

  private static String counted(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  /** Returns a time as people read it. */
  static String time(long millis) {
    long seconds = millis / 1000;
    return seconds < 60
        ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0)
        : seconds / 60 + " min " + seconds % 60 + " s";
  }
}
