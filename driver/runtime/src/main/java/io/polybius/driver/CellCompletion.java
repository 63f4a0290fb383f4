package io.polybius.driver;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.magic.Magic;
import io.polybius.magic.Magics;
import java.util.List;

/**
 * Completes a cell, in which magics can stand among statements: the name of a magic from those that
 * there are, and its argument, like everything else, as the language does.
 */
final class CellCompletion {

  private CellCompletion() {}

  /**
   * Finds out how a cell could go on.
   *
   * @param cursor an offset in the code
   */
  static Completion complete(String code, int cursor, Interpreter interpreter, Magics magics) {
    // What the language cannot read becomes blank, so that the rest stays in its place.
    StringBuilder readable = new StringBuilder(code);
    for (StatementPart part : StatementPart.split(code, interpreter)) {
      if (part.magic() && part.start() < cursor && cursor <= part.end()) {
        int nameEnd = nameEnd(part);
        if (cursor <= nameEnd) {
          return magicNames(code, part, cursor, magics);
        } else if (code.substring(part.start(), cursor).contains("\n")) {
          // The lines below a cell magic are its own business.
          return Completion.none(cursor);
        }
        blank(readable, part.start(), nameEnd);
      } else if (part.magic()) {
        blank(readable, part.start(), part.end());
      }
    }
    return interpreter.complete(readable.toString(), cursor);
  }

  private static int nameEnd(StatementPart magic) {
    int length = 0;
    while (length < magic.text().length() && !Character.isWhitespace(magic.text().charAt(length))) {
      length++;
    }
    return magic.start() + length;
  }

  private static Completion magicNames(
      String code, StatementPart magic, int cursor, Magics magics) {
    int start = magic.start();
    while (start < cursor && Magics.isMagic(code.substring(start, cursor))) {
      start++;
    }
    String typed = code.substring(start, cursor);
    List<String> names =
        magics.all().stream().map(Magic::name).filter(name -> name.startsWith(typed)).toList();
    return new Completion(names, start, cursor);
  }

  private static void blank(StringBuilder text, int start, int end) {
    for (int i = start; i < end; i++) {
      if (text.charAt(i) != '\n') {
        text.setCharAt(i, ' ');
      }
    }
  }
}
