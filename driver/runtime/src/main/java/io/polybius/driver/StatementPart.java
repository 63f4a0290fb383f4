package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.Completeness;
import io.polybius.magic.Magics;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of a statement that goes either to the magics or to the interpreter.
 *
 * @param magic whether it is a magic: one line, or a whole cell
 * @param start where it begins in the statement
 * @param text the lines
 */
record StatementPart(boolean magic, int start, String text) {

  private static final String CELL_MAGIC = "%%";

  /**
   * Takes a statement apart. A line that looks like a magic but stands within an unfinished
   * statement of the language, such as a text of several lines, belongs to that statement.
   */
  static List<StatementPart> split(String code, Interpreter interpreter) {
    if (code.startsWith(CELL_MAGIC)) {
      return List.of(new StatementPart(true, 0, code));
    }
    List<StatementPart> parts = new ArrayList<>();
    int textStart = 0;
    int lineStart = 0;
    for (String line : code.split("\n", -1)) {
      int next = lineStart + line.length() + 1;
      if (Magics.isMagic(line) && isWhole(code.substring(textStart, lineStart), interpreter)) {
        addText(parts, code, textStart, lineStart);
        parts.add(new StatementPart(true, lineStart, line));
        textStart = next;
      }
      lineStart = next;
    }
    addText(parts, code, textStart, lineStart);
    return parts;
  }

  private static boolean isWhole(String text, Interpreter interpreter) {
    return text.isBlank()
        || interpreter.completeness(0, text).completeness() != Completeness.INCOMPLETE;
  }

  /** Adds lines, if there is something in them; {@code end} is where the next line would begin. */
  private static void addText(List<StatementPart> parts, String code, int start, int end) {
    if (start < end && !code.substring(start, end - 1).isBlank()) {
      parts.add(new StatementPart(false, start, code.substring(start, end - 1)));
    }
  }

  /** Returns where it ends in the statement. */
  int end() {
    return start + text.length();
  }
}
