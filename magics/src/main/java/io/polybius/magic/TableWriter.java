package io.polybius.magic;

import io.polybius.magic.PlainValue.Binary;
import io.polybius.magic.PlainValue.Date;
import io.polybius.magic.PlainValue.Decimal;
import io.polybius.magic.PlainValue.Floating;
import io.polybius.magic.PlainValue.LocalTimestamp;
import io.polybius.magic.PlainValue.Text;
import io.polybius.magic.PlainValue.Timestamp;
import io.polybius.magic.PlainValue.Truth;
import io.polybius.magic.PlainValue.Whole;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Writes a table of any length for a program, row by row; keeps nothing of it. */
public interface TableWriter {

  /** Writes the next row, which has a cell for each column. */
  void row(List<PlainValue> cells) throws IOException;

  /**
   * Writes what comes after the last row. Without it, readers can see that something is missing.
   */
  void end() throws IOException;

  /** Returns one that writes comma-separated values, as RFC 4180 has them. */
  static TableWriter csv(OutputStream out, List<Column> columns) throws IOException {
    return new CsvWriter(out, columns);
  }

  /** Returns one that writes a JSON array with an object for each row, in a line of its own. */
  static TableWriter json(OutputStream out, List<Column> columns) throws IOException {
    return new JsonRowsWriter(out, columns);
  }

  /**
   * Returns a value as the table that {@code %table} makes of it. Cells of a column may have
   * several types, and only a table has columns that know their types; the others are texts.
   */
  static PlainValue.Table table(PlainValue value) throws MagicException {
    if (value instanceof PlainValue.Table table) {
      return table;
    }
    Grid grid = Grid.ofMixed(value);
    List<Column> columns =
        grid.headings().stream()
            .map(heading -> new Column(heading.name(), "string", true))
            .toList();
    List<List<PlainValue>> rows = new ArrayList<>(grid.rows().size());
    for (List<PlainValue> row : grid.rows()) {
      rows.add(row.stream().map(cell -> cell == null ? PlainValue.NULL : cell).toList());
    }
    return new PlainValue.Table(columns, rows, grid.extent());
  }

  /**
   * Returns a cell as text: numbers with all their digits, times as ISO 8601 has them, bytes in
   * base 64, and as JSON what is nested.
   *
   * @param cell anything but null
   */
  static String text(PlainValue cell) throws IOException {
    if (cell instanceof Truth truth) {
      return String.valueOf(truth.value());
    } else if (cell instanceof Whole whole) {
      return whole.value().toString();
    } else if (cell instanceof Floating floating) {
      return Double.toString(floating.value());
    } else if (cell instanceof Decimal decimal) {
      return CellText.decimal(decimal.value());
    } else if (cell instanceof Text text) {
      return Characters.wellFormed(text.value());
    } else if (cell instanceof Date date) {
      return date.value().toString();
    } else if (cell instanceof Timestamp timestamp) {
      return timestamp.value().toString();
    } else if (cell instanceof LocalTimestamp timestamp) {
      return CellText.localTimestamp(timestamp);
    } else if (cell instanceof Binary binary) {
      return Base64.getEncoder().encodeToString(binary.value());
    }
    return JsonForm.nested(cell);
  }
}
