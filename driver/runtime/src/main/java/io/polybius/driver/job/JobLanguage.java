package io.polybius.driver.job;

import java.time.Duration;
import java.util.Optional;

/** Runs the jobs of one kind. Each runs on a thread of its own, several at a time. */
public interface JobLanguage {

  /** Returns the kind of jobs that it runs, by canonical name. */
  String kind();

  /**
   * Runs a job, as long as it takes. What else it throws counts as thrown by the job.
   *
   * @param payload what the client has sent
   * @param job to be asked whether it is cancelled, where that takes no interrupt
   * @return what the client gets; nothing for a null of Java
   * @throws JobException if there is no result
   */
  Optional<byte[]> run(byte[] payload, JobExecution job) throws Exception;

  /**
   * Stops a job. Called again and again, from another thread, until it has stopped; its Spark jobs
   * are cancelled beside that.
   *
   * @param job which one
   * @param running its thread
   * @param elapsed since the first call for this job
   */
  void interrupt(JobExecution job, Thread running, Duration elapsed);
}
