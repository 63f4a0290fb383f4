package io.polybius.magic;

import io.polybius.magic.PlainValue.Date;
import io.polybius.magic.PlainValue.Decimal;
import io.polybius.magic.PlainValue.Floating;
import io.polybius.magic.PlainValue.LocalTimestamp;
import io.polybius.magic.PlainValue.Mapping;
import io.polybius.magic.PlainValue.Row;
import io.polybius.magic.PlainValue.Sequence;
import io.polybius.magic.PlainValue.Table;
import io.polybius.magic.PlainValue.Timestamp;
import io.polybius.magic.PlainValue.Whole;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A value as columns that a plot can use.
 *
 * @param fields the columns, no two with the same name
 * @param rows the cells; Java null where a row does not have a column
 * @param extent whether there are more rows
 * @param list whether the value is a list of single values, whose order then means something
 */
record PlotTable(List<Field> fields, List<List<PlainValue>> rows, Extent extent, boolean list) {

  /** The largest time that JavaScript knows, in milliseconds from the epoch. */
  private static final double LATEST_MILLIS = 8.64e15;

  /** Beyond this, and within its inverse, what draws the plots would fail to calculate. */
  private static final double LARGEST_NUMBER = 1e290;

  private static final int NAMED_COLUMNS = 20;

  private static final Set<String> KEYS =
      Set.of("id", "year", "quarter", "month", "week", "day", "hour");

  /** What can be measured in a column. */
  enum Scale {
    NUMBER,
    TIME,
    CATEGORY
  }

  /**
   * A column.
   *
   * @param index its place in a row
   * @param name without another of its kind
   * @param scale what its cells are
   */
  record Field(int index, String name, Scale scale) {

    /** Returns whether it looks like numbers that say which row it is, and measure nothing. */
    boolean isKey() {
      String lower = name.toLowerCase(Locale.ROOT);
      return KEYS.contains(lower) || lower.endsWith("_id") || name.endsWith("Id");
    }
  }

  /**
   * Returns the columns of a value. A map or a case class by itself has the columns {@code key} and
   * {@code value}, and a list of single values the column {@code value}.
   *
   * @param name of the value, for the error
   * @throws MagicException {@link MagicException#VALUE_ERROR} if it has no rows
   */
  static PlotTable of(String name, PlainValue value) throws MagicException {
    if (value instanceof Mapping mapping) {
      return ofEntries(mapping.entries());
    }
    if (value instanceof Row row) {
      Map<String, PlainValue> entries = new LinkedHashMap<>();
      List<String> keys = Column.keys(row.columns());
      for (int i = 0; i < keys.size(); i++) {
        entries.put(keys.get(i), row.values().get(i));
      }
      return ofEntries(entries);
    }
    if (value instanceof Sequence sequence) {
      boolean list = sequence.items().stream().noneMatch(PlotTable::isRow);
      Grid grid = Grid.ofMixed(value);
      List<Column> columns =
          grid.headings().stream()
              .map(heading -> new Column(list ? "value" : heading.name(), "void", true))
              .toList();
      return of(columns, grid, list);
    }
    if (value instanceof Table table) {
      return of(table.columns(), Grid.of(table), false);
    }
    throw new MagicException(
        MagicException.VALUE_ERROR,
        name
            + " is a single value; a plot takes a DataFrame, a list of numbers or of rows, or a map"
            + " of numbers");
  }

  private static boolean isRow(PlainValue item) {
    return item instanceof Sequence || item instanceof Mapping || item instanceof Row;
  }

  private static PlotTable ofEntries(Map<String, PlainValue> entries) {
    List<List<PlainValue>> rows = new ArrayList<>(entries.size());
    entries.forEach((key, value) -> rows.add(List.of(PlainValue.of(key), value)));
    return new PlotTable(
        List.of(
            new Field(0, "key", Scale.CATEGORY),
            new Field(1, "value", scale(rows, 1, Scale.NUMBER))),
        rows,
        Extent.WHOLE,
        false);
  }

