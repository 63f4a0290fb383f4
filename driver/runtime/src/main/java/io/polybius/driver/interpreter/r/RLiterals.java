package io.polybius.driver.interpreter.r;

import io.polybius.magic.Column;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
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
      for (PlainValue entry : mapping.entries().values()) {
        entries.add(of(entry));
      }
      return named(entries, List.copyOf(mapping.entries().keySet()), "");
    } else if (value instanceof PlainValue.Row row) {
      List<String> fields = new ArrayList<>();
      for (PlainValue field : row.values()) {
        fields.add(of(field));
      }
      return named(fields, row.columns().stream().map(Column::name).toList(), "");
    } else if (value instanceof PlainValue.Table table) {
      return frame(table);
    }
    if (value instanceof PlainValue.Null) {
      return "NULL";
    } else if (value instanceof PlainValue.Binary binary) {
      return bytes(binary.value());
    } else if (value instanceof PlainValue.LocalTimestamp local) {
      return text(local.value().toString());
    }
    return vector(List.of(value));
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
      List<PlainValue> cells = table.rows().stream().map(row -> row.get(number)).toList();
      Optional<String> atomic = atomic(cells);
      columns.add(atomic.isPresent() ? atomic.get() : "I(" + list(cells) + ")");
    }
    // The function data.frame() would take some names of columns as those of its arguments.
    return named(
        columns,
        table.columns().stream().map(Column::name).toList(),
        ", row.names = c(NA_integer_, " + -table.rows().size() + "L), class = \"data.frame\"");
  }

  private static String named(List<String> values, List<String> names, String more) {
    return "structure(list("
        + String.join(", ", values)
        + "), names = c("
        + names.stream().map(RLiterals::text).collect(Collectors.joining(", "))
        + ")"
        + more
        + ")";
  }

  /** Returns an atomic vector if all are of one type, in which NA stands for null. */
  private static String vector(List<PlainValue> values) throws MagicException {
    Optional<String> atomic = atomic(values);
    return atomic.isPresent() ? atomic.get() : list(values);
  }

  private static String list(List<PlainValue> values) throws MagicException {
    List<String> elements = new ArrayList<>(values.size());
    for (PlainValue value : values) {
      elements.add(of(value));
    }
    return "list(" + String.join(", ", elements) + ")";
  }

  private static Optional<String> atomic(List<PlainValue> values) {
    if (all(values, PlainValue.Truth.class)) {
      return Optional.of(
          combined(values, "NA", value -> ((PlainValue.Truth) value).value() ? "TRUE" : "FALSE"));
    } else if (all(values, PlainValue.Whole.class)) {
      boolean small =
          values.stream()
              .filter(PlainValue.Whole.class::isInstance)
              .allMatch(v -> ((PlainValue.Whole) v).value().abs().compareTo(MAX_INTEGER) <= 0);
      return Optional.of(
          combined(
              values,
              small ? "NA_integer_" : "NA_real_",
              value -> ((PlainValue.Whole) value).value() + (small ? "L" : "")));
    } else if (all(values, PlainValue.Floating.class)) {
      return Optional.of(
          combined(values, "NA_real_", value -> number(((PlainValue.Floating) value).value())));
    } else if (all(values, PlainValue.Decimal.class)) {
      return Optional.of(
          combined(values, "NA_real_", value -> ((PlainValue.Decimal) value).value().toString()));
    } else if (all(values, PlainValue.Text.class)) {
      return Optional.of(
          combined(values, "NA_character_", value -> text(((PlainValue.Text) value).value())));
    } else if (all(values, PlainValue.Date.class)) {
      return Optional.of(
          "as.Date("
              + combined(
                  values,
                  "NA_character_",
                  value -> text(((PlainValue.Date) value).value().toString()))
              + ")");
    } else if (all(values, PlainValue.Timestamp.class)) {
      return Optional.of(
          "as.POSIXct("
              + combined(
                  values, "NA_real_", value -> seconds(((PlainValue.Timestamp) value).value()))
              + ", origin = \"1970-01-01\", tz = \"UTC\")");
    }
    return Optional.empty();
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

  private static String seconds(Instant time) {
    return BigDecimal.valueOf(time.getEpochSecond())
        .add(BigDecimal.valueOf(time.getNano(), 9))
        .stripTrailingZeros()
        .toPlainString();
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

  private static String text(String value) {
    StringBuilder escaped = new StringBuilder();
    value
        .codePoints()
        .forEach(
            c -> {
              if (c == '\\' || c == '"') {
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
    return '"' + escaped.toString() + '"';
  }
}
