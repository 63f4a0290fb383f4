package io.polybius.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs tasks one after the other, in the order in which they were given, on threads of a shared
 * pool. What a task writes is seen by the next. May be called from any thread.
 */
final class Mailbox implements Executor {

  private static final Logger log = LoggerFactory.getLogger(Mailbox.class);

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Executor pool;
  private final String name;

  /**
   * @param name put into the log's MDC as {@code session} while a task runs
   * @param pool runs the tasks; must accept them until the last mailbox is done
   */
  Mailbox(String name, Executor pool) {
    this.name = name;
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
    MDC.put("session", name);
    try {
      do {
        try {
          tasks.remove().run();
        } catch (RuntimeException | Error e) {
          log.error("a task of session {} failed", name, e);
        }
      } while (waiting.decrementAndGet() > 0);
    } finally {
      MDC.remove("session");
    }
  }
}
