package io.polybius.session;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Where a job is in its life; the names, which clients see as they are, and their order are Livy's.
 */
public enum JobState {
  /** It has come, and nothing has been done with it. */
  SENT,
  /** It waits for the session's driver to be up. */
  QUEUED,
  /** The driver has it. */
  STARTED,
  /** It was stopped, or never ran. */
  CANCELLED,
  /** It has ended in an error, or its driver is gone. */
  FAILED,
  /** It has ended well. */
  SUCCEEDED;

  private static final Map<JobState, Set<JobState>> MOVES = new EnumMap<>(JobState.class);

  static {
    MOVES.put(SENT, EnumSet.of(QUEUED, STARTED));
    MOVES.put(QUEUED, EnumSet.of(STARTED, CANCELLED, FAILED));
    MOVES.put(STARTED, EnumSet.of(CANCELLED, FAILED, SUCCEEDED));
    MOVES.put(CANCELLED, EnumSet.noneOf(JobState.class));
    MOVES.put(FAILED, EnumSet.noneOf(JobState.class));
    MOVES.put(SUCCEEDED, EnumSet.noneOf(JobState.class));
  }

  /** Returns whether a job may go from this state to {@code next}. */
  public boolean mayBecome(JobState next) {
    return MOVES.get(this).contains(next);
  }

  /** Returns whether a job stays in this state for ever. */
  public boolean isTerminal() {
    return MOVES.get(this).isEmpty();
  }
}
