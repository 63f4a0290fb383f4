package io.polybius.driver.protocol;

import java.util.List;

/**
 * What a client wants of a statement besides having it run.
 *
 * @param richValue whether the statement's value is wanted in forms that have to be computed, such
 *     as the first rows of a DataFrame; else its text is enough
 * @param mayAskForInput whether somebody is there to answer {@link DriverEvent.InputRequested}
 * @param expressions are evaluated after the statement, if that ends well
 */
public record ExecuteOptions(
    boolean richValue, boolean mayAskForInput, List<Expression> expressions) {

  /** Nothing besides. */
  public static final ExecuteOptions PLAIN = new ExecuteOptions(false, false, List.of());

  /**
   * An expression of the statement's language.
   *
   * @param name what the client calls it
   * @param code the expression
   */
  public record Expression(String name, String code) {}

  /** Copies the list. */
  public ExecuteOptions {
    expressions = List.copyOf(expressions);
  }
}
