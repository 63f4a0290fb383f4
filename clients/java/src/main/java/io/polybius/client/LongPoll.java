package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Waits for the end of something without a thread: asks the server, which answers when there is an
 * end or after a while, and asks again.
 */
final class LongPoll {

  private static final Duration HELD = Duration.ofSeconds(60);

  /** An answer that comes sooner is one of a server that does not hold requests. */
  private static final Duration NOT_HELD = HELD.dividedBy(2);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final Connection connection;
  private final String path;
  private final Predicate<JsonNode> hasEnded;
  private final CompletableFuture<JsonNode> end;
  private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);

  private LongPoll(Connection connection, String path, Predicate<JsonNode> hasEnded) {
    this.connection = connection;
    this.path = path;
    this.hasEnded = hasEnded;
    this.end = connection.untilClosed(new CompletableFuture<>());
  }

  /**
   * Begins to wait.
   *
   * @param hasEnded sees each answer, and says whether it is the last
   * @return the last answer, or why there is none
   */
  static CompletableFuture<JsonNode> begin(
      Connection connection, String path, Predicate<JsonNode> hasEnded) {
    LongPoll poll = new LongPoll(connection, path, hasEnded);
    poll.ask();
    return poll.end;
  }

  private void ask() {
    long asked = System.nanoTime();
    connection
        .get(path + "?wait=" + HELD.toSeconds() + "s", HELD)
        .whenComplete(
            (answer, error) -> {
              try {
                take(answer, error, Duration.ofNanos(System.nanoTime() - asked));
              } catch (RuntimeException e) {
                end.completeExceptionally(e);
              }
            });
  }

  private void take(JsonNode answer, Throwable error, Duration taken) {
    if (error != null) {
      end.completeExceptionally(Connection.unwrapped(error));
    } else if (hasEnded.test(answer)) {
      end.complete(answer);
    } else if (taken.compareTo(NOT_HELD) >= 0) {
      ask();
    } else {
      connection.later(backoff.next(), this::ask);
    }
  }
}
