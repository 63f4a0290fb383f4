package io.polybius.driver.interpreter;

import java.util.Optional;

/**
 * A name in a text.
 *
 * @param text the name
 * @param end offset after it
 */
record NameAtCursor(String text, int end) {

  /**
   * Finds the name that the cursor touches, or else the one before the parenthesis in which it is.
   */
  static Optional<NameAtCursor> find(String code, int cursor) {
    int end = cursor;
    while (end < code.length() && Character.isJavaIdentifierPart(code.charAt(end))) {
      end++;
    }
    return ending(code, end).or(() -> called(code, cursor));
  }

  private static Optional<NameAtCursor> ending(String code, int end) {
    int start = end;
    while (start > 0 && Character.isJavaIdentifierPart(code.charAt(start - 1))) {
      start--;
    }
    return start < end && !Character.isDigit(code.charAt(start))
        ? Optional.of(new NameAtCursor(code.substring(start, end), end))
        : Optional.empty();
  }

  private static Optional<NameAtCursor> called(String code, int cursor) {
    int depth = 0;
    for (int i = cursor - 1; i >= 0; i--) {
      char letter = code.charAt(i);
      if (letter == ')' || letter == ']' || letter == '}') {
        depth++;
      } else if (letter == '(' || letter == '[' || letter == '{') {
        depth--;
      }
      if (depth < 0) {
        return letter == '(' ? ending(code, beforeTypes(code, i)) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** Returns the end of the name before type arguments, such as those of {@code as[Int](}. */
  private static int beforeTypes(String code, int end) {
    int start = end;
    if (start > 0 && code.charAt(start - 1) == ']') {
      int depth = 0;
      do {
        start--;
        depth += code.charAt(start) == ']' ? 1 : code.charAt(start) == '[' ? -1 : 0;
      } while (start > 0 && depth > 0);
    }
    return start;
  }
}
