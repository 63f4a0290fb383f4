package io.polybius.client;

/** What was waited for has not come in time. It may still come: the wait can be repeated. */
public final class TimeLimitException extends PolybiusException {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public TimeLimitException(String message) {
    super(message);
  }
}
