package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.StatementError;

/** A statement did not end well; carries what its user is told. */
public final class StatementException extends Exception {

  private static final long serialVersionUID = 1;

  private final transient StatementError error;

  /** Makes one that carries an error. */
  public StatementException(StatementError error) {
    super(error.name() + ": " + error.message());
    this.error = error;
  }

  /** Returns what the user is told. */
  public StatementError error() {
    return error;
  }
}
