package io.polybius.magic;

import java.util.Locale;

/** Words for how much of a value is shown. */
final class Counts {

  private Counts() {}

  /**
   * Returns for example {@code 20 of 1,234 rows}, or {@code 20 of more than 1,000 rows}.
   *
   * @param shown how many are shown
   * @param held how many the value holds
   * @param extent how many there are beyond those
   * @param unit what is counted, in the singular
   */
  static String of(int shown, int held, Extent extent, String unit) {
    if (extent.truncated() && extent.total() == Extent.UNKNOWN) {
      return String.format(Locale.ROOT, "%,d of more than %,d %ss", shown, held, unit);
    }
    long total = extent.truncated() ? extent.total() : held;
    return String.format(Locale.ROOT, "%,d of %,d %s%s", shown, total, unit, total == 1 ? "" : "s");
  }

  /** Returns for example {@code 3 rows}, or {@code more than 1,000 rows}. */
  static String all(PlainValue.Table table) {
    int held = table.rows().size();
    return (table.extent().truncated() ? "more than " : "")
        + String.format(Locale.ROOT, "%,d row%s", held, held == 1 ? "" : "s");
  }
}
