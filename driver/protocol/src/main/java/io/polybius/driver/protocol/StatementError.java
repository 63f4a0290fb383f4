package io.polybius.driver.protocol;

import java.util.List;

/**
 * Why a statement did not end well.
 *
 * @param origin which part of the work failed
 * @param name the class of the exception, or the name of the condition ({@code NameError})
 * @param message what went wrong, possibly of several lines, possibly empty
 * @param traceback the lines that a prompt would show after the message, without line ends
 * @param trace the lines that a notebook shows in their place: they begin at the user's own line,
 *     and count lines as his cell does; empty if no more is known than the traceback
 */
public record StatementError(
    Origin origin, String name, String message, List<String> traceback, List<String> trace) {

  /** Which part of the work failed. */
  public enum Origin {
    /** The code could not be compiled. */
    COMPILER,
    /** The code is only the beginning of a statement. */
    INCOMPLETE,
    /** The code ran and failed. */
    USER_CODE,
    /** The statement was interrupted on request. */
    INTERRUPT,
    /** A magic could not do its work. */
    MAGIC,
    /** The interpreter or the driver itself failed. */
    DRIVER
  }

  /** Copies the lists. */
  public StatementError {
    traceback = List.copyOf(traceback);
    trace = List.copyOf(trace);
  }

  /** One that has nothing to do with a place in the user's code. */
  public StatementError(Origin origin, String name, String message, List<String> traceback) {
    this(origin, name, message, traceback, List.of());
  }

  /** Returns that of a statement that was stopped, with what it did then. */
  public static StatementError interrupted(List<String> traceback, List<String> trace) {
    return new StatementError(
        Origin.INTERRUPT, "Interrupted", "The statement was interrupted.", traceback, trace);
  }

  /** Returns that of a statement that was stopped, of which no more is known. */
  public static StatementError interrupted() {
    return interrupted(List.of(), List.of());
  }
}
