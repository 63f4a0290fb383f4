package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.magic.Magics;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Describes names: those of magics by their help, all others as the language does. */
final class CellInspection {

  /** A name with question marks before or behind it, alone on its line. */
  private static final Pattern HELP =
      Pattern.compile(
          "\\s*(\\?{1,2})?\\s*(%{0,2}[^\\W\\d][\\w$]*(?:\\.[\\w$]+)*)\\s*(\\?{1,2})?\\s*",
          Pattern.UNICODE_CHARACTER_CLASS);

  private CellInspection() {}

  /**
   * Describes the name at the cursor.
   *
   * @param cursor an offset in the code
   * @param detailed whether to tell all there is
   */
  static Optional<MimeBundle> inspect(
      String code, int cursor, boolean detailed, Interpreter interpreter, Magics magics) {
    CellPlace place = CellPlace.of(code, cursor, interpreter, magics);
    if (place.magicName().isPresent()) {
      return help(place.magicName().get().text().split("\\s", 2)[0], magics);
    }
    return place.readable().flatMap(text -> interpreter.inspect(text, cursor, detailed));
  }

  /** Returns whether a line asks for help, such as {@code name?}. */
  static boolean isQuestion(String line) {
    Matcher matcher = HELP.matcher(line);
    return matcher.matches() && (matcher.group(1) == null) != (matcher.group(3) == null);
  }

  /** Returns the name that a line asks about. */
  static String nameIn(String question) {
    Matcher matcher = HELP.matcher(question);
    return matcher.matches() ? matcher.group(2) : "";
  }

  /** Answers a line that asks for help. */
  static Optional<MimeBundle> answer(String question, Interpreter interpreter, Magics magics) {
    String name = nameIn(question);
    return Magics.isMagic(name)
        ? help(name, magics)
        : interpreter.inspect(name, name.length(), question.contains("??"));
  }

  private static Optional<MimeBundle> help(String written, Magics magics) {
    String name = written.replaceFirst("^%{1,2}", "").replaceFirst("\\?{1,2}$", "");
    return magics.find(name).map(Magics::help).map(MimeBundle::text);
  }
}
