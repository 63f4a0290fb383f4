package io.polybius.driver.interpreter;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.CalendarIntervalType;
import org.apache.spark.sql.types.CharType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.UserDefinedType;
import org.apache.spark.sql.types.VarcharType;
import org.apache.spark.sql.types.YearMonthIntervalType;

/**
 * DataFrames as their rows can be fetched. Newer Sparks have types whose values cannot leave Spark,
 * such as {@code TIME}, or say nothing outside of it, such as {@code GEOMETRY}: Spark makes texts
 * of them. No such type is named by its class, which older Sparks do not have.
 */
public final class FetchedFrame {

  private FetchedFrame() {}

  /** Returns a DataFrame with texts in place of values that cannot be fetched. */
  public static Dataset<Row> of(Dataset<?> frame) {
    StructField[] fields = frame.schema().fields();
    if (Arrays.stream(fields).noneMatch(field -> isMadeText(field.dataType()))) {
      return frame.toDF();
    }
    // By numbers, as several columns can have the same name.
    String[] numbered =
        IntStream.range(0, fields.length).mapToObj(i -> "c" + i).toArray(String[]::new);
    Column[] columns =
        IntStream.range(0, fields.length)
            .mapToObj(i -> column(numbered[i], fields[i].dataType()))
            .toArray(Column[]::new);
    return frame.toDF(numbered).select(columns).toDF(frame.schema().fieldNames());
  }

  private static boolean isMadeText(DataType type) {
    DataType fetched = fetched(type);
    return isSpatial(type) || (!fetched.equals(type) && Cast.canCast(type, fetched));
  }

  private static Column column(String name, DataType type) {
    if (isSpatial(type)) {
      return functions.expr("hex(st_asbinary(" + name + "))");
    }
    Column column = functions.col(name);
    return isMadeText(type) ? column.cast(fetched(type)) : column;
  }

  /** Returns the type that has texts where a type has what cannot be fetched. */
  static DataType fetched(DataType type) {
    if (type instanceof ArrayType array) {
      return DataTypes.createArrayType(fetched(array.elementType()), array.containsNull());
    } else if (type instanceof MapType map) {
      return DataTypes.createMapType(
          fetched(map.keyType()), fetched(map.valueType()), map.valueContainsNull());
    } else if (type instanceof StructType struct) {
      return new StructType(
          Arrays.stream(struct.fields())
              .map(
                  field ->
                      new StructField(
                          field.name(),
                          fetched(field.dataType()),
                          field.nullable(),
                          field.metadata()))
              .toArray(StructField[]::new));
    }
    return canBeFetched(type) ? type : DataTypes.StringType;
  }

  private static boolean canBeFetched(DataType type) {
    return type instanceof NumericType
        || type instanceof BooleanType
        || type instanceof StringType
        || type instanceof CharType
        || type instanceof VarcharType
        || type instanceof BinaryType
        || type instanceof DateType
        || type instanceof TimestampType
        || type instanceof TimestampNTZType
        || type instanceof CalendarIntervalType
        || type instanceof DayTimeIntervalType
        || type instanceof YearMonthIntervalType
        || type instanceof NullType
        || type instanceof UserDefinedType
        || isSpatial(type)
        || isNewTypeWithValues(type);
  }

  private static boolean isNewTypeWithValues(DataType type) {
    String name = name(type);
    return name.startsWith("VARIANT") || name.startsWith("TIMESTAMP");
  }

  private static boolean isSpatial(DataType type) {
    String name = name(type);
    return name.startsWith("GEOMETRY") || name.startsWith("GEOGRAPHY");
  }

  private static String name(DataType type) {
    return type.sql().toUpperCase(Locale.ROOT);
  }
}
