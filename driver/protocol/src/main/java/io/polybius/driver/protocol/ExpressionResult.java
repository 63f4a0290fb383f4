package io.polybius.driver.protocol;

/** What became of an {@link ExecuteOptions.Expression}. */
public sealed interface ExpressionResult {

  /** Returns what the client calls the expression. */
  String name();

  /**
   * It has a value.
   *
   * @param value every form that the driver can make of it
   */
  record Evaluated(String name, MimeBundle value) implements ExpressionResult {}

  /**
   * It could not be evaluated.
   *
   * @param error why
   */
  record NotEvaluated(String name, StatementError error) implements ExpressionResult {}
}