  private static PlotTable of(List<Column> columns, Grid grid, boolean list) {
    List<String> names = Column.keys(columns);
    List<Field> fields = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      Scale ifEmpty =
          switch (grid.headings().get(i).type()) {
            case INT_TYPE, BIGINT_TYPE, DOUBLE_TYPE, DECIMAL_TYPE -> Scale.NUMBER;
            case DATE_TYPE, TIMESTAMP_TYPE -> Scale.TIME;
            default -> Scale.CATEGORY;
          };
      fields.add(new Field(i, names.get(i), scale(grid.rows(), i, ifEmpty)));
    }
    return new PlotTable(fields, grid.rows(), grid.extent(), list);
  }

  /** Returns what all cells of a column are, null aside. */
  private static Scale scale(List<List<PlainValue>> rows, int column, Scale ifEmpty) {
    boolean numbers = false;
    boolean times = false;
    for (List<PlainValue> row : rows) {
      PlainValue cell = row.get(column);
      if (cell instanceof Whole || cell instanceof Floating || cell instanceof Decimal) {
        numbers = true;
      } else if (cell instanceof Date
          || cell instanceof Timestamp
          || cell instanceof LocalTimestamp) {
        times = true;
      } else if (cell != null && !(cell instanceof PlainValue.Null)) {
        return Scale.CATEGORY;
      }
    }
    if (numbers && times) {
      return Scale.CATEGORY;
    }
    return numbers ? Scale.NUMBER : times ? Scale.TIME : ifEmpty;
  }

  /**
   * Returns the column of that name, also if only its capital letters differ.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if there is none
   */
  Field field(String name) throws MagicException {
    for (Field field : fields) {
      if (field.name.equals(name)) {
        return field;
      }
    }
    List<Field> similar =
        fields.stream().filter(field -> field.name.equalsIgnoreCase(name)).toList();
    if (similar.size() == 1) {
      return similar.get(0);
    }
    throw new MagicException(
        MagicException.USAGE_ERROR,
        "There is no column " + name + "; the columns are " + names(fields));
  }

  /** Returns the columns of a kind. */
  List<Field> fields(Scale scale) {
    return fields.stream().filter(field -> field.scale == scale).toList();
  }

  /** Returns the names of columns in one line, the first of them if there are many. */
  static String names(List<Field> fields) {
    if (fields.isEmpty()) {
      return "(none)";
    }
    String names =
        fields.stream()
            .limit(NAMED_COLUMNS)
            .map(field -> TextForm.escape(field.name))
            .collect(Collectors.joining(", "));
    int more = fields.size() - NAMED_COLUMNS;
    return more > 0 ? names + String.format(Locale.ROOT, " and %,d more", more) : names;
  }

  /** Returns the first rows. */
  PlotTable first(int count) {
    if (count >= rows.size()) {
      return this;
    }
    Extent cut = extent.truncated() ? extent : Extent.firstOf(rows.size());
    return new PlotTable(fields, rows.subList(0, count), cut, list);
  }

  /** Returns where a cell is on the scale of its column, or NaN if it is nowhere. */
  static double position(List<PlainValue> row, Field field) {
    PlainValue cell = row.get(field.index);
    if (cell instanceof Whole whole) {
      return drawable(whole.value().doubleValue());
    } else if (cell instanceof Floating floating) {
      return drawable(floating.value());
    } else if (cell instanceof Decimal decimal) {
      return drawable(decimal.value().doubleValue());
    } else if (cell instanceof Date date) {
      return millis(date.value().atStartOfDay(ZoneOffset.UTC).toInstant());
    } else if (cell instanceof Timestamp timestamp) {
      return millis(timestamp.value());
    } else if (cell instanceof LocalTimestamp timestamp) {
      return millis(timestamp.value().toInstant(ZoneOffset.UTC));
    }
    return Double.NaN;
  }

  /** Returns a cell as the name of a bar, a slice or a colour. */
  static String label(List<PlainValue> row, Field field, int maxChars) {
    PlainValue cell = row.get(field.index);
    return Characters.wellFormed(CellText.of(cell == null ? PlainValue.NULL : cell, maxChars));
  }

  private static double drawable(double number) {
    if (!(Math.abs(number) <= LARGEST_NUMBER)) {
      return Double.NaN;
    }
    return Math.abs(number) < 1 / LARGEST_NUMBER ? 0 : number;
  }

  private static double millis(Instant time) {
    double millis = time.getEpochSecond() * 1000.0 + time.getNano() / 1_000_000;
    return Math.abs(millis) <= LATEST_MILLIS ? millis : Double.NaN;
  }
}
