package io.polybius.driver.job;

/**
 * The thread of one job. It inherits nothing from the thread that starts it: no properties of
 * Spark, no statement to print for, no session.
 */
final class JobThread extends Thread {

  /** Objects within objects take several frames for each when they are read and written. */
  private static final long STACK_BYTES = 16 << 20;

  /**
   * @param jobId of the job
   * @param classLoader of the classes of jars and statements
   */
  JobThread(Runnable task, int jobId, ClassLoader classLoader) {
    super(null, task, "job-" + jobId, STACK_BYTES, false);
    setDaemon(true);
    setContextClassLoader(classLoader);
  }
}
