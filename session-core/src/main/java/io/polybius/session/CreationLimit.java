package io.polybius.session;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many sessions may be starting and batches running at the same time, in all. Safe for use by
 * many threads.
 */
public final class CreationLimit {

  private final int most;
  private final AtomicInteger taken = new AtomicInteger();

  /** Makes one for at most that many. */
  public CreationLimit(int most) {
    this.most = most;
  }

  /**
   * Takes a place.
   *
   * @return gives it back, once
   * @throws SessionException if there is none left
   */
  Runnable take() {
    if (taken.incrementAndGet() > most) {
      taken.decrementAndGet();
      throw new SessionException(
          ErrorCode.TOO_MANY_STARTING, "Rejected, too many sessions are being created!");
    }
    AtomicInteger held = new AtomicInteger(1);
    return () -> taken.addAndGet(-held.getAndSet(0));
  }
}
