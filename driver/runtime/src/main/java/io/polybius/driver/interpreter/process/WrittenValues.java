package io.polybius.driver.interpreter.process;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.magic.Column;
import io.polybius.magic.Extent;
import io.polybius.magic.PlainValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Values of a language's process as plain data. That process writes each as JSON: {@code null},
 * {@code true}, {@code false}, or an array of a letter for its type and its content.
 */
public final class WrittenValues {

  private WrittenValues() {}

  /** Reads a value. */
  public static PlainValue read(JsonNode value) {
    if (value.isNull()) {
      return PlainValue.NULL;
    } else if (value.isBoolean()) {
      return new PlainValue.Truth(value.booleanValue());
    }
    JsonNode content = value.path(1);
    String text = content.asText();
    return switch (value.path(0).asText()) {
      case "i" -> new PlainValue.Whole(new BigInteger(text));
      case "f" -> new PlainValue.Floating(floating(text));
      case "d" -> new PlainValue.Decimal(new BigDecimal(text));
      case "s" -> new PlainValue.Text(text);
      case "a" -> new PlainValue.Date(LocalDate.parse(text));
      case "t" -> new PlainValue.Timestamp(Instant.parse(text));
      case "l" -> new PlainValue.LocalTimestamp(LocalDateTime.parse(text));
      case "b" -> new PlainValue.Binary(Base64.getDecoder().decode(text));
      case "q" -> new PlainValue.Sequence(all(content), extent(value.path(2)));
      case "m" -> mapping(content);
      case "p" -> table(content, value.path(2), extent(value.path(3)));
      default -> throw new IllegalArgumentException("not a value: " + value.path(0));
    };
  }

  private static double floating(String text) {
    return switch (text) {
      case "nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Reads how many there are altogether if that is known, or else whether there are more. */
  private static Extent extent(JsonNode more) {
    if (more.isNumber()) {
      return Extent.firstOf(more.asLong());
    }
    return more.asBoolean() ? Extent.FIRST : Extent.WHOLE;
  }

  private static List<PlainValue> all(JsonNode items) {
    List<PlainValue> values = new ArrayList<>(items.size());
    items.forEach(item -> values.add(read(item)));
    return values;
  }

  private static PlainValue mapping(JsonNode entries) {
    Map<String, PlainValue> values = new LinkedHashMap<>();
    entries.forEach(entry -> values.put(entry.path(0).asText(), read(entry.path(1))));
    return new PlainValue.Mapping(values);
  }

  private static PlainValue table(JsonNode columns, JsonNode rows, Extent extent) {
    List<Column> schema = new ArrayList<>();
    columns.forEach(
        column -> schema.add(new Column(column.path(0).asText(), column.path(1).asText(), true)));
    List<List<PlainValue>> values = new ArrayList<>(rows.size());
    rows.forEach(row -> values.add(all(row)));
    return new PlainValue.Table(schema, values, extent);
  }
}
