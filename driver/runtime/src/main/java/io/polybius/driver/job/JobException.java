package io.polybius.driver.job;

/** Why a job has no result. The message is for the client that has sent it. */
public final class JobException extends Exception {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public JobException(String message) {
    super(message);
  }

  /** Makes one with a cause, which the client does not see. */
  public JobException(String message, Throwable cause) {
    super(message, cause);
  }
}
