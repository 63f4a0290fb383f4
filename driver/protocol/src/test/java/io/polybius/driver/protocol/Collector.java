package io.polybius.driver.protocol;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Keeps what comes over a link. */
final class Collector<R> implements DriverConnection.Receiver<R> {

  private final List<R> received = new ArrayList<>();
  private final CompletableFuture<String> closed = new CompletableFuture<>();
  private final Consumer<R> also;
  private int timesClosed;
  private boolean inside;

  Collector() {
    this(message -> {});
  }

  /** Makes one that does something else with each message, on the link's thread. */
  Collector(Consumer<R> also) {
    this.also = also;
  }

  @Override
  public void received(long sequence, R message) {
    synchronized (this) {
      if (inside || timesClosed > 0) {
        throw new AssertionError("calls overlap, or come after the end");
      }
      inside = true;
      received.add(message);
    }
    also.accept(message);
    synchronized (this) {
      inside = false;
    }
  }

  @Override
  public synchronized void closed(String reason) {
    timesClosed++;
    closed.complete(reason);
  }

  /** Returns what has come so far. */
  synchronized List<R> soFar() {
    return List.copyOf(received);
  }

  /** Returns how often the end was told. */
  synchronized int timesClosed() {
    return timesClosed;
  }

  private synchronized int count() {
    return received.size();
  }

  /** Waits until so many messages have come, and returns all. */
  List<R> awaitCount(int expected) {
    await().atMost(Duration.ofSeconds(15)).until(() -> count() >= expected);
    return soFar();
  }

  /** Waits until the link has ended, and returns why. */
  String awaitClosed() throws Exception {
    return closed.get(10, TimeUnit.SECONDS);
  }

  /** Returns whether the link has not ended. */
  boolean isOpen() {
    return !closed.isDone();
  }
}
