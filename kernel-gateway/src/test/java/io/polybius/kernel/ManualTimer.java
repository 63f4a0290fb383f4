package io.polybius.kernel;

import io.polybius.session.testing.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A timer whose time passes when the test says so, on the thread of the test. */
final class ManualTimer implements KernelTimer {

  private final ManualClock clock;
  private final List<Planned> planned = new ArrayList<>();

  private record Planned(long dueMillis, Runnable task) {}

  ManualTimer(ManualClock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized Runnable after(Duration delay, Runnable task) {
    Planned one = new Planned(clock.millis() + delay.toMillis(), task);
    planned.add(one);
    return () -> cancel(one);
  }

  private synchronized void cancel(Planned one) {
    planned.remove(one);
  }

  /** Lets time pass, and what is due meanwhile happen. */
  void advance(Duration time) {
    long end = clock.millis() + time.toMillis();
    for (Optional<Planned> next = next(end); next.isPresent(); next = next(end)) {
      clock.advance(Duration.ofMillis(Math.max(0, next.get().dueMillis() - clock.millis())));
      next.get().task().run();
    }
    clock.advance(Duration.ofMillis(end - clock.millis()));
  }

  private synchronized Optional<Planned> next(long end) {
    Optional<Planned> next =
        planned.stream()
            .filter(one -> one.dueMillis() <= end)
            .min(Comparator.comparingLong(Planned::dueMillis));
    next.ifPresent(planned::remove);
    return next;
  }
}
