package io.polybius.driver;

import io.polybius.magic.PlainValue;
import io.polybius.magic.TableWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A table in memory as rows of Spark. The type of a column is that of its cells, which are texts if
 * they have several.
 */
record HeldRows(StructType schema, PlainValue.Table table) {

  private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);
  private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);

  static HeldRows of(PlainValue.Table table) {
    StructField[] fields = new StructField[table.columns().size()];
    for (int i = 0; i < fields.length; i++) {
      fields[i] = DataTypes.createStructField(table.columns().get(i).name(), type(table, i), true);
    }
    return new HeldRows(DataTypes.createStructType(fields), table);
  }

  private static DataType type(PlainValue.Table table, int column) {
    List<Class<?>> classes =
        cells(table, column).<Class<?>>map(PlainValue::getClass).distinct().toList();
    if (classes.size() != 1) {
      return DataTypes.StringType;
    }
    Class<?> only = classes.get(0);
    if (only == PlainValue.Truth.class) {
      return DataTypes.BooleanType;
    } else if (only == PlainValue.Whole.class) {
      return cells(table, column)
              .map(cell -> ((PlainValue.Whole) cell).value())
              .allMatch(value -> value.compareTo(LONG_MIN) >= 0 && value.compareTo(LONG_MAX) <= 0)
          ? DataTypes.LongType
          : DataTypes.StringType;
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

  private static Object value(PlainValue cell, DataType type) {
    if (cell instanceof PlainValue.Null) {
      return null;
    } else if (type.equals(DataTypes.StringType)) {
      try {
        return TableWriter.text(cell);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    } else if (cell instanceof PlainValue.Truth truth) {
      return truth.value();
    } else if (cell instanceof PlainValue.Whole whole) {
      return whole.value().longValueExact();
    } else if (cell instanceof PlainValue.Floating floating) {
      return floating.value();
    } else if (cell instanceof PlainValue.Decimal decimal) {
      return decimal.value();
    } else if (cell instanceof PlainValue.Date date) {
      return date.value();
    } else if (cell instanceof PlainValue.Timestamp timestamp) {
      return timestamp.value();
    } else if (cell instanceof PlainValue.LocalTimestamp timestamp) {
      return timestamp.value();
    } else {
      return ((PlainValue.Binary) cell).value();
    }
  }
}
