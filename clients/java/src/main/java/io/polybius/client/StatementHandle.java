package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A statement that a session has. Its result comes by itself, without a thread that waits. Handles
 * may be used by any thread.
 */
public final class StatementHandle {

  private final Connection connection;
  private final String path;
  private final long id;
  private final CompletableFuture<StatementResult> result;

  /** Begins to wait for the end of a statement. */
  StatementHandle(Connection connection, String sessionPath, long id) {
    this.connection = connection;
    this.path = sessionPath + "/statements/" + id;
    this.id = id;
    this.result =
        LongPoll.begin(connection, path, StatementHandle::hasEnded).thenApply(this::resultOf);
  }

  private static boolean hasEnded(JsonNode statement) {
    String state = statement.path("state").asText();
    return state.equals("available") || state.equals("cancelled") || state.equals("error");
  }

  private StatementResult resultOf(JsonNode statement) {
    JsonNode output = statement.path("output");
    if (!output.isObject()) {
      throw new CancelledException("Statement " + id + " was cancelled.");
    }
    return new StatementResult(output);
  }

  /** Returns its number in its session. */
  public long id() {
    return id;
  }

  /**
   * Waits for its result, a day at most or as long as {@link SessionBuilder#jobTimeout} says. That
   * the code has failed is a result.
   *
   * @throws CancelledException if it was cancelled before it had a result
   * @throws TimeLimitException if it takes longer
   * @throws PolybiusException if its result cannot be had
   */
  public StatementResult get() {
    return get(connection.timeouts().end());
  }

  /**
   * Waits for its result.
   *
   * @param limit how long at most
   * @throws CancelledException if it was cancelled before it had a result
   * @throws TimeLimitException if it takes longer; it runs on
   * @throws PolybiusException if its result cannot be had
   */
  public StatementResult get(Duration limit) {
    return Connection.await(result, limit, "The end of statement " + id);
  }

  /** Returns its result as a future of its own, which fails as {@link #get()} does. */
  public CompletableFuture<StatementResult> toCompletableFuture() {
    return result.copy();
  }

  /**
   * Asks for its end. One that has ended is left alone.
   *
   * @throws PolybiusException if the server does not take it
   */
  public void cancel() {
    JsonNode unused =
        connection.await(
            connection.post(path + "/cancel", Map.of(), Connection.Repeat.ALWAYS), Duration.ZERO);
  }

  @Override
  public String toString() {
    return "statement " + id;
  }
}
