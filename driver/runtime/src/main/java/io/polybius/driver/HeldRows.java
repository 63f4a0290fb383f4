package io.polybius.driver;

import io.polybius.magic.Column;
import io.polybius.magic.PlainValue;
import io.polybius.magic.TableWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table in memory as rows of Spark. The type of a column is the one that it says itself, if all
 * of its cells are of that; else that of its cells, which are texts if they have several.
 */
record HeldRows(StructType schema, PlainValue.Table table) {

  private static final int LONG_BITS = 63;

  /** Whole numbers that a double has exactly. */
  private static final int DOUBLE_BITS = 53;

  static HeldRows of(PlainValue.Table table) {
    StructField[] fields = new StructField[table.columns().size()];
    for (int i = 0; i < fields.length; i++) {
      fields[i] =
          new StructField(table.columns().get(i).name(), type(table, i), true, Metadata.empty());
    }
    // Not by DataTypes, which refuses columns of the same name.
    return new HeldRows(new StructType(fields), table);
  }

  private static DataType type(PlainValue.Table table, int column) {
    return said(table.columns().get(column))
        .filter(type -> cells(table, column).allMatch(cell -> fits(cell, type)))
        .orElseGet(() -> typeOfCells(table, column));
  }

  /** What is called a text can be anything that has no type of its own in its language. */
  private static Optional<DataType> said(Column column) {
    String type = column.type();
    if (type.equals("string") || type.equals("decimal")) {
      return Optional.empty();
    }
    try {
      DataType said = DataType.fromJson(type.startsWith("{") ? type : "\"" + type + "\"");
      return Optional.of(said.asNullable());
    } catch (Exception e) {
      // It is none of Spark's. Scala does not declare what it throws.
      return Optional.empty();
    }
  }

  private static boolean fits(PlainValue cell, DataType type) {
    try {
      Object unused = value(cell, type);
      return true;
    } catch (IllegalArgumentException | ArithmeticException e) {
      return false;
    }
  }

  private static DataType typeOfCells(PlainValue.Table table, int column) {
    List<Class<?>> classes =
        cells(table, column).<Class<?>>map(PlainValue::getClass).distinct().toList();
    if (classes.size() != 1) {
      return DataTypes.StringType;
    }
    Class<?> only = classes.get(0);
    if (only == PlainValue.Truth.class) {
      return DataTypes.BooleanType;
    } else if (only == PlainValue.Whole.class) {
      return wholeType(
          cells(table, column).map(cell -> ((PlainValue.Whole) cell).value()).toList());
    } else if (only == PlainValue.Floating.class) {
      return DataTypes.DoubleType;
    } else if (only == PlainValue.Decimal.class) {
      return decimalType(
          cells(table, column).map(cell -> ((PlainValue.Decimal) cell).value()).toList());
    } else if (only == PlainValue.Date.class) {
      return DataTypes.DateType;
    } else if (only == PlainValue.Timestamp.class) {
      return DataTypes.TimestampType;
    } else if (only == PlainValue.LocalTimestamp.class) {
      return DataTypes.TimestampNTZType;
    } else if (only == PlainValue.Binary.class) {
      return DataTypes.BinaryType;
    }
    return DataTypes.StringType;
  }

  private static DataType wholeType(List<BigInteger> values) {
    if (values.stream().allMatch(value -> value.bitLength() <= LONG_BITS)) {
      return DataTypes.LongType;
    }
    int digits =
        values.stream().map(BigDecimal::new).mapToInt(BigDecimal::precision).max().orElse(1);
    return digits <= DecimalType.MAX_PRECISION()
        ? DataTypes.createDecimalType(DecimalType.MAX_PRECISION(), 0)
        : DataTypes.StringType;
  }

  private static DataType decimalType(List<BigDecimal> values) {
    int scale = Math.max(0, values.stream().mapToInt(BigDecimal::scale).max().orElse(0));
    int whole =
        Math.max(
            1,
            values.stream().mapToInt(value -> value.precision() - value.scale()).max().orElse(1));
    return scale + whole <= DecimalType.MAX_PRECISION()
        ? DataTypes.createDecimalType(scale + whole, scale)
        : DataTypes.StringType;
  }

  private static Stream<PlainValue> cells(PlainValue.Table table, int column) {
    return table.rows().stream()
        .map(row -> row.get(column))
        .filter(cell -> !(cell instanceof PlainValue.Null));
  }

  Iterator<Row> iterator() {
    return table.rows().stream().map(this::row).iterator();
  }

