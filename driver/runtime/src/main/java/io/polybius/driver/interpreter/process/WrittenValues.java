package io.polybius.driver.interpreter.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Values of a language's process as plain data. That process writes each as JSON: {@code null},
 * {@code true}, {@code false}, or an array of a letter for its type and its content.
 */
public final class WrittenValues {

  private static final JsonNodeFactory JSON = JsonNodeFactory.withExactBigDecimals(true);

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

  /** Writes a value so that {@code polybius_python.py} and {@link #read} can read it. */
  public static JsonNode write(PlainValue value) {
    if (value instanceof PlainValue.Truth truth) {
      return JSON.booleanNode(truth.value());
    } else if (value instanceof PlainValue.Whole whole) {
      return scalar("i", whole.value().toString());
    } else if (value instanceof PlainValue.Floating floating) {
      return scalar("f", text(floating.value()));
    } else if (value instanceof PlainValue.Decimal decimal) {
      return scalar("d", decimal.value().toString());
    } else if (value instanceof PlainValue.Text text) {
      return scalar("s", text.value());
    } else if (value instanceof PlainValue.Date date) {
      return scalar("a", date.value().toString());
    } else if (value instanceof PlainValue.Timestamp timestamp) {
      return scalar("t", timestamp.value().toString());
    } else if (value instanceof PlainValue.LocalTimestamp timestamp) {
      return scalar("l", timestamp.value().toString());
    } else if (value instanceof PlainValue.Binary binary) {
      return scalar("b", Base64.getEncoder().encodeToString(binary.value()));
    } else if (value instanceof PlainValue.Sequence sequence) {
      return sequence(sequence.items().stream().map(WrittenValues::write).toList());
    } else if (value instanceof PlainValue.Mapping mapping) {
      return mapping(List.copyOf(mapping.entries().keySet()), mapping.entries().values());
    } else if (value instanceof PlainValue.Row row) {
      return mapping(Column.keys(row.columns()), row.values());
    } else if (value instanceof PlainValue.Table table) {
      List<String> names = Column.keys(table.columns());
      return sequence(table.rows().stream().map(row -> mapping(names, row)).toList());
    }
    return JSON.nullNode();
  }

  private static JsonNode scalar(String letter, String text) {
    return JSON.arrayNode().add(letter).add(text);
  }

  private static String text(double value) {
    return Double.isNaN(value)
        ? "nan"
        : Double.isInfinite(value) ? (value > 0 ? "inf" : "-inf") : Double.toString(value);
  }

  private static JsonNode sequence(List<JsonNode> items) {
    return JSON.arrayNode().add("q").add(JSON.arrayNode().addAll(items)).add(false);
  }

  private static JsonNode mapping(List<String> names, Collection<PlainValue> values) {
    ArrayNode entries = JSON.arrayNode();
    Iterator<String> name = names.iterator();
    values.forEach(value -> entries.addArray().add(name.next()).add(write(value)));
    return JSON.arrayNode().add("m").add(entries);
  }
}
