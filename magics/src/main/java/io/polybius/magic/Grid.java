package io.polybius.magic;

import io.polybius.magic.PlainValue.Mapping;
import io.polybius.magic.PlainValue.Row;
import io.polybius.magic.PlainValue.Sequence;
import io.polybius.magic.PlainValue.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Any value as columns and rows, which all forms of a table share.
 *
 * <p>The columns of a {@link Table} are those of its schema, in its order. Of any other value they
 * are found by looking at it: a sequence is the rows, anything else the only row; a row that is a
 * sequence has the columns 0, 1, 2 and so on, one that is an object has a column for each key, and
 * any other row has the column 0. Numbered columns come first and in the order of their numbers,
 * the others in the order of their names.
 *
 * @param headings the columns
 * @param rows the cells, one for each column; Java null where a row does not have a column
 * @param extent whether there are more rows
 * @param mayBeCut whether leaving out rows at the end is better than showing nothing
 * @param schema the columns of a {@link Table}; nothing for any other value
 */
record Grid(
    List<Heading> headings,
    List<List<PlainValue>> rows,
    Extent extent,
    boolean mayBeCut,
    List<Column> schema) {

  /**
   * A column.
   *
   * @param name what stands above it
   * @param type of its cells
   */
  record Heading(String name, LivyType type) {}

  /** Tells the type of a cell. */
  private interface CellType {
    LivyType of(PlainValue cell) throws MagicException;

    /** Returns whether null may be in a column of any type. */
    default boolean nullFitsAnywhere() {
      return false;
    }

    /** Returns how the rules of a language tell it. */
    static CellType by(TableRules rules) {
      return new CellType() {
        @Override
        public LivyType of(PlainValue cell) throws MagicException {
          return LivyType.of(cell, rules);
        }

        @Override
        public boolean nullFitsAnywhere() {
          return rules.nullFitsAnywhere();
        }
      };
    }
  }

  /**
   * What tells columns apart.
   *
   * @param position of a column that has a number only, else -1
   * @param name of the column
   */
  private record Key(int position, String name) {

    static final Comparator<Key> ORDER =
        Comparator.comparing((Key key) -> key.position < 0)
            .thenComparingInt(Key::position)
            .thenComparing(Key::name);

    static Key numbered(int position) {
      return new Key(position, Integer.toString(position));
    }

    static Key named(String name) {
      return new Key(-1, name);
    }
  }

  /**
   * Returns the grid of a value.
   *
   * @param rules of the language that the value comes from
   * @throws MagicException {@link MagicException#TYPE_ERROR} if a column has cells of several types
   */
  static Grid of(PlainValue value, TableRules rules) throws MagicException {
    return of(value, CellType.by(rules));
  }

  /**
   * Returns the grid of a value that may have cells of several types in a column, such as null
   * beside numbers. But for a {@link Table}, the types of its columns say nothing.
   */
  static Grid ofMixed(PlainValue value) throws MagicException {
    return of(value, cell -> LivyType.STRING_TYPE);
  }

  private static Grid of(PlainValue value, CellType cellType) throws MagicException {
    if (value instanceof Table table) {
      return of(table);
    }
    if (value instanceof Sequence sequence) {
      return ofRows(sequence.items(), sequence.extent(), cellType);
    }
    return ofRows(List.of(value), Extent.WHOLE, cellType);
  }

  /** Returns the same columns with the first rows only. */
  Grid first(int count) {
    if (count == rows.size()) {
      return this;
    }
    Extent cut = extent.truncated() ? extent : Extent.firstOf(rows.size());
    return new Grid(headings, rows.subList(0, count), cut, mayBeCut, schema);
  }

  /** Returns the grid of a table. */
  static Grid of(Table table) {
    List<Heading> headings =
        table.columns().stream()
            .map(column -> new Heading(column.name(), LivyType.of(column)))
            .toList();
    return new Grid(headings, table.rows(), table.extent(), true, table.columns());
  }

  private static Grid ofRows(List<PlainValue> values, Extent extent, CellType cellType)
      throws MagicException {
    Map<Key, LivyType> types = new TreeMap<>(Key.ORDER);
    List<Map<Key, PlainValue>> cellsOfRows = new ArrayList<>(values.size());
    for (PlainValue value : values) {
      Map<Key, PlainValue> cells = cells(value);
      cellsOfRows.add(cells);
      for (Map.Entry<Key, PlainValue> cell : cells.entrySet()) {
        LivyType type = cellType.of(cell.getValue());
        LivyType before = types.putIfAbsent(cell.getKey(), type);
        if (before != null && before != type) {
          boolean nullFits = cellType.nullFitsAnywhere();
          if (nullFits && before == LivyType.NULL_TYPE) {
            types.put(cell.getKey(), type);
          } else if (!nullFits || type != LivyType.NULL_TYPE) {
            throw LivyType.differentTypes();
          }
        }
      }
    }
    List<Heading> headings = new ArrayList<>(types.size());
    types.forEach((key, type) -> headings.add(new Heading(key.name(), type)));
    List<List<PlainValue>> rows = new ArrayList<>(values.size());
    for (Map<Key, PlainValue> cells : cellsOfRows) {
      PlainValue[] row = new PlainValue[headings.size()];
      int column = 0;
      for (Key key : types.keySet()) {
        row[column++] = cells.get(key);
      }
      rows.add(Arrays.asList(row));
    }
    return new Grid(headings, rows, extent, extent.truncated(), List.of());
  }

  private static Map<Key, PlainValue> cells(PlainValue row) {
    Map<Key, PlainValue> cells = new TreeMap<>(Key.ORDER);
    if (row instanceof Sequence sequence) {
      for (int i = 0; i < sequence.items().size(); i++) {
        cells.put(Key.numbered(i), sequence.items().get(i));
      }
    } else if (row instanceof Mapping mapping) {
      mapping.entries().forEach((name, value) -> cells.put(Key.named(name), value));
    } else if (row instanceof Row fields) {
      List<String> names = Column.keys(fields.columns());
      for (int i = 0; i < names.size(); i++) {
        cells.put(Key.named(names.get(i)), fields.values().get(i));
      }
    } else {
      cells.put(Key.numbered(0), row);
    }
    return cells;
  }
}
