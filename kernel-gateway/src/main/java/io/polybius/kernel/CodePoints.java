package io.polybius.kernel;

/** Jupyter counts places in a text in Unicode code points, Java and drivers in UTF-16 units. */
final class CodePoints {

  private CodePoints() {}

  /** Returns how many UTF-16 units are before a place; one outside the text is its nearest end. */
  static int toUtf16(String text, int codePoints) {
    if (codePoints <= 0) {
      return 0;
    }
    return codePoints >= text.codePointCount(0, text.length())
        ? text.length()
        : text.offsetByCodePoints(0, codePoints);
  }

  /** Returns how many code points are before a place; one outside the text is its nearest end. */
  static int fromUtf16(String text, int units) {
    return text.codePointCount(0, Math.max(0, Math.min(units, text.length())));
  }
}
