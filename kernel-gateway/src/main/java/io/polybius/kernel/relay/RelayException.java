package io.polybius.kernel.relay;

/** The relay cannot do its work. The message is a sentence for the user. */
final class RelayException extends Exception {

  private static final long serialVersionUID = 1;

  RelayException(String message) {
    super(message);
  }

  RelayException(String message, Throwable cause) {
    super(message, cause);
  }
}
