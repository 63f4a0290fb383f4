package io.polybius.driver.interpreter.process;

/** The process of a language is not there any more; the message says how it ended. */
public final class ProcessEnded extends Exception {

  private static final long serialVersionUID = 1;

  private static final int SIGNALLED = 128;

  /** Returns how a process ended that has. */
  public static ProcessEnded of(Process process) {
    int code = process.exitValue();
    return new ProcessEnded(
        code > SIGNALLED
            ? "it was killed by signal " + (code - SIGNALLED)
            : "with exit code " + code);
  }

  /** Makes one that says how the process ended. */
  public ProcessEnded(String message) {
    super(message);
  }
}
