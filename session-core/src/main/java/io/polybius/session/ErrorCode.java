package io.polybius.session;

/** Everything that can be wrong with a request to the session core. */
public enum ErrorCode {
  /** No session has that id or name. */
  SESSION_NOT_FOUND(Type.NOT_FOUND),
  /** The session has no statement of that id, or no longer. */
  STATEMENT_NOT_FOUND(Type.NOT_FOUND),
  /** The session has no job of that id, or no longer. */
  JOB_NOT_FOUND(Type.NOT_FOUND),
  /** The statement has no table, or none that can be had in that format. */
  NO_RESULT(Type.BAD_REQUEST),
  /** The statement has not ended yet. */
  RESULT_NOT_READY(Type.CONFLICT),
  /** The statement's table was there, but is no longer. */
  RESULT_GONE(Type.NOT_FOUND),
  /** Nothing is shared under that name. */
  NOT_SHARED(Type.NOT_FOUND),
  /** The statement's table could not be computed again. */
  RESULT_FAILED(Type.CONFLICT),
  /** What is to be added to a session cannot be, whatever the session does. */
  BAD_RESOURCE(Type.BAD_REQUEST),
  /** The driver could not add something to the session. */
  RESOURCE_FAILED(Type.CONFLICT),
  /** The server's disk does not take an uploaded file. */
  STAGING_FAILED(Type.UNAVAILABLE),
  /** The session's state does not allow the request. */
  WRONG_STATE(Type.CONFLICT),
  /** The session has ended, or is about to. */
  NOT_ACTIVE(Type.CONFLICT),
  /** Another session has that name. */
  DUPLICATE_NAME(Type.CONFLICT),
  /** The name cannot be a session's name. */
  BAD_NAME(Type.BAD_REQUEST),
  /** The language of a statement is unknown or missing. */
  BAD_KIND(Type.BAD_REQUEST),
  /** The code of a statement, or a job, is too large. */
  TOO_LARGE(Type.BAD_REQUEST),
  /** What is to be started is not what the operator lets users start. */
  REJECTED(Type.BAD_REQUEST),
  /** Too much is being started already. */
  TOO_MANY_STARTING(Type.UNAVAILABLE),
  /** Too much waits in a session already. */
  TOO_MANY_WAITING(Type.UNAVAILABLE),
  /** The server is stopping. */
  SHUTTING_DOWN(Type.UNAVAILABLE);

  /** Who has to do something about an error. */
  public enum Type {
    /** The request can never be right. */
    BAD_REQUEST,
    /** What it is about does not exist. */
    NOT_FOUND,
    /** It may be right at another time. */
    CONFLICT,
    /** The server cannot serve it now. */
    UNAVAILABLE
  }

  private final Type type;

  ErrorCode(Type type) {
    this.type = type;
  }

  /** Returns who has to do something about it. */
  public Type type() {
    return type;
  }
}