  private Row row(List<PlainValue> cells) {
    Object[] values = new Object[cells.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(cells.get(i), schema.fields()[i].dataType());
    }
    return RowFactory.create(values);
  }

  /**
   * Returns what a row of Spark has of a value.
   *
   * @throws IllegalArgumentException if it is not of that type
   * @throws ArithmeticException if it is too large for it, or not exact in it
   */
  private static Object value(PlainValue cell, DataType type) {
    if (cell instanceof PlainValue.Null) {
      return null;
    } else if (type.equals(DataTypes.StringType)) {
      return text(cell);
    } else if (type instanceof ArrayType array && cell instanceof PlainValue.Sequence sequence) {
      return array(sequence, array.elementType());
    } else if (type instanceof MapType map && cell instanceof PlainValue.Mapping mapping) {
      return map(mapping, map);
    } else if (type instanceof StructType struct && cell instanceof PlainValue.Mapping mapping) {
      return struct(mapping, struct);
    } else if (cell instanceof PlainValue.Truth truth && type.equals(DataTypes.BooleanType)) {
      return truth.value();
    } else if (cell instanceof PlainValue.Whole whole) {
      return whole(whole.value(), type);
    } else if (cell instanceof PlainValue.Floating floating) {
      return floating(floating.value(), type);
    } else if (cell instanceof PlainValue.Decimal decimal && type instanceof DecimalType digits) {
      return decimal(decimal.value(), digits);
    } else if (cell instanceof PlainValue.Date date && type.equals(DataTypes.DateType)) {
      return date.value();
    } else if (cell instanceof PlainValue.Timestamp time && type.equals(DataTypes.TimestampType)) {
      return time.value();
    } else if (cell instanceof PlainValue.LocalTimestamp time
        && type.equals(DataTypes.TimestampNTZType)) {
      return time.value();
    } else if (cell instanceof PlainValue.Binary binary && type.equals(DataTypes.BinaryType)) {
      return binary.value();
    }
    throw notOf(type);
  }

  private static IllegalArgumentException notOf(DataType type) {
    return new IllegalArgumentException("not of the type " + type.sql());
  }

  private static String text(PlainValue cell) {
    try {
      return TableWriter.text(cell);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Object[] array(PlainValue.Sequence sequence, DataType type) {
    if (sequence.extent().truncated()) {
      throw notOf(type);
    }
    return sequence.items().stream().map(item -> value(item, type)).toArray();
  }

  private static Map<String, Object> map(PlainValue.Mapping mapping, MapType type) {
    if (!type.keyType().equals(DataTypes.StringType)) {
      throw notOf(type);
    }
    Map<String, Object> entries = new LinkedHashMap<>();
    mapping.entries().forEach((key, entry) -> entries.put(key, value(entry, type.valueType())));
    return entries;
  }

  private static Row struct(PlainValue.Mapping mapping, StructType type) {
    if (!List.of(type.fieldNames()).containsAll(mapping.entries().keySet())) {
      throw notOf(type);
    }
    Object[] fields = new Object[type.fields().length];
    for (int i = 0; i < fields.length; i++) {
      StructField field = type.fields()[i];
      fields[i] =
          value(mapping.entries().getOrDefault(field.name(), PlainValue.NULL), field.dataType());
    }
    return RowFactory.create(fields);
  }

  private static Object whole(BigInteger value, DataType type) {
    if (type.equals(DataTypes.LongType)) {
      return value.longValueExact();
    } else if (type.equals(DataTypes.IntegerType)) {
      return value.intValueExact();
    } else if (type.equals(DataTypes.ShortType)) {
      return value.shortValueExact();
    } else if (type.equals(DataTypes.ByteType)) {
      return value.byteValueExact();
    } else if (type instanceof DecimalType digits) {
      return decimal(new BigDecimal(value), digits);
    } else if (type.equals(DataTypes.DoubleType) && value.bitLength() <= DOUBLE_BITS) {
      return value.doubleValue();
    }
    throw notOf(type);
  }

  private static Object floating(double value, DataType type) {
    if (type.equals(DataTypes.DoubleType)) {
      return value;
    } else if (type.equals(DataTypes.FloatType) && Double.compare((float) value, value) == 0) {
      return (float) value;
    }
    throw notOf(type);
  }

  private static BigDecimal decimal(BigDecimal value, DecimalType type) {
    BigDecimal scaled = value.setScale(type.scale(), RoundingMode.UNNECESSARY);
    if (scaled.precision() > type.precision()) {
      throw notOf(type);
    }
    return scaled;
  }
}
