package io.polybius.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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

  /** After so many tasks in a row, the other mailboxes of the pool get their turn. */
  private static final int TASKS_AT_A_TIME = 100;

  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Executor pool;
  private final String name;

  /**
   * @param name put into the log's MDC as {@code session} while a task runs
   * @param pool runs the tasks; once it takes no more, they run on the thread that gives them
   */
  Mailbox(String name, Executor pool) {
    this.name = name;
    this.pool = pool;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (waiting.getAndIncrement() == 0 && !handedToPool()) {
      runTasks();
    }
  }

  private boolean handedToPool() {
    try {
      pool.execute(this::runTasks);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private void runTasks() {
    MDC.put("session", name);
    try {
      for (int done = 1; true; done++) {
        try {
          tasks.remove().run();
        } catch (RuntimeException | Error e) {
          log.error("a task of session {} failed", name, e);
        }
        if (waiting.decrementAndGet() == 0) {
          return;
        }
        if (done % TASKS_AT_A_TIME == 0 && handedToPool()) {
          return;
        }
      }
    } finally {
      MDC.remove("session");
    }
  }
}
