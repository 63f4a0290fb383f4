package io.polybius.kernel.http;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks one after the other, in the order in which they were given, on a shared pool. */
final class InOrder implements Executor {

  private static final Logger log = LoggerFactory.getLogger(InOrder.class);

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Executor pool;

  InOrder(Executor pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (waiting.getAndIncrement() == 0) {
      pool.execute(this::drain);
    }
  }

  private void drain() {
    do {
      try {
        tasks.remove().run();
      } catch (RuntimeException e) {
        log.error("a message could not be served", e);
      }
    } while (waiting.decrementAndGet() > 0);
  }
}
