package io.polybius.client;

/** The session has ended, or could not be started. */
public final class SessionEndedException extends PolybiusException {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public SessionEndedException(String message) {
    super(message);
  }
}
