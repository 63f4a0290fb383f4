package io.polybius.magic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import io.polybius.magic.PlainValue.Binary;
import io.polybius.magic.PlainValue.Date;
import io.polybius.magic.PlainValue.Decimal;
import io.polybius.magic.PlainValue.Floating;
import io.polybius.magic.PlainValue.LocalTimestamp;
import io.polybius.magic.PlainValue.Mapping;
import io.polybius.magic.PlainValue.Row;
import io.polybius.magic.PlainValue.Sequence;
import io.polybius.magic.PlainValue.Table;
import io.polybius.magic.PlainValue.Text;
import io.polybius.magic.PlainValue.Timestamp;
import io.polybius.magic.PlainValue.Truth;
import io.polybius.magic.PlainValue.Whole;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.List;
import java.util.Locale;

/**
 * Values as JSON: objects for maps and the rows of tables, arrays for sequences, exact digits for
 * numbers, ISO 8601 for dates, base64 for bytes, and the texts {@code "NaN"}, {@code "Infinity"}
 * and {@code "-Infinity"} for the numbers that JSON lacks, as Spark's own JSON has them.
 */
public final class JsonForm {

  /** What a {@link Row} becomes. */
  enum Rows {
    /** {@code {"values": [...], "schema": [...]}}, as clients of Livy know a row by itself. */
    VALUES_AND_SCHEMA,
    /** {@code {"name": value}}, as fits in a table. */
    OBJECTS
  }

