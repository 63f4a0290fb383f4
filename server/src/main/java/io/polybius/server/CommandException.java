package io.polybius.server;

/** A command cannot do what it was asked for. The message is for the user, and says what to do. */
final class CommandException extends Exception {

  private static final long serialVersionUID = 1;

  CommandException(String message) {
    super(message);
  }

  CommandException(String message, Throwable cause) {
    super(message, cause);
  }
}
