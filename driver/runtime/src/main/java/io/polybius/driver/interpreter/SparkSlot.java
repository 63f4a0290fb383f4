package io.polybius.driver.interpreter;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The driver's one Spark session, for the code in the REPL, which can only reach static members.
 * Spark starts on another thread while the REPL gets ready.
 */
public final class SparkSlot {

  private static final long TIMEOUT_MINUTES = 60;
  private static final CompletableFuture<Object> SESSION = new CompletableFuture<>();

  private SparkSlot() {}

  /** Puts the session in, once. */
  static void put(Object session) {
    SESSION.complete(session);
  }

  /** Lets those that wait know that there will be no session. */
  static void fail(Throwable cause) {
    SESSION.completeExceptionally(cause);
  }

  /** Returns the session, waiting for Spark to start. */
  public static Object await() throws InterruptedException, TimeoutException {
    try {
      return SESSION.get(TIMEOUT_MINUTES, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IllegalStateException("Spark did not start: " + e.getCause(), e.getCause());
    }
  }
}
