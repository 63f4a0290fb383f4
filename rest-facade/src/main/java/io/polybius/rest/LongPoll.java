package io.polybius.rest;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Requests that clients let wait for the end of something. Safe for use by many threads. */
final class LongPoll {

  /** How long a client may wait. */
  static final Duration LONGEST = Duration.ofMinutes(5);

  /** The query's parameter for that. */
  static final String WAIT = "wait";

  private final LastingRequests lasting;

  LongPoll(LastingRequests lasting) {
    this.lasting = lasting;
  }

  /**
   * Holds a request until there is an end, the time is over, or the API is closed.
   *
   * @param patience of the client
   * @param end waits for the end, for the time that it is given
   */
  <T> CompletionStage<T> hold(Duration patience, Function<Duration, CompletionStage<T>> end) {
    return lasting.until(
        end.apply(patience.compareTo(LONGEST) < 0 ? patience : LONGEST).toCompletableFuture());
  }
}
