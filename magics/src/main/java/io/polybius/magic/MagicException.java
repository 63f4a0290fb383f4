package io.polybius.magic;

import io.polybius.driver.protocol.StatementError;
import java.util.List;

/** A magic could not do what it was asked. */
public final class MagicException extends Exception {

  /** Name of the error for a command that nobody knows. */
  public static final String UNKNOWN_MAGIC = "UnknownMagic";

  /** Name of the error for a command that is written wrongly. */
  public static final String USAGE_ERROR = "UsageError";

  /** Name of the error for a name without a value. */
  public static final String NAME_ERROR = "NameError";

  /** Name of the error for a value that has no such form. */
  public static final String VALUE_ERROR = "ValueError";

  /** Name of the error for rows that do not make a table. */
  public static final String TYPE_ERROR = "TypeError";

  private final StatementError error;

  /**
   * Makes one.
   *
   * @param name of the error, as clients show it before the message
   * @param message what went wrong; its first line must be enough by itself
   */
  public MagicException(String name, String message) {
    this(new StatementError(StatementError.Origin.MAGIC, name, message, List.of()));
  }

  /**
   * Makes one for the end of code that a magic has run.
   *
   * @param error in which the code has ended
   */
  public MagicException(StatementError error) {
    super(error.message());
    this.error = error;
  }

  /** Returns the error for a name that has no value. */
  public static MagicException noSuchValue(String variable) {
    return new MagicException(NAME_ERROR, "Value " + variable + " does not exist");
  }

  /** Returns the name of the error. */
  public String name() {
    return error.name();
  }

  /** Returns this as the end of a statement. */
  public StatementError toStatementError() {
    return error;
  }
}
