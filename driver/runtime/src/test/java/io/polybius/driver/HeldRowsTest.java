package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.ResultFormat;
import io.polybius.magic.Column;
import io.polybius.magic.Extent;
import io.polybius.magic.PlainValue;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables in memory, in Arrow's format. */
@Timeout(60)
class HeldRowsTest {

  private static final PlainValue UNSIGNED =
      new PlainValue.Whole(BigInteger.TWO.pow(64).subtract(BigInteger.ONE));

  private static PlainValue decimal(String text) {
    return new PlainValue.Decimal(new BigDecimal(text));
  }

  /** Returns the type of a column of such cells, and the cells, as Arrow has them. */
  private static List<String> arrow(String type, PlainValue... cells) throws Exception {
    return arrow(
            List.of(new Column("x", type, true)), List.of(cells).stream().map(List::of).toList())
        .get(0);
  }

  private static List<List<String>> arrow(List<Column> columns, List<List<PlainValue>> rows)
      throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PartStream out = new PartStream(bytes::writeBytes);
    new ResultTable.Held(new PlainValue.Table(columns, rows, Extent.WHOLE))
        .write(ResultFormat.ARROW, out);
    out.close();
    try (RootAllocator allocator = new RootAllocator();
        ArrowStreamReader reader =
            new ArrowStreamReader(new ByteArrayInputStream(bytes.toByteArray()), allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      List<List<String>> texts =
          root.getSchema().getFields().stream()
              .<List<String>>map(field -> new ArrayList<>(List.of(field.toString())))
              .toList();
      while (reader.loadNextBatch()) {
        IntStream.range(0, texts.size())
            .forEach(
                i ->
                    IntStream.range(0, root.getRowCount())
                        .mapToObj(row -> String.valueOf(root.getVector(i).getObject(row)))
                        .forEach(texts.get(i)::add));
      }
      return texts;
    }
  }

  @Test
  void columnsMayHaveTheSameName() throws Exception {
    List<List<String>> columns =
        arrow(
            List.of(
                new Column("a", "long", true),
                new Column("a", "string", true),
                new Column("b", "double", true)),
            List.of(List.of(PlainValue.of(1), PlainValue.of("x"), PlainValue.of(2.5))));

    assertThat(columns)
        .containsExactly(
            List.of("a: Int(64, true)", "1"),
            List.of("a: Utf8", "x"),
            List.of("b: FloatingPoint(DOUBLE)", "2.5"));
  }

  @Test
  void columnWithoutCellsHasTheTypeThatItSays() throws Exception {
    assertThat(arrow("double")).containsExactly("x: FloatingPoint(DOUBLE)");
    assertThat(arrow("integer", PlainValue.NULL)).containsExactly("x: Int(32, true)", "null");
    assertThat(arrow("void", PlainValue.NULL)).containsExactly("x: Null", "null");
    assertThat(arrow("string")).containsExactly("x: Utf8");
  }

  @Test
  void columnHasTheTypeThatItSays() throws Exception {
    assertThat(arrow("decimal(20,2)", decimal("1.50"), PlainValue.of(7)))
        .containsExactly("x: Decimal(20, 2, 128)", "1.50", "7.00");
    assertThat(arrow("float", PlainValue.of(0.1f)))
        .containsExactly("x: FloatingPoint(SINGLE)", "0.1");
    assertThat(arrow("double", PlainValue.of(3)))
        .containsExactly("x: FloatingPoint(DOUBLE)", "3.0");
    assertThat(
            arrow(
                "{\"type\":\"array\",\"elementType\":\"integer\",\"containsNull\":false}",
                new PlainValue.Sequence(List.of(PlainValue.of(1), PlainValue.NULL)),
                PlainValue.NULL))
        .containsExactly("x: List<element: Int(32, true)>", "[1,null]", "null");
    assertThat(
            arrow(
                "{\"type\":\"struct\",\"fields\":["
                    + "{\"name\":\"n\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}},"
                    + "{\"name\":\"s\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}",
                new PlainValue.Mapping(Map.of("n", PlainValue.of(1))),
                new PlainValue.Mapping(Map.of("s", PlainValue.of("y")))))
        .containsExactly("x: Struct<n: Int(64, true), s: Utf8>", "{\"n\":1}", "{\"s\":\"y\"}");
    assertThat(
            arrow(
                    "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"double\","
                        + "\"valueContainsNull\":true}",
                    new PlainValue.Mapping(Map.of("k", PlainValue.of(0.5))))
                .get(1))
        .isEqualTo("[{\"key\":\"k\",\"value\":0.5}]");
  }

  @Test
  void columnWhoseCellsAreOfAnotherTypeHasTheirs() throws Exception {
    assertThat(arrow("long", PlainValue.of(1.5)))
        .containsExactly("x: FloatingPoint(DOUBLE)", "1.5");
    assertThat(arrow("decimal", decimal("1.50"))).containsExactly("x: Decimal(3, 2, 128)", "1.50");
    assertThat(arrow("decimal(3,1)", decimal("1.55")))
        .containsExactly("x: Decimal(3, 2, 128)", "1.55");
    assertThat(arrow("float", PlainValue.of(0.1)))
        .containsExactly("x: FloatingPoint(DOUBLE)", "0.1");
    assertThat(arrow("no type", PlainValue.of(1))).containsExactly("x: Int(64, true)", "1");
    assertThat(arrow("long", PlainValue.of(1), PlainValue.of("y")))
        .containsExactly("x: Utf8", "1", "y");
    assertThat(arrow("string", new PlainValue.Sequence(List.of(PlainValue.of(1)))))
        .containsExactly("x: Utf8", "[1]");
  }

  @Test
  void wholeNumbersThatLongsHaveNotAreDecimals() throws Exception {
    assertThat(arrow("long", PlainValue.of(-1), UNSIGNED))
        .containsExactly("x: Decimal(38, 0, 128)", "-1", "18446744073709551615");
    PlainValue huge = new PlainValue.Whole(BigInteger.TEN.pow(38));
    assertThat(arrow("long", huge)).containsExactly("x: Utf8", "1" + "0".repeat(38));
  }
}
