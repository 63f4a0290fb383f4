package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import io.polybius.magic.PlainValue;
import io.polybius.magic.TableDisplay;
import org.apache.spark.sql.Dataset;

/** The first rows of a DataFrame, as what an expression shows whose value it is. */
public final class TableValue {

  // Spark's own settings for what a notebook shows.
  private static final String ROWS = "spark.sql.repl.eagerEval.maxNumRows";
  private static final String CELL_CHARS = "spark.sql.repl.eagerEval.truncate";

  /** Spark cuts by default where a table still looks well in a terminal. */
  private static final int MIN_CELL_CHARS = 4;

  private TableValue() {}

  /** Returns how many rows are wanted; 0 if the table is not wanted at all. */
  public static int rows(Dataset<?> frame) {
    return setting(frame, ROWS, TableDisplay.ROWS);
  }

  /**
   * Returns the first rows if they are wanted and can be had.
   *
   * @param text what to show otherwise
   */
  public static MimeBundle of(Dataset<?> frame, String text) {
    int rows = frame.isStreaming() ? 0 : rows(frame);
    try {
      return rows > 0 ? of(frame, rows) : MimeBundle.text(text);
    } catch (MagicException e) {
      return MimeBundle.text(text);
    }
  }

  /** Fetches the rows, and returns them as a table. */
  public static MimeBundle of(Dataset<?> frame, int rows) throws MagicException {
    MagicLimits limits = MagicLimits.DEFAULT;
    int chars = setting(frame, CELL_CHARS, limits.maxCellChars());
    return TableDisplay.of(
        (PlainValue.Table) ScalaValues.plain(frame, rows),
        rows,
        new MagicLimits(
            limits.maxRows(),
            chars <= 0 ? Integer.MAX_VALUE : Math.max(chars, MIN_CELL_CHARS),
            limits.maxBytes()));
  }

  /** Returns a setting if somebody has set it. */
  private static int setting(Dataset<?> frame, String name, int otherwise) {
    scala.Option<String> value = frame.sparkSession().conf().getAll().get(name);
    try {
      return value.isDefined() ? Integer.parseInt(value.get().strip()) : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }
}
