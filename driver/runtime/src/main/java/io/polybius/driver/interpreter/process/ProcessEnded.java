package io.polybius.driver.interpreter.process;

/** The process of a language is not there any more; the message says how it ended. */
public final class ProcessEnded extends Exception {

  private static final long serialVersionUID = 1;

  /** Makes one that says how the process ended. */
  public ProcessEnded(String message) {
    super(message);
  }
}
