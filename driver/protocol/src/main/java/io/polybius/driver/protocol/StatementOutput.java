package io.polybius.driver.protocol;

/**
 * One thing that a statement put out, in the order in which its user would see it in a terminal.
 */
public sealed interface StatementOutput {

  /**
   * Text that the code printed.
   *
   * @param stream where it was printed
   * @param text one or more characters, not necessarily whole lines
   */
  record StreamText(StreamName stream, String text) implements StatementOutput {}

  /**
   * What the language's own prompt would show for a definition or an expression, such as {@code
   * res0: Int = 2} and a line feed.
   *
   * @param text one or more whole lines
   */
  record Echo(String text) implements StatementOutput {}

  /**
   * The value that the statement as a whole stands for, without the prompt's decoration. At most
   * one, and the last output of its statement.
   *
   * @param bundle every form that the driver can make of it
   */
  record Value(MimeBundle bundle) implements StatementOutput {}

  /**
   * Something shown on purpose, by a magic or a display call.
   *
   * @param bundle every form that the driver can make of it
   */
  record Display(MimeBundle bundle) implements StatementOutput {}
}
