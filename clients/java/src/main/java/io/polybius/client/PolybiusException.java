package io.polybius.client;

/** Something that was asked of a session did not work out. The message says what to do. */
public class PolybiusException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public PolybiusException(String message) {
    super(message);
  }

  /** Makes one with its cause. */
  public PolybiusException(String message, Throwable cause) {
    super(message, cause);
  }
}
