package io.polybius.driver.job;

/**
 * The thread of one job. It inherits nothing from the thread that starts it: no properties of
 * Spark, no statement to print for, no session.
 */
final class JobThread extends Thread {

  /** Objects within objects take several frames for each when they are read and written. */
  private static final long STACK_BYTES = 16 << 20;

  /** The threads that a job starts are in it too, unless it says otherwise. */
  private static final ThreadGroup GROUP = new ThreadGroup("jobs");

  /**
   * @param jobId of the job
   * @param classLoader of the classes of jars and statements
   */
  JobThread(Runnable task, int jobId, ClassLoader classLoader) {
    super(GROUP, task, "job-" + jobId, STACK_BYTES, false);
    setDaemon(true);
    setContextClassLoader(classLoader);
  }

  /** Returns whether a thread, which is alive, was started by a job, or is one. */
  static boolean isOfAJob(Thread thread) {
    return GROUP.parentOf(thread.getThreadGroup());
  }
}
