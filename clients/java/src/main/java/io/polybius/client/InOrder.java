package io.polybius.client;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs tasks one after the other on the threads of another executor. */
final class InOrder implements Executor {

  private final Executor executor;

  // Guarded by this:
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private boolean runs;

  InOrder(Executor executor) {
    this.executor = executor;
  }

  @Override
  public synchronized void execute(Runnable task) {
    tasks.add(task);
    if (!runs) {
      runs = true;
      executor.execute(this::run);
    }
  }

  private void run() {
    Runnable task = next();
    while (task != null) {
      runListener(task);
      task = next();
    }
  }

  /** Runs a listener of the user's. Others are to hear, and it the next time, also if it throws. */
  static void runListener(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException | Error e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  private synchronized Runnable next() {
    Runnable task = tasks.poll();
    runs = task != null;
    return task;
  }
}
