package io.polybius.kernel;

import java.time.Duration;

/** Does things later. Safe for use by many threads. */
public interface KernelTimer {

  /**
   * Runs a task, which must not take long, after a time, unless the server ends before.
   *
   * @return makes it not run any more
   */
  Runnable after(Duration delay, Runnable task);
}
