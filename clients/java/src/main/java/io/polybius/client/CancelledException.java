package io.polybius.client;

/** A job or a statement has no value, because somebody has cancelled it. */
public final class CancelledException extends PolybiusException {
  private static final long serialVersionUID = 1;

  /** Makes one. */
  public CancelledException(String message) {
    super(message);
  }
}
