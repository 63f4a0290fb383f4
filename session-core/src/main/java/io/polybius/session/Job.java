package io.polybius.session;

import java.util.Optional;

/**
 * A compiled job as it was at one moment. What it returns is not a part of it, because that may be
 * large: {@link JobReport} has it.
 *
 * @param id counts from 1 in its session, never used twice
 * @param kind its language: {@link Kind#SPARK} or {@link Kind#PYSPARK}
 * @param state where it was in its life
 * @param error why it has failed, with a stack trace if that was in the job; only if it has
 * @param tasks how far its Spark jobs were
 * @param submittedMillis epoch milliseconds
 * @param startedMillis epoch milliseconds, 0 before the driver had it
 * @param completedMillis epoch milliseconds, 0 before it ended
 */
public record Job(
    int id,
    Kind kind,
    JobState state,
    Optional<String> error,
    TaskProgress tasks,
    long submittedMillis,
    long startedMillis,
    long completedMillis) {

  static Job sent(int id, Kind kind, long nowMillis) {
    return new Job(id, kind, JobState.SENT, Optional.empty(), TaskProgress.NONE, nowMillis, 0, 0);
  }

  /** Returns the share of its work that was done, from 0.0 to 1.0, as far as that is known. */
  public double progress() {
    return state.isTerminal() ? 1.0 : tasks.share();
  }

  /** Returns the job as an earlier server has left it. */
  Job restored(Journal.Change.JobMoved change) {
    return new Job(
        id,
        kind,
        change.state(),
        change.error(),
        change.tasks(),
        submittedMillis,
        change.startedMillis(),
        change.completedMillis());
  }

  Job queued() {
    return in(JobState.QUEUED, Optional.empty(), startedMillis, completedMillis);
  }

  Job started(long nowMillis) {
    return in(JobState.STARTED, Optional.empty(), nowMillis, completedMillis);
  }

  Job succeeded(long nowMillis) {
    return in(JobState.SUCCEEDED, Optional.empty(), startedMillis, nowMillis);
  }

  Job failed(String why, long nowMillis) {
    return in(JobState.FAILED, Optional.of(why), startedMillis, nowMillis);
  }

  Job cancelled(long nowMillis) {
    return in(JobState.CANCELLED, Optional.empty(), startedMillis, nowMillis);
  }

  Job progressed(TaskProgress now) {
    return new Job(id, kind, state, error, now, submittedMillis, startedMillis, completedMillis);
  }

  private Job in(JobState next, Optional<String> why, long started, long completed) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("a job cannot go from " + state + " to " + next);
    }
    return new Job(id, kind, next, why, tasks, submittedMillis, started, completed);
  }
}
