package io.polybius.client;

/** A job has no value, because it has thrown something or could not be run. */
public final class JobFailedException extends PolybiusException {
  private static final long serialVersionUID = 1;

  private final String driverTrace;

  /**
   * Makes one.
   *
   * @param driverTrace what the driver says of it
   */
  public JobFailedException(long jobId, String driverTrace) {
    super("Job " + jobId + " has failed: " + driverTrace.strip());
    this.driverTrace = driverTrace;
  }

  /** Returns the stack trace of what the job has thrown in the driver, or why it could not run. */
  public String driverTrace() {
    return driverTrace;
  }
}
