package io.polybius.driver;

import io.polybius.driver.ShownTables.Frame;
import io.polybius.driver.ShownTables.InMemory;
import io.polybius.driver.ShownTables.Shown;
import io.polybius.driver.interpreter.FetchedFrame;
import io.polybius.driver.interpreter.ScalaValues;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.magic.Column;
import io.polybius.magic.JsonForm;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import io.polybius.magic.SharedName;
import io.polybius.magic.TableWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** A table from its first row to its last, in any format, of which no more than a part is held. */
sealed interface ResultTable {

  /** How long the JSON of a value can be that is no table. */
  long MAX_JSON_BYTES = 64 << 20;

  /** How much of a shared RDD can be had. */
  int MAX_ELEMENTS = 100_000;

  /** Writes all of it. Does not close the stream. */
  void write(ResultFormat format, PartStream out) throws IOException, MagicException;

  /**
   * Returns the whole of what a statement has shown.
   *
   * @throws MagicException if only a part of it is here
   */
  static ResultTable of(Shown shown) throws MagicException {
    return shown instanceof Frame frame
        ? new Distributed(frame.frame().toDF())
        : Held.of(((InMemory) shown).value());
  }

  /** Makes a table, which may take long. */
  interface Maker {
    /**
     * Makes it.
     *
     * @throws MagicException if it cannot be had
     */
    ResultTable make() throws MagicException;
  }

  /**
   * Returns a shared value.
   *
   * @throws MagicException if it is too large
   */
  static ResultTable of(SharedValue shared) throws MagicException {
    SharedValue value = ScalaValues.plainForm(shared);
    if (value instanceof SharedValue.Frame frame) {
      return new Distributed(frame.dataset().toDF());
    } else if (value instanceof SharedValue.Elements elements) {
      return new SingleValue(ScalaValues.plain(elements.rdd(), MAX_ELEMENTS));
    }
    return new SingleValue(((SharedValue.Data) value).value());
  }

  /** Returns the names under which something is shared. */
  static ResultTable of(List<SharedName> names) {
    return new Held(SharedName.table(names, List.of("name", "type", "language", "summary")));
  }

  /** Returns what writes rows as text. */
  private static TableWriter writer(ResultFormat format, PartStream out, List<Column> columns)
      throws IOException {
    return format == ResultFormat.CSV
        ? TableWriter.csv(out, columns)
        : TableWriter.json(out, columns);
  }

  /** One that Spark computes; a partition of it at a time is here. */
  record Distributed(Dataset<Row> frame) implements ResultTable {
    @Override
    public void write(ResultFormat format, PartStream out) throws IOException, MagicException {
      if (frame.isStreaming()) {
        throw new MagicException(MagicException.VALUE_ERROR, "The table of a stream has no end.");
      }
      Dataset<Row> fetched = FetchedFrame.of(frame);
      StructType schema = fetched.schema();
      if (format == ResultFormat.ARROW) {
        ArrowTable.check(schema);
        ArrowTable.write(schema, fetched.toLocalIterator(), out);
        return;
      }
      TableWriter writer = writer(format, out, ScalaValues.columns(schema));
      Iterator<Row> rows = fetched.toLocalIterator();
      while (rows.hasNext()) {
        writer.row(ScalaValues.cells(rows.next()));
      }
      writer.end();
    }
  }

  /** A value in memory that need not be a table: as JSON it is as it is. */
  record SingleValue(PlainValue value) implements ResultTable {
    @Override
    public void write(ResultFormat format, PartStream out) throws IOException, MagicException {
      if (format == ResultFormat.JSON && !(value instanceof PlainValue.Table)) {
        out.write(JsonForm.of(value, MAX_JSON_BYTES).text().getBytes(StandardCharsets.UTF_8));
      } else {
        Held.of(value).write(format, out);
      }
    }
  }

  /** One in memory. */
  record Held(PlainValue.Table table) implements ResultTable {

    static Held of(PlainValue value) throws MagicException {
      PlainValue.Table table = TableWriter.table(value);
      if (table.extent().truncated()) {
        throw new MagicException(
            MagicException.VALUE_ERROR,
            "Only the first "
                + table.rows().size()
                + " rows are here: show more of them (%table NAME ROWS), or a DataFrame of Spark.");
      }
      return new Held(table);
    }

    @Override
    public void write(ResultFormat format, PartStream out) throws IOException, MagicException {
      if (format == ResultFormat.ARROW) {
        HeldRows rows = HeldRows.of(table);
        ArrowTable.check(rows.schema());
        ArrowTable.write(rows.schema(), rows.iterator(), out);
        return;
      }
      TableWriter writer = writer(format, out, table.columns());
      for (List<PlainValue> row : table.rows()) {
        writer.row(row);
      }
      writer.end();
    }
  }
}
