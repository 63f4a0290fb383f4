package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.Completeness;
import io.polybius.magic.Magic;
import io.polybius.magic.Magics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A stretch of a statement that goes to the magics or to the interpreter.
 *
 * @param kind what it is
 * @param start where it begins in the statement
 * @param text the lines
 */
record StatementPart(Kind kind, int start, String text) {

  /** What a stretch of a statement is. */
  enum Kind {
    /** Statements of the language. */
    CODE,
    /** A magic: one line, or a whole cell. */
    MAGIC,
    /** A line that asks what a name means. */
    HELP
  }

  private static final String CELL_MAGIC = "%%";

  /**
   * Takes a statement apart. A line that looks like a magic but stands within an unfinished
   * statement of the language, such as a text of several lines, belongs to that statement; so does
   * a magic that only the language knows.
   */
  static List<StatementPart> split(String code, Interpreter interpreter, Magics magics) {
    if (code.startsWith(CELL_MAGIC) && !CellInspection.isQuestion(code)) {
      Kind kind = isOfLanguage(code, interpreter, magics) ? Kind.CODE : Kind.MAGIC;
      return List.of(new StatementPart(kind, 0, code));
    }
    List<StatementPart> parts = new ArrayList<>();
    int textStart = 0;
    int lineStart = 0;
    for (String line : code.split("\n", -1)) {
      int next = lineStart + line.length() + 1;
      boolean question = CellInspection.isQuestion(line);
      if ((question || (Magics.isMagic(line) && !isOfLanguage(line, interpreter, magics)))
          && isWhole(code.substring(textStart, lineStart), interpreter)) {
        addText(parts, code, textStart, lineStart);
        parts.add(new StatementPart(question ? Kind.HELP : Kind.MAGIC, lineStart, line));
        textStart = next;
      }
      lineStart = next;
    }
    addText(parts, code, textStart, lineStart);
    return parts;
  }

  private static boolean isOfLanguage(String text, Interpreter interpreter, Magics magics) {
    String name = Magics.nameIn(text);
    Optional<Magic> magic = magics.find(name);
    if (magic.isEmpty() && interpreter.takesUnknownMagics()) {
      return true;
    }
    return magic.map(Magic::yieldsToLanguage).orElse(true)
        && (text.startsWith(CELL_MAGIC)
            ? interpreter.hasCellMagic(name)
            : interpreter.hasMagic(name));
  }

  private static boolean isWhole(String text, Interpreter interpreter) {
    return text.isBlank()
        || interpreter.completeness(0, text).completeness() != Completeness.INCOMPLETE;
  }

  /** Adds lines, if there is something in them; {@code end} is where the next line would begin. */
  private static void addText(List<StatementPart> parts, String code, int start, int end) {
    if (start < end && !code.substring(start, end - 1).isBlank()) {
      parts.add(new StatementPart(Kind.CODE, start, code.substring(start, end - 1)));
    }
  }

  /** Returns the number of the line in which it begins, from 1. */
  int firstLine(String statement) {
    return 1 + (int) statement.substring(0, start).chars().filter(c -> c == '\n').count();
  }

  /** Returns where it ends in the statement. */
  int end() {
    return start + text.length();
  }
}
