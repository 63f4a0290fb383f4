package io.polybius.session;

/** A request to the session core that cannot be served. The message is for the user. */
public final class SessionException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final ErrorCode code;

  /** Makes one with a message for the user. */
  public SessionException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /** Returns what those are told whom the server can no longer serve because it ends. */
  public static SessionException shuttingDown() {
    return new SessionException(ErrorCode.SHUTTING_DOWN, "The server is shutting down.");
  }

  /** Returns what Livy says to those who want something of a session that is over. */
  static SessionException notActive() {
    return new SessionException(ErrorCode.NOT_ACTIVE, "requirement failed: Session isn't active.");
  }

  static SessionException statementNotFound() {
    return new SessionException(ErrorCode.STATEMENT_NOT_FOUND, "Statement not found");
  }

  static SessionException jobNotFound(int id) {
    return new SessionException(ErrorCode.JOB_NOT_FOUND, "Job " + id + " not found.");
  }

  /** Returns what kind of error it is. */
  public ErrorCode code() {
    return code;
  }
}
