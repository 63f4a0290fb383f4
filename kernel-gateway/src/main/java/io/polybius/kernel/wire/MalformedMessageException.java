package io.polybius.kernel.wire;

/** A message, or a part of one, that does not have the form its type asks for. */
public final class MalformedMessageException extends Exception {

  private static final long serialVersionUID = 1;

  /** Makes one that says what is wrong, without quoting the message. */
  public MalformedMessageException(String message) {
    super(message);
  }
}
