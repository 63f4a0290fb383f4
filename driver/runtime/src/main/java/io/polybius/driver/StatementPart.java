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
 * @param text the lines
 */
record StatementPart(boolean magic, String text) {

  private static final String CELL_MAGIC = "%%";

  /**
   * Takes a statement apart. A line that looks like a magic but stands within an unfinished
   * statement of the language, such as a text of several lines, belongs to that statement.
   */
  static List<StatementPart> split(String code, Interpreter interpreter) {
    if (code.startsWith(CELL_MAGIC)) {
      return List.of(new StatementPart(true, code));
    }
    List<StatementPart> parts = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (String line : code.split("\n", -1)) {
      boolean magic =
          Magics.isMagic(line)
              && (text.toString().isBlank()
                  || interpreter.completeness(0, text.toString()).completeness()
                      != Completeness.INCOMPLETE);
      if (magic) {
        addText(parts, text);
        parts.add(new StatementPart(true, line));
      } else {
        text.append(line).append('\n');
      }
    }
    addText(parts, text);
    return parts;
  }

  private static void addText(List<StatementPart> parts, StringBuilder text) {
    if (!text.toString().isBlank()) {
      parts.add(new StatementPart(false, text.substring(0, text.length() - 1)));
    }
    text.setLength(0);
  }
}
