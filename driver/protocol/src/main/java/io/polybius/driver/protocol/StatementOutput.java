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
   * @param displayId the name by which it can be changed later, empty if it cannot
   */
  record Display(MimeBundle bundle, String displayId) implements StatementOutput {
    /** Something that is not changed later. */
    public Display(MimeBundle bundle) {
      this(bundle, "");
    }
  }

  /**
   * Takes the place of what was displayed under that name, by this statement or one before it.
   *
   * @param bundle every form that the driver can make of it
   * @param displayId the name that it was displayed by
   */
  record DisplayUpdate(MimeBundle bundle, String displayId) implements StatementOutput {}

  /**
   * Takes back what the statement has put out so far.
   *
   * @param later whether it stays to be seen until something new comes
   */
  record Clear(boolean later) implements StatementOutput {}

  /**
   * Something to read beside the statements' output, such as the help on a name.
   *
   * @param bundle every form that the driver can make of it
   */
  record Page(MimeBundle bundle) implements StatementOutput {}

  /**
   * Text for the user's next statement.
   *
   * @param text the text
   * @param replace whether it takes the place of this statement's own
   */
  record NextInput(String text, boolean replace) implements StatementOutput {}
}
