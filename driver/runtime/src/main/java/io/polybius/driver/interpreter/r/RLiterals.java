package io.polybius.driver.interpreter.r;

import io.polybius.magic.Column;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Plain data as expressions of R. */
final class RLiterals {

  /** R parses them one by one. */
  static final int MAX_ELEMENTS = 10_000;

  private static final BigInteger MAX_INTEGER = BigInteger.valueOf(Integer.MAX_VALUE);

  private RLiterals() {}

  /**
   * Returns the expression for a value: a vector for a sequence of values of one type, else a list;
   * a data frame for a table.
   *
   * @throws MagicException if it is too long
   */
  static String of(PlainValue value) throws MagicException {
    if (value instanceof PlainValue.Sequence sequence) {
      check(sequence.items().size(), sequence.extent().truncated());
      return vector(sequence.items());
    } else if (value instanceof PlainValue.Mapping mapping) {
      check(mapping.entries().size(), false);
      List<String> entries = new ArrayList<>();
      for (Map.Entry<String, PlainValue> entry : mapping.entries().entrySet()) {
        entries.add(name(entry.getKey()) + " = " + of(entry.getValue()));
      }
      return "list(" + String.join(", ", entries) + ")";
    } else if (value instanceof PlainValue.Row row) {
      List<String> fields = new ArrayList<>();
      for (int i = 0; i < row.values().size(); i++) {
        fields.add(name(row.columns().get(i).name()) + " = " + of(row.values().get(i)));
      }
      return "list(" + String.join(", ", fields) + ")";
    } else if (value instanceof PlainValue.Table table) {
      return frame(table);
    }
    return value instanceof PlainValue.Null ? "NULL" : vector(List.of(value));
  }

  private static void check(int size, boolean more) throws MagicException {
    if (more || size > MAX_ELEMENTS) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          "R takes " + MAX_ELEMENTS + " rows or elements of a shared value at most.");
    }
  }

  private static String frame(PlainValue.Table table) throws MagicException {
    check(table.rows().size(), table.extent().truncated());
    List<String> columns = new ArrayList<>();
    for (int i = 0; i < table.columns().size(); i++) {
      int number = i;
      Column column = table.columns().get(i);
      String cells = vector(table.rows().stream().map(row -> row.get(number)).toList());
      columns.add(
          name(column.name()) + " = " + (cells.startsWith("list(") ? "I(" + cells + ")" : cells));
    }
    return "data.frame("
        + String.join(", ", columns)
        + (columns.isEmpty() ? "" : ", ")
        + "check.names = FALSE, stringsAsFactors = FALSE)";
  }

  /** Returns an atomic vector if all are of one type, in which NA stands for null. */
  private static String vector(List<PlainValue> values) throws MagicException {
    if (all(values, PlainValue.Truth.class)) {
      return combined(values, "NA", value -> ((PlainValue.Truth) value).value() ? "TRUE" : "FALSE");
    } else if (all(values, PlainValue.Whole.class)) {
      boolean small =
          values.stream()
              .filter(PlainValue.Whole.class::isInstance)
              .allMatch(v -> ((PlainValue.Whole) v).value().abs().compareTo(MAX_INTEGER) <= 0);
      return combined(
          values,
          small ? "NA_integer_" : "NA_real_",
          value -> ((PlainValue.Whole) value).value() + (small ? "L" : ""));
    } else if (all(values, PlainValue.Floating.class)) {
      return combined(values, "NA_real_", value -> number(((PlainValue.Floating) value).value()));
    } else if (all(values, PlainValue.Decimal.class)) {
      return combined(values, "NA_real_", value -> ((PlainValue.Decimal) value).value().toString());
    } else if (all(values, PlainValue.Text.class)) {
      return combined(values, "NA_character_", value -> text(((PlainValue.Text) value).value()));
    } else if (all(values, PlainValue.Date.class)) {
      return "as.Date("
          + combined(
              values, "NA_character_", value -> text(((PlainValue.Date) value).value().toString()))
          + ")";
    } else if (all(values, PlainValue.Timestamp.class)) {
      return "as.POSIXct("
          + combined(
              values,
              "NA_real_",
              value -> String.valueOf(((PlainValue.Timestamp) value).value().toEpochMilli() / 1e3))
          + ", origin = \"1970-01-01\", tz = \"UTC\")";
    }
    List<String> elements = new ArrayList<>(values.size());
    for (PlainValue value : values) {
      elements.add(element(value));
    }
    return values.size() == 1 && !(values.get(0) instanceof PlainValue.Null)
        ? elements.get(0)
        : "list(" + String.join(", ", elements) + ")";
  }

  private static String element(PlainValue value) throws MagicException {
    if (value instanceof PlainValue.Binary binary) {
      return bytes(binary.value());
    } else if (value instanceof PlainValue.LocalTimestamp local) {
      return text(local.value().toString());
    }
    return of(value);
  }

  /** Returns whether all are of one type or null, and not all null. */
  private static boolean all(List<PlainValue> values, Class<? extends PlainValue> type) {
    return values.stream().allMatch(v -> type.isInstance(v) || v instanceof PlainValue.Null)
        && values.stream().anyMatch(type::isInstance);
  }

  private static String combined(
      List<PlainValue> values, String missing, Function<PlainValue, String> written) {
    String elements =
        values.stream()
            .map(value -> value instanceof PlainValue.Null ? missing : written.apply(value))
            .collect(Collectors.joining(", "));
    return values.size() == 1 ? elements : "c(" + elements + ")";
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    } else if (Double.isInfinite(value)) {
      return value > 0 ? "Inf" : "-Inf";
    }
    return String.valueOf(value);
  }

  private static String bytes(byte[] value) {
    StringBuilder hex = new StringBuilder();
    for (byte each : value) {
      hex.append(hex.isEmpty() ? "" : ", ").append("0x").append(HexFormat.of().toHexDigits(each));
    }
    return "as.raw(c(" + hex + "))";
  }

  /** A name of an argument may be any text in backquotes, but not none. */
  private static String name(String name) {
    return name.isEmpty() ? "`NA`" : "`" + escaped(name, '`') + "`";
  }

  private static String text(String value) {
    return '"' + escaped(value, '"') + '"';
  }

  private static String escaped(String text, char quote) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\\' || c == quote) {
                escaped.append('\\').appendCodePoint(c);
              } else if (c == 0) {
                // R has no such character.
                escaped.append("\\ufffd");
              } else if (c < ' ') {
                escaped.append(String.format("\\u%04x", c));
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }
}
