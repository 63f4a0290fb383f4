package io.polybius.magic;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is particular about some characters in JSON, HTML and text. */
final class Characters {

  /** Stands for what cannot be shown. */
  static final char REPLACEMENT = '\uFFFD';

  private static final Pattern CLUSTER = Pattern.compile("\\X");

  /** First and last code points of the ranges that a terminal shows in two columns. */
  private static final int[][] WIDE = {
    {0x1100, 0x115F},
    {0x231A, 0x231B},
    {0x2329, 0x232A},
    {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},
    {0x2614, 0x2615},
    {0x2648, 0x2653},
    {0x26A1, 0x26A1},
    {0x26BD, 0x26BE},
    {0x2705, 0x2705},
    {0x274C, 0x274C},
    {0x2753, 0x2755},
    {0x2795, 0x2797},
    {0x2B50, 0x2B50},
    {0x2B55, 0x2B55},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18CFF},
    {0x1AFF0, 0x1B2FF},
    {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF},
    {0x1F18E, 0x1F18E},
    {0x1F191, 0x1F19A},
    {0x1F1E6, 0x1F1FF},
    {0x1F200, 0x1F320},
    {0x1F32D, 0x1F64F},
    {0x1F680, 0x1F6FF},
    {0x1F7E0, 0x1F7EB},
    {0x1F90C, 0x1F9FF},
    {0x1FA70, 0x1FAFF},
    {0x20000, 0x3FFFD},
  };

  private Characters() {}

  /** Returns the text with a replacement for each half of a surrogate pair that stands alone. */
  static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        StringBuilder mended = new StringBuilder(text.length());
        text.codePoints()
            .forEach(
                point ->
                    mended.appendCodePoint(
                        point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE
                            ? REPLACEMENT
                            : point));
        return mended.toString();
      }
    }
    return text;
  }

  /** Returns how many bytes of UTF-8 a char takes; each half of a pair counts as two. */
  static int utf8Bytes(char character) {
    if (character < 0x80) {
      return 1;
    }
    return character < 0x800 || Character.isSurrogate(character) ? 2 : 3;
  }

  /** Returns how many bytes of UTF-8 a text takes. */
  static long utf8Bytes(CharSequence text) {
    return text.chars().mapToLong(character -> utf8Bytes((char) character)).sum();
  }

  /** Returns how many columns a line takes in a terminal that shows wide characters as wide. */
  static int columns(String line) {
    boolean plain = true;
    for (int i = 0; i < line.length() && plain; i++) {
      plain = line.charAt(i) < 0x300;
    }
    if (plain) {
      return line.length();
    }
    int columns = 0;
    for (Matcher cluster = CLUSTER.matcher(line); cluster.find(); ) {
      columns += clusterColumns(cluster.group());
    }
    return columns;
  }

  private static int clusterColumns(String cluster) {
    int first = cluster.codePointAt(0);
    if (isWide(first) || cluster.indexOf('\uFE0F') > 0) {
      return 2;
    }
    return switch (Character.getType(first)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
      default -> 1;
    };
  }

  private static boolean isWide(int point) {
    int low = 0;
    int high = WIDE.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (point < WIDE[middle][0]) {
        high = middle - 1;
      } else if (point > WIDE[middle][1]) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }
}
