package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** A table for the eye: what an expression shows whose value is a DataFrame, and {@code %table}. */
public final class TableDisplay {

  /** How many rows are shown unless somebody asks for another number, as Spark's show() does. */
  public static final int ROWS = 20;

  // Notebooks keep these forms in their files, so they get less room than what programs read.
  private static final int HTML_SHARE = 4;
  private static final int TEXT_SHARE = 8;

  private TableDisplay() {}

  /**
   * Returns the table as HTML with its schema, and as text.
   *
   * @param table with the rows to show; more rows than that are left out and counted
   * @param rows how many to show, {@link #ROWS} if nobody says another number
   * @param limits how large the forms may be
   */
  public static MimeBundle of(PlainValue.Table table, int rows, MagicLimits limits) {
    return add(new MimeBundle(List.of()), Grid.of(table), rows, limits);
  }

  /** Returns the bundle with these two forms of a table. */
  static MimeBundle add(MimeBundle bundle, Grid grid, int rows, MagicLimits limits) {
    int maxCellChars = limits.maxCellChars();
    return bundle
        .with(
            MimeBundle.HTML,
            HtmlForm.table(grid, rows, maxCellChars, limits.maxBytes() / HTML_SHARE))
        .with(
            MimeBundle.TEXT,
            TextForm.table(grid, rows, maxCellChars, limits.maxBytes() / TEXT_SHARE));
  }
}
