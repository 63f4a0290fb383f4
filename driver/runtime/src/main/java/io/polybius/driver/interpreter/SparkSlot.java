package io.polybius.driver.interpreter;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The driver's one Spark session, for the code in the REPL, which can only reach static members.
 * Spark starts on another thread while the REPL gets ready.
 */
public final class SparkSlot {

  private static final long TIMEOUT_MINUTES = 60;
  private static final CompletableFuture<Void> BEGUN = new CompletableFuture<>();
  private static final CompletableFuture<Object> SESSION = new CompletableFuture<>();
  private static final AtomicReference<Long> AWAITED_SINCE = new AtomicReference<>();

  private SparkSlot() {}

  /** Says that Spark starts now. */
  static void begin() {
    BEGUN.complete(null);
  }

  /**
   * Returns how long ago somebody began to wait for Spark, and had nothing else to do before; zero
   * while nobody has.
   */
  public static Duration awaitedFor() {
    Long since = AWAITED_SINCE.get();
    return since == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
  }

  /** Puts the session in, once. */
  static void put(Object session) {
    SESSION.complete(session);
  }

  /** Lets those that wait know that there will be no session. */
  static void fail(Throwable cause) {
    begin();
    SESSION.completeExceptionally(cause);
  }

  /**
   * Returns the session, waiting for Spark to start. When that begins is for the server to say,
   * without which the whole process ends; the time limit is for what follows.
   */
  public static Object await() throws InterruptedException, TimeoutException {
    AWAITED_SINCE.compareAndSet(null, System.nanoTime());
    try {
      BEGUN.get();
      return SESSION.get(TIMEOUT_MINUTES, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IllegalStateException("Spark did not start: " + e.getCause(), e.getCause());
    }
  }
}
