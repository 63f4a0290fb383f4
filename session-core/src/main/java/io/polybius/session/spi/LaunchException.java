package io.polybius.session.spi;

/** A driver could not be started. The message is for the user, and says what to do. */
public final class LaunchException extends Exception {

  private static final long serialVersionUID = 1;

  /** Makes one with a message for the user. */
  public LaunchException(String message) {
    super(message);
  }

  /** Makes one with a message for the user and the cause for the server's log. */
  public LaunchException(String message, Throwable cause) {
    super(message, cause);
  }
}