  // A row takes two levels of JSON for one of its own. Readers commonly stop at 1,000.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamWriteConstraints(
              StreamWriteConstraints.builder()
                  .maxNestingDepth(2 * PlainValue.MAX_DEPTH + 10)
                  .build())
          .build();

  private JsonForm() {}

  /**
   * A value as JSON, and what of it is in there.
   *
   * @param text a JSON value
   * @param shown the value, perhaps with fewer rows
   */
  public record Encoded(String text, PlainValue shown) {}

  /**
   * A JSON array.
   *
   * @param text the whole array
   * @param count how many elements it has
   */
  record Array(String text, int count) {}

  /** Writes one of the elements of an array. */
  interface Element {
    /** Writes the element of that index. */
    void write(JsonGenerator json, int index) throws IOException;
  }

  private interface Body {
    void write(JsonGenerator json) throws IOException;
  }

  /**
   * Returns a value as JSON in one line. Rows of a table that do not fit are left out; any other
   * value is written whole or not at all.
   *
   * @param value any value
   * @param maxBytes how long the text may be in UTF-8 bytes
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is too much
   */
  public static Encoded of(PlainValue value, long maxBytes) throws MagicException {
    if (value instanceof Table table) {
      List<String> keys = Column.keys(table.columns());
      Array rows =
          array(
              table.rows().size(),
              (json, index) -> writeObject(json, keys, table.rows().get(index)),
              maxBytes,
              true);
      return new Encoded(rows.text(), first(table, rows.count()));
    }
    try {
      return new Encoded(
          encode(json -> write(json, value, Rows.VALUES_AND_SCHEMA), maxBytes), value);
    } catch (TooLong e) {
      throw tooLong(maxBytes);
    }
  }

  private static Table first(Table table, int count) {
    int held = table.rows().size();
    if (count == held) {
      return table;
    }
    return new Table(
        table.columns(),
        table.rows().subList(0, count),
        table.extent().truncated() ? table.extent() : Extent.firstOf(held));
  }

  /**
   * Returns an array.
   *
   * @param size how many elements there are
   * @param element writes them
   * @param maxBytes how long the array may be in UTF-8 bytes
   * @param mayBeCut whether to leave out elements at the end (but not all of them) if it gets
   *     longer
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is too much
   */
  static Array array(int size, Element element, long maxBytes, boolean mayBeCut)
      throws MagicException {
    StringBuilder text = new StringBuilder("[");
    long room = maxBytes - 2;
    for (int i = 0; i < size; i++) {
      int index = i;
      try {
        String next = encode(json -> element.write(json, index), room - 1);
        text.append(i == 0 ? "" : ",").append(next);
        room -= Characters.utf8Bytes(next) + 1;
      } catch (TooLong e) {
        if (!mayBeCut || i == 0) {
          throw tooLong(maxBytes);
        }
        return new Array(text.append(']').toString(), i);
      }
    }
    return new Array(text.append(']').toString(), size);
  }

  /**
   * Returns a value as JSON for the eye: several lines, and a note in place of what is too much.
   *
   * @param value any value
   * @param maxChars where to stop
   */
  static String pretty(PlainValue value, int maxChars) throws MagicException {
    HeadWriter head = new HeadWriter(maxChars);
    try (JsonGenerator json = FACTORY.createGenerator(head)) {
      json.setPrettyPrinter(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
              .withObjectIndenter(new DefaultIndenter("  ", "\n")));
      write(json, value, Rows.VALUES_AND_SCHEMA);
    } catch (StreamConstraintsException e) {
      throw tooDeep();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return head.result();
  }

  /** Returns what writes values as JSON, of any length. */
  static JsonGenerator generator(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /** Returns a value that stands in a table as JSON in one line, however long that gets. */
  static String nested(PlainValue value) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      write(json, value, Rows.OBJECTS);
    }
    return text.toString();
  }

  /** Returns the error for a value that is nested more deeply than JSON readers follow. */
  static MagicException tooDeep() {
    return new MagicException(MagicException.VALUE_ERROR, "the value is nested too deeply");
  }

  private static MagicException tooLong(long maxBytes) {
    return new MagicException(
        MagicException.VALUE_ERROR,
        String.format(
            Locale.ROOT,
            "the value takes more than %,d bytes as JSON; ask for fewer rows",
            maxBytes));
  }

  private static String encode(Body body, long maxBytes) throws MagicException, TooLong {
    BoundedWriter writer = new BoundedWriter(maxBytes);
    try (JsonGenerator json = FACTORY.createGenerator(writer)) {
      body.write(json);
    } catch (StreamConstraintsException e) {
      throw tooDeep();
    } catch (TooLong e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return writer.text.toString();
  }

  /** Writes a value, rows by themselves as {@code rows} says. */
  static void write(JsonGenerator json, PlainValue value, Rows rows) throws IOException {
    if (value instanceof PlainValue.Null) {
      json.writeNull();
    } else if (value instanceof Truth truth) {
      json.writeBoolean(truth.value());
    } else if (value instanceof Whole whole) {
      json.writeNumber(whole.value());
    } else if (value instanceof Floating floating) {
      writeFloating(json, floating.value());
    } else if (value instanceof Decimal decimal) {
      json.writeNumber(CellText.decimal(decimal.value()));
    } else if (value instanceof Text text) {
      json.writeString(Characters.wellFormed(text.value()));
    } else if (value instanceof Date date) {
      json.writeString(date.value().toString());
    } else if (value instanceof Timestamp timestamp) {
      json.writeString(timestamp.value().toString());
    } else if (value instanceof LocalTimestamp timestamp) {
      json.writeString(CellText.localTimestamp(timestamp));
    } else if (value instanceof Binary binary) {
      json.writeBinary(binary.value());
    } else if (value instanceof Sequence sequence) {
      writeArray(json, sequence.items(), rows);
    } else if (value instanceof Mapping mapping) {
      json.writeStartObject();
      for (var entry : mapping.entries().entrySet()) {
        json.writeFieldName(Characters.wellFormed(entry.getKey()));
        write(json, entry.getValue(), rows);
      }
      json.writeEndObject();
    } else if (value instanceof Row row) {
      writeRow(json, row, rows);
    } else if (value instanceof Table table) {
      List<String> keys = Column.keys(table.columns());
      json.writeStartArray();
      for (List<PlainValue> row : table.rows()) {
        writeObject(json, keys, row);
      }
      json.writeEndArray();
    }
  }

  private static void writeFloating(JsonGenerator json, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumber(value);
    } else {
      json.writeString(Double.toString(value));
    }
  }

  private static void writeArray(JsonGenerator json, List<PlainValue> values, Rows rows)
      throws IOException {
    json.writeStartArray();
    for (PlainValue value : values) {
      write(json, value, rows);
    }
    json.writeEndArray();
  }

  /** Writes a row of a table. */
  static void writeObject(JsonGenerator json, List<String> keys, List<PlainValue> values)
      throws IOException {
    json.writeStartObject();
    for (int i = 0; i < keys.size(); i++) {
      json.writeFieldName(Characters.wellFormed(keys.get(i)));
      write(json, values.get(i), Rows.OBJECTS);
    }
    json.writeEndObject();
  }

  private static void writeRow(JsonGenerator json, Row row, Rows rows) throws IOException {
    if (rows == Rows.OBJECTS) {
      writeObject(json, Column.keys(row.columns()), row.values());
      return;
    }
    json.writeStartObject();
    json.writeFieldName("values");
    writeArray(json, row.values(), rows);
    json.writeArrayFieldStart("schema");
    for (Column column : row.columns()) {
      writeField(json, column, "dataType");
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /**
   * Writes a field of a schema.
   *
   * @param typeName what its type is called
   */
  static void writeField(JsonGenerator json, Column column, String typeName) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", Characters.wellFormed(column.name()));
    json.writeFieldName(typeName);
    if (column.isNested()) {
      json.writeRawValue(column.type());
    } else {
      json.writeString(column.type());
    }
    json.writeBooleanField("nullable", column.nullable());
    json.writeObjectFieldStart("metadata");
    json.writeEndObject();
    json.writeEndObject();
  }

  /** There is more text than allowed. */
  private static final class TooLong extends IOException {}

  /** Keeps what is written, up to a number of bytes. */
  private static final class BoundedWriter extends Writer {

    private final StringBuilder text = new StringBuilder();
    private long room;

    BoundedWriter(long maxBytes) {
      room = maxBytes;
    }

    @Override
    public void write(char[] chars, int offset, int length) throws IOException {
      for (int i = offset; i < offset + length; i++) {
        room -= Characters.utf8Bytes(chars[i]);
      }
      if (room < 0) {
        throw new TooLong();
      }
      text.append(chars, offset, length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** Keeps the beginning of what is written and counts the rest. */
  private static final class HeadWriter extends Writer {

    private final StringBuilder text = new StringBuilder();
    private final int maxChars;
    private long charsLeftOut;

    HeadWriter(int maxChars) {
      this.maxChars = maxChars;
    }

    String result() {
      if (charsLeftOut == 0) {
        return text.toString();
      }
      int end = text.length();
      if (Character.isHighSurrogate(text.charAt(end - 1))) {
        end--;
      }
      return text.substring(0, end)
          + String.format(Locale.ROOT, "\n... (%,d more characters)", charsLeftOut);
    }

    @Override
    public void write(char[] chars, int offset, int length) {
      int kept = Math.min(length, maxChars - text.length());
      text.append(chars, offset, kept);
      charsLeftOut += length - kept;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
