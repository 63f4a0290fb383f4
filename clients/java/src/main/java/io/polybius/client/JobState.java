package io.polybius.client;

/** Where a job is. It only moves forward. */
public enum JobState {
  /** The server has it. */
  SENT(false),
  /** It waits for the session to be ready. */
  QUEUED(false),
  /** The driver has it. */
  STARTED(false),
  /** It has returned. */
  SUCCEEDED(true),
  /** It has thrown something, or could not be run. */
  FAILED(true),
  /** Somebody has cancelled it. */
  CANCELLED(true);

  private final boolean isTerminal;

  JobState(boolean isTerminal) {
    this.isTerminal = isTerminal;
  }

  /** Returns whether it is an end. */
  public boolean isTerminal() {
    return isTerminal;
  }
}
