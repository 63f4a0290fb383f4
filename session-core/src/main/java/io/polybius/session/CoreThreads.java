package io.polybius.session;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of the sessions, or of the batches, of a server. */
final class CoreThreads implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(CoreThreads.class);
  private static final long CLOSING_SECONDS = 5;

  private final ExecutorService mailboxes;
  private final ExecutorService launches;
  private final ExecutorService disk;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * @param name what the threads are called after
   */
  CoreThreads(String name) {
    this.mailboxes = Executors.newFixedThreadPool(2, threads(name));
    this.launches = Executors.newCachedThreadPool(threads(name + "-launch"));
    this.disk = Executors.newFixedThreadPool(2, threads(name + "-disk"));
    this.timer = new ScheduledThreadPoolExecutor(1, threads(name + "-timer"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    timer.setContinueExistingPeriodicTasksAfterShutdownPolicy(false);
  }

  /** Returns the threads that work the mailboxes off. */
  ExecutorService mailboxes() {
    return mailboxes;
  }

  /**
   * Starts something, which takes a moment.
   *
   * @param tooLate is done in its place if nothing is started any more
   */
  void launch(Runnable task, Runnable tooLate) {
    try {
      launches.execute(task);
    } catch (RejectedExecutionException ended) {
      tooLate.run();
    }
  }

  /** Reads or removes uploaded files, unless the threads have ended. */
  void onDisk(Runnable task) {
    try {
      disk.execute(task);
    } catch (RejectedExecutionException ended) {
      logger.debug("nothing is done with uploaded files any more");
    }
  }

  /**
   * Runs a task, which must not take long, after a time; at once, if the timer has ended.
   *
   * @return makes it not run any more, and what it holds free
   */
  Runnable later(Duration delay, Runnable task) {
    try {
      ScheduledFuture<?> scheduled = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
      return () -> scheduled.cancel(false);
    } catch (RejectedExecutionException ended) {
      task.run();
      return () -> {};
    }
  }

  /** Runs a task, which must not take long, again and again. */
  void every(Duration interval, Runnable task) {
    ScheduledFuture<?> unused =
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                // The timer would not run it again.
                logger.error("a recurring task failed", e);
              }
            },
            interval.toMillis(),
            interval.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Starts nothing any more; what changes sessions still runs. */
  void stopStarting() {
    timer.shutdownNow();
    launches.shutdownNow();
  }

  /** Ends all threads, some seconds from now at the latest. */
  @Override
  public void close() {
    stopStarting();
    mailboxes.shutdown();
    disk.shutdown();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSING_SECONDS);
    try {
      for (ExecutorService each : List.of(timer, launches, mailboxes, disk)) {
        if (!each.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          logger.warn("some threads of the session core have not ended");
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
