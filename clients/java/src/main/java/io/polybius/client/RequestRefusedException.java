package io.polybius.client;

/** The server has answered a request with an error. */
public final class RequestRefusedException extends PolybiusException {
  private static final long serialVersionUID = 1;

  private final int status;

  /**
   * Makes one.
   *
   * @param status of HTTP
   */
  public RequestRefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** Returns the status of the answer, such as 404. */
  public int status() {
    return status;
  }
}
