package io.polybius.session;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Room in the server's memory for the jobs of all sessions that no driver has begun. Safe for use
 * by many threads.
 */
final class JobRoom {

  private final long most;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param most how many bytes there is room for
   */
  JobRoom(long most) {
    this.most = most;
  }

  /** Takes room if there is enough, and returns whether there was. */
  boolean take(long bytes) {
    if (taken.addAndGet(bytes) <= most) {
      return true;
    }
    free(bytes);
    return false;
  }

  /** Takes room for what is there in any case. */
  void takeAnyway(long bytes) {
    taken.addAndGet(bytes);
  }

  /** Gives room back. */
  void free(long bytes) {
    taken.addAndGet(-bytes);
  }
}
