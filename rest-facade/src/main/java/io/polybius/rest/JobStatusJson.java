package io.polybius.rest;

import io.polybius.session.Job;
import io.polybius.session.JobReport;

/**
 * A job as the client sees it that has sent it. Livy's Java client fails on any field more.
 *
 * @param id counts from 1
 * @param state in Livy's capitals
 * @param result what it has returned, which becomes a text in base64; null unless it has succeeded,
 *     and if it has returned null
 * @param error why it has failed; null unless it has
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
record JobStatusJson(long id, String state, byte[] result, String error) {

  static JobStatusJson of(JobReport report) {
    return of(report.job(), report.result().orElse(null));
  }

  /** Returns a job that has just come. */
  static JobStatusJson of(Job sent) {
    return of(sent, null);
  }

  private static JobStatusJson of(Job job, byte[] result) {
    return new JobStatusJson(job.id(), job.state().name(), result, job.error().orElse(null));
  }
}
