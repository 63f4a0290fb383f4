package io.polybius.client;

/** The server cannot be reached, or the connection to it was cut. */
public final class ServerUnreachableException extends PolybiusException {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public ServerUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
