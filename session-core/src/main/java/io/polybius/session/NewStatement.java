package io.polybius.session;

import io.polybius.driver.protocol.ExecuteOptions;

/**
 * A statement to run.
 *
 * @param kind its language
 * @param code the user's text
 * @param origin who sent it
 * @param hidden whether it is kept out of the history and of other clients' sight; such a statement
 *     gets a negative id
 * @param stopOnError whether its failure cancels the waiting statements of the same client
 * @param mayWaitForStart whether it can be sent before the driver is up
 * @param options what is wanted of the driver besides
 */
public record NewStatement(
    Kind kind,
    String code,
    Origin origin,
    boolean hidden,
    boolean stopOnError,
    boolean mayWaitForStart,
    ExecuteOptions options) {

  /** A statement of which nothing is wanted but that it runs. */
  public NewStatement(
      Kind kind,
      String code,
      Origin origin,
      boolean hidden,
      boolean stopOnError,
      boolean mayWaitForStart) {
    this(kind, code, origin, hidden, stopOnError, mayWaitForStart, ExecuteOptions.PLAIN);
  }
}
