package io.polybius.magic;

/**
 * How large the result of a magic may be.
 *
 * @param maxRows rows or elements to fetch when the user names no number
 * @param maxCellChars characters of one cell that the forms for the eye show
 * @param maxBytes size of one form of a result, in UTF-8 bytes
 */
public record MagicLimits(int maxRows, int maxCellChars, long maxBytes) {

  /** 1,000 rows, 200 characters, 8 MiB. */
  public static final MagicLimits DEFAULT = new MagicLimits(1000, 200, 8 << 20);

  /** Checks that every limit leaves room for something. */
  public MagicLimits {
    if (maxRows < 1 || maxCellChars < 4 || maxBytes < 1024) {
      throw new IllegalArgumentException(
          "limits are too small: "
              + maxRows
              + " rows, "
              + maxCellChars
              + " characters, "
              + maxBytes
              + " bytes");
    }
  }
}
