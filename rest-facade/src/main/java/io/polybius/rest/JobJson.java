package io.polybius.rest;

import io.polybius.session.Job;

/**
 * A job as those see it who look after a session: without what it has returned, which may be large.
 *
 * @param error the first line of why it has failed; null unless it has
 * @param submitted epoch milliseconds, as the other times, which are 0 before
 */
record JobJson(
    int id,
    String kind,
    String state,
    double progress,
    String error,
    long submitted,
    long started,
    long completed) {

  private static final int MOST_CHARS = 500;

  static JobJson of(Job job) {
    return new JobJson(
        job.id(),
        job.kind().canonicalName(),
        job.state().name(),
        job.progress(),
        job.error().map(JobJson::firstLine).orElse(null),
        job.submittedMillis(),
        job.startedMillis(),
        job.completedMillis());
  }

  private static String firstLine(String text) {
    String line = text.lines().findFirst().orElse("");
    return line.length() <= MOST_CHARS ? line : line.substring(0, MOST_CHARS) + "...";
  }
}
