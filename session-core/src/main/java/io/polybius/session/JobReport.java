package io.polybius.session;

import java.util.Optional;

/**
 * What a client is told of its job.
 *
 * @param job as it was then
 * @param result what it has returned, as the client opens it; belongs to the session, so is not to
 *     be changed. Empty unless the job has succeeded, and if it has returned null
 */
public record JobReport(Job job, Optional<byte[]> result) {

  /** Keeps users' data out of logs. */
  @Override
  public String toString() {
    return "JobReport[job=" + job.id() + ", state=" + job.state() + "]";
  }
}
