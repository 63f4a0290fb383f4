package io.polybius.kernel.wire;

/** Frames that are not a message to act on. Says why, without quoting them. */
public final class WireException extends Exception {

  private static final long serialVersionUID = 1;

  /** Makes one that says why the frames are dropped. */
  public WireException(String message) {
    super(message);
  }
}
