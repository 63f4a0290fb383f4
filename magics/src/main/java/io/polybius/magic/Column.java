package io.polybius.magic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A column of a table, or a field of a row.
 *
 * @param name as in the schema; need not be unique
 * @param type the type as Spark's schema JSON has it: the name of an atomic type ({@code long},
 *     {@code decimal(10,2)}) or the text of a JSON object ({@code
 *     {"type":"array","elementType":"long","containsNull":true}}). What Spark's {@code
 *     DataType.json()} returns can be given as it is.
 * @param nullable whether null may occur
 */
public record Column(String name, String type, boolean nullable) {

  /** Takes the quotes off a type that is a JSON string. */
  public Column {
    if (type.length() >= 2 && type.startsWith("\"") && type.endsWith("\"")) {
      type = type.substring(1, type.length() - 1);
    }
  }

  /** Returns whether the type is a nested one, and thus the text of a JSON object. */
  boolean isNested() {
    return type.startsWith("{");
  }

  /** Returns the type as a person writes it, for example {@code array<long>}. */
  String shortType() {
    return isNested() ? NestedType.shortText(type) : type;
  }

  /**
   * Returns the names of columns as keys of an object: of equal names, those after the first get
   * {@code _2}, {@code _3} and so on.
   */
  public static List<String> keys(List<Column> columns) {
    Set<String> taken = new HashSet<>();
    columns.forEach(column -> taken.add(column.name()));
    Set<String> used = new HashSet<>();
    List<String> keys = new ArrayList<>(columns.size());
    for (Column column : columns) {
      String key = column.name();
      for (int copy = 2; !used.add(key); copy++) {
        String numbered = column.name() + "_" + copy;
        key = taken.contains(numbered) ? key : numbered;
      }
      keys.add(key);
    }
    return keys;
  }
}
