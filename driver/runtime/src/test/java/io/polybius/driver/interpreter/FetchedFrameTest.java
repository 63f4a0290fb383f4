package io.polybius.driver.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.ObjectType;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FetchedFrameTest {

  /** Stands for one of those that only newer Sparks have. */
  private static final DataType UNKNOWN = new ObjectType(Thread.class);

  @Test
  void typesWithValuesStayAsTheyAre() {
    StructType all =
        StructType.fromDDL(
            "a boolean, b tinyint, c smallint, d int, e bigint, f float, g double, h decimal(3,1),"
                + " i string, j binary, k date, l timestamp, m timestamp_ntz, n interval,"
                + " o interval day to second, p interval year to month, q void,"
                + " r array<int>, s map<string, array<date>>, t struct<x: int, y: varchar(3)>,"
                + " u char(2)");

    assertThat(FetchedFrame.fetched(all)).isEqualTo(all);
  }

  @Test
  void unknownTypesBecomeTexts() {
    assertThat(FetchedFrame.fetched(UNKNOWN)).isEqualTo(DataTypes.StringType);
  }

  @Test
  void unknownTypesInsideOfOthersBecomeTexts() {
    StructType inner = new StructType().add("n", DataTypes.LongType, false).add("u", UNKNOWN);
    StructType text =
        new StructType().add("n", DataTypes.LongType, false).add("u", DataTypes.StringType);

    assertThat(FetchedFrame.fetched(new ArrayType(inner, false)))
        .isEqualTo(new ArrayType(text, false));
    assertThat(FetchedFrame.fetched(new MapType(DataTypes.StringType, UNKNOWN, true)))
        .isEqualTo(new MapType(DataTypes.StringType, DataTypes.StringType, true));
  }
}
