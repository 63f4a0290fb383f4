package io.polybius.driver.job;

/** A job while it runs. */
public interface JobExecution {

  /** Returns the number that the server has given it. */
  int jobId();

  /** Returns the group of its Spark jobs, by which they are cancelled and counted. */
  String jobGroup();

  /**
   * From now on the calling thread works for the job: its Spark jobs are of the job's group and of
   * its share of the cluster, and it prints for no statement. The thread that runs a job does so
   * already.
   */
  void adopt();

  /** Returns whether the job is to stop. */
  boolean isCancelled();
}
