package io.polybius.driver;

import io.polybius.driver.StatementPart.Kind;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.magic.Magics;
import java.util.Optional;

/**
 * What stands at a place of a cell, in which magics can stand among statements.
 *
 * @param magicName the magic in whose name the place is, if it is in one
 * @param readable the cell as the language can read it, with everything in its place; empty if the
 *     place is none of the language's business
 */
record CellPlace(Optional<StatementPart> magicName, Optional<String> readable) {

  /**
   * Looks at a cell.
   *
   * @param cursor an offset in the code
   */
  static CellPlace of(String code, int cursor, Interpreter interpreter, Magics magics) {
    // What the language cannot read becomes blank.
    StringBuilder readable = new StringBuilder(code);
    for (StatementPart part : StatementPart.split(code, interpreter, magics)) {
      boolean here = part.start() < cursor && cursor <= part.end();
      if (part.kind() == Kind.MAGIC && here) {
        int nameEnd = nameEnd(part);
        if (cursor <= nameEnd) {
          return new CellPlace(Optional.of(part), Optional.empty());
        } else if (code.substring(part.start(), cursor).contains("\n")) {
          // The lines below a cell magic are its own business.
          return new CellPlace(Optional.empty(), Optional.empty());
        }
        blank(readable, part.start(), nameEnd);
      } else if (part.kind() == Kind.HELP && here) {
        for (int i = part.start(); i < part.end(); i++) {
          if (code.charAt(i) == '?') {
            readable.setCharAt(i, ' ');
          }
        }
      } else if (part.kind() != Kind.CODE) {
        blank(readable, part.start(), part.end());
      }
    }
    return new CellPlace(Optional.empty(), Optional.of(readable.toString()));
  }

  private static int nameEnd(StatementPart magic) {
    int length = 0;
    while (length < magic.text().length() && !Character.isWhitespace(magic.text().charAt(length))) {
      length++;
    }
    return magic.start() + length;
  }

  private static void blank(StringBuilder text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text.charAt(i) != '\n') {
        text.setCharAt(i, ' ');
      }
    }
  }
}
