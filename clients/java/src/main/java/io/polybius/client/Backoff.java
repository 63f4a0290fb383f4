package io.polybius.client;

import java.time.Duration;

/** The pauses between attempts: each is twice as long as the one before, up to a longest. */
final class Backoff {

  private final Duration first;
  private final Duration longest;

  // Guarded by this:
  private Duration next;

  Backoff(Duration first, Duration longest) {
    this.first = first;
    this.longest = longest;
    this.next = first;
  }

  /** Returns the next pause. */
  synchronized Duration next() {
    Duration pause = next;
    Duration twice = pause.multipliedBy(2);
    next = twice.compareTo(longest) < 0 ? twice : longest;
    return pause;
  }

  /** Begins anew, with the first pause. */
  synchronized void reset() {
    next = first;
  }
}
