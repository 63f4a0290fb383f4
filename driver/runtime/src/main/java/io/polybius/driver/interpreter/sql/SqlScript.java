package io.polybius.driver.interpreter.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Takes statements apart that semicolons separate. */
final class SqlScript {

  /** How a script of Spark 4 begins, perhaps with a label, which can be in backquotes. */
  private static final Pattern SCRIPT =
      Pattern.compile(
          "(?:(?:\\w+|`[^`]*`)\\s*:\\s*)?begin\\b",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CHARACTER_CLASS);

  private SqlScript() {}

  /**
   * A statement in its text.
   *
   * @param start where it begins
   * @param text without the semicolon; not blank, but perhaps nothing but comments
   */
  record Part(int start, String text) {}

  /**
   * Returns the statements; semicolons in texts, names and comments separate nothing. One that
   * begins with {@code BEGIN} is a script, whose own statements end with semicolons; which END is
   * its last is Spark's to say, so it goes on to the end of the code.
   */
  static List<Part> split(String code) {
    List<Part> parts = new ArrayList<>();
    int start = 0;
    int at = 0;
    boolean isScript = isScript(code, 0);
    while (at < code.length() && !isScript) {
      if (code.charAt(at) == ';') {
        add(parts, code, start, at);
        start = at + 1;
        at++;
        isScript = isScript(code, start);
      } else {
        at = endOfToken(code, at);
      }
    }
    add(parts, code, start, code.length());
    return parts;
  }

  /** Returns whether a script begins at a place, or behind comments there. */
  private static boolean isScript(String code, int from) {
    int at = from;
    while (at < code.length() && (isComment(code, at) || Character.isWhitespace(code.charAt(at)))) {
      at = endOfToken(code, at);
    }
    return at < code.length() && SCRIPT.matcher(code).region(at, code.length()).lookingAt();
  }

  /** Returns the statement in which an offset is, or at whose end. */
  static String statementAt(String code, int offset) {
    String found = "";
    for (Part part : split(code)) {
      if (part.start() <= offset) {
        found = part.text();
      }
    }
    return found;
  }

  /** Returns a statement with blanks in place of its texts and comments. */
  static String withoutTexts(String code) {
    StringBuilder plain = new StringBuilder(code);
    int at = 0;
    while (at < code.length()) {
      int end = Math.min(endOfToken(code, at), code.length());
      if (end - at > 1 && code.charAt(at) != '`') {
        plain.replace(at, end, " ".repeat(end - at));
      }
      at = end;
    }
    return plain.toString();
  }

  /** Returns whether there is anything but comments and semicolons. */
  static boolean isBlank(String code) {
    int at = 0;
    while (at < code.length()) {
      char next = code.charAt(at);
      int end = endOfToken(code, at);
      if (!isComment(code, at) && next != ';' && !Character.isWhitespace(next)) {
        return false;
      }
      at = end;
    }
    return true;
  }

  /** Returns whether a text, a name in backquotes or a comment is begun and not ended. */
  static boolean isOpen(String code) {
    int at = 0;
    while (at < code.length()) {
      int end = endOfToken(code, at);
      if (end > code.length()) {
        return true;
      }
      at = end;
    }
    return false;
  }

  private static void add(List<Part> parts, String code, int start, int end) {
    String text = code.substring(start, Math.min(end, code.length()));
    if (!text.isBlank()) {
      parts.add(new Part(start, text));
    }
  }

  private static boolean isComment(String code, int at) {
    return code.startsWith("--", at) || code.startsWith("/*", at);
  }

  /** Returns where what begins there ends; beyond the end of the code if it does not. */
  private static int endOfToken(String code, int at) {
    char first = code.charAt(at);
    if (first == '\'' || first == '"' || first == '`') {
      return endOfQuoted(code, at + 1, first);
    } else if (code.startsWith("--", at)) {
      int lineEnd = code.indexOf('\n', at);
      return lineEnd < 0 ? code.length() : lineEnd;
    } else if (code.startsWith("/*", at)) {
      return endOfComment(code, at + 2);
    }
    return at + 1;
  }

  private static int endOfQuoted(String code, int from, char quote) {
    for (int i = from; i < code.length(); i++) {
      char next = code.charAt(i);
      if (next == '\\' && quote != '`') {
        i++;
      } else if (next == quote) {
        return i + 1;
      }
    }
    return code.length() + 1;
  }

  /** Comments stand within each other. */
  private static int endOfComment(String code, int from) {
    int depth = 1;
    int at = from;
    while (at < code.length()) {
      if (code.startsWith("*/", at)) {
        at += 2;
        depth--;
        if (depth == 0) {
          return at;
        }
      } else if (code.startsWith("/*", at)) {
        at += 2;
        depth++;
      } else {
        at++;
      }
    }
    return code.length() + 1;
  }
}
