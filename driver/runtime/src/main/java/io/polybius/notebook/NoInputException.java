package io.polybius.notebook;

/** There is no input: nobody can be asked for it, or the user has ended it. */
public final class NoInputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Makes one that says why. */
  public NoInputException(String message) {
    super(message);
  }
}
