package io.polybius.magic;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of any language as plain data, immutable and complete in memory.
 *
 * <p>What each language's values become:
 *
 * <table border="1">
 *   <caption>Values of the four languages</caption>
 *   <tr><th>here</th><th>Scala</th><th>Python</th><th>R</th><th>SQL</th></tr>
 *   <tr><td>{@link Null}</td><td>{@code null}, {@code None}, {@code ()}</td><td>{@code None}</td>
 *     <td>{@code NULL}, {@code NA}</td><td>{@code NULL}</td></tr>
 *   <tr><td>{@link Truth}</td><td>{@code Boolean}</td><td>{@code bool}</td><td>logical</td>
 *     <td>{@code BOOLEAN}</td></tr>
 *   <tr><td>{@link Whole}</td><td>{@code Byte} to {@code Long}, {@code BigInt}</td>
 *     <td>{@code int}</td><td>integer</td><td>{@code TINYINT} to {@code BIGINT}</td></tr>
 *   <tr><td>{@link Floating}</td><td>{@code Float}, {@code Double}</td><td>{@code float}</td>
 *     <td>numeric</td><td>{@code FLOAT}, {@code DOUBLE}</td></tr>
 *   <tr><td>{@link Decimal}</td><td>{@code BigDecimal}</td><td>{@code Decimal}</td><td></td>
 *     <td>{@code DECIMAL}</td></tr>
 *   <tr><td>{@link Text}</td><td>{@code String}, {@code Char}, {@code Symbol}, enumerations</td>
 *     <td>{@code str}</td><td>character, factor</td><td>{@code STRING}</td></tr>
 *   <tr><td>{@link Date}</td><td>{@code java.sql.Date}, {@code LocalDate}</td><td>{@code date}</td>
 *     <td>Date</td><td>{@code DATE}</td></tr>
 *   <tr><td>{@link Timestamp}</td><td>{@code java.sql.Timestamp}, {@code Instant}</td>
 *     <td>{@code datetime} with a zone</td><td>POSIXct</td><td>{@code TIMESTAMP}</td></tr>
 *   <tr><td>{@link LocalTimestamp}</td><td>{@code LocalDateTime}</td>
 *     <td>{@code datetime} without a zone</td><td></td><td>{@code TIMESTAMP_NTZ}</td></tr>
 *   <tr><td>{@link Binary}</td><td>{@code Array[Byte]}</td><td>{@code bytes}</td><td>raw</td>
 *     <td>{@code BINARY}</td></tr>
 *   <tr><td>{@link Sequence}</td><td>{@code Seq}, {@code Set}, {@code Array}, tuples, Java
 *     collections, RDDs</td><td>{@code list}, {@code tuple}, {@code set}</td><td>vector, list
 *     without names</td><td>{@code ARRAY}</td></tr>
 *   <tr><td>{@link Mapping}</td><td>{@code Map}, case classes</td><td>{@code dict}, dataclasses</td>
 *     <td>list with names</td><td>{@code MAP}</td></tr>
 *   <tr><td>{@link Row}</td><td colspan="4">a Spark {@code Row} with a schema; one without is a
 *     {@link Sequence}</td></tr>
 *   <tr><td>{@link Table}</td><td>{@code DataFrame}, {@code Dataset}</td><td>{@code DataFrame} of
 *     Spark or pandas</td><td>data.frame, SparkDataFrame</td><td>every result</td></tr>
 * </table>
 *
 * <p>A Scala {@code Option} is its content or {@link Null}, but a field of a case class or an entry
 * of a map that is {@code None} is left out. A value of any other class is refused by the
 * interpreter with {@link MagicException#VALUE_ERROR}, and so is one that contains itself or is
 * nested more than {@value #MAX_DEPTH} levels deep.
 */
public sealed interface PlainValue {

  /** The deepest nesting that any form can tell. */
  int MAX_DEPTH = 200;

  /** The only useful {@link Null}. */
  Null NULL = new Null();

  /** No value. */
  record Null() implements PlainValue {}

  /** A truth value. */
  record Truth(boolean value) implements PlainValue {}

  /** A whole number of any size. */
  record Whole(BigInteger value) implements PlainValue {}

  /** A binary floating point number; may be infinite or not a number. */
  record Floating(double value) implements PlainValue {}

  /** An exact decimal number; its scale is kept. */
  record Decimal(BigDecimal value) implements PlainValue {}

  /** A text; may hold any characters. */
  record Text(String value) implements PlainValue {}

  /** A day. */
  record Date(LocalDate value) implements PlainValue {}

  /** A point in time. */
  record Timestamp(Instant value) implements PlainValue {}

  /** A day and a time of day in no particular zone. */
  record LocalTimestamp(LocalDateTime value) implements PlainValue {}

  /** Bytes; copied on the way in and out. */
  @SuppressWarnings("ArrayRecordComponent") // Copied and compared by content.
  record Binary(byte[] value) implements PlainValue {

    /** Copies the bytes. */
    public Binary {
      value = value.clone();
    }

    @Override
    public byte[] value() {
      return value.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Binary binary && Arrays.equals(value, binary.value);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
      return "Binary[" + value.length + " bytes]";
    }
  }

  /**
   * Values in order.
   *
   * @param items the values, without Java nulls
   * @param extent whether there are more, as there may be of an RDD
   */
  record Sequence(List<PlainValue> items, Extent extent) implements PlainValue {

    /** Copies the list. */
    public Sequence {
      items = List.copyOf(items);
    }

    /** Makes one that is whole. */
    public Sequence(List<PlainValue> items) {
      this(items, Extent.WHOLE);
    }
  }

  /**
   * Values by name, in order.
   *
   * @param entries without Java nulls; keys of other types than text are their usual text
   */
  record Mapping(Map<String, PlainValue> entries) implements PlainValue {

    /** Copies the map and keeps its order. */
    public Mapping {
      Map<String, PlainValue> copy = new LinkedHashMap<>(entries);
      if (copy.containsKey(null) || copy.containsValue(null)) {
        throw new NullPointerException("a key or a value is null");
      }
      entries = Collections.unmodifiableMap(copy);
    }
  }

  /**
   * A row that knows its schema, also as a field of a row or a table.
   *
   * @param columns the fields
   * @param values one for each field
   */
  record Row(List<Column> columns, List<PlainValue> values) implements PlainValue {

    /** Copies the lists and checks that they have the same length. */
    public Row {
      columns = List.copyOf(columns);
      values = List.copyOf(values);
      if (columns.size() != values.size()) {
        throw new IllegalArgumentException(
            values.size() + " values for " + columns.size() + " fields");
      }
    }
  }

  /**
   * Rows of one schema.
   *
   * @param columns the schema
   * @param rows each with one value for each column
   * @param extent whether there are more rows
   */
  record Table(List<Column> columns, List<List<PlainValue>> rows, Extent extent)
      implements PlainValue {

    /** Copies the lists and checks that every row has the length of the schema. */
    public Table {
      columns = List.copyOf(columns);
      rows = rows.stream().map(List::copyOf).toList();
      for (List<PlainValue> row : rows) {
        if (row.size() != columns.size()) {
          throw new IllegalArgumentException(
              row.size() + " values for " + columns.size() + " columns");
        }
      }
    }
  }

  /** Returns a whole number. */
  static PlainValue of(long value) {
    return new Whole(BigInteger.valueOf(value));
  }

  /** Returns a floating point number. */
  static PlainValue of(double value) {
    return new Floating(value);
  }

  /** Returns a truth value. */
  static PlainValue of(boolean value) {
    return new Truth(value);
  }

  /** Returns a text. */
  static PlainValue of(String value) {
    return new Text(value);
  }
}
