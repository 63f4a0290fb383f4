package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TableWriterTest {

  private interface Form {
    TableWriter on(ByteArrayOutputStream out, List<Column> columns) throws Exception;
  }

  private static String written(Form form, List<String> names, PlainValue... cells)
      throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TableWriter writer =
        form.on(out, names.stream().map(name -> new Column(name, "string", true)).toList());
    List<PlainValue> all = Arrays.asList(cells);
    for (int i = 0; i < all.size(); i += names.size()) {
      writer.row(all.subList(i, i + names.size()));
    }
    writer.end();
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String csv(List<String> names, PlainValue... cells) throws Exception {
    return written(TableWriter::csv, names, cells);
  }

  private static String json(List<String> names, PlainValue... cells) throws Exception {
    return written(TableWriter::json, names, cells);
  }

  private static PlainValue mapping(String key, PlainValue value) {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    entries.put(key, value);
    return new PlainValue.Mapping(entries);
  }

  @Test
  void csvQuotesWhatWouldBeMistaken() throws Exception {
    assertThat(
            csv(
                List.of("a", "b,c"),
                PlainValue.of("plain"),
                PlainValue.of("com,ma"),
                PlainValue.of("quo\"te"),
                PlainValue.of("two\r\nlines"),
                PlainValue.of(" blank "),
                PlainValue.of("caf\u00e9 \ud83d\ude00")))
        .isEqualTo(
            "a,\"b,c\"\r\n"
                + "plain,\"com,ma\"\r\n"
                + "\"quo\"\"te\",\"two\r\nlines\"\r\n"
                + " blank ,caf\u00e9 \ud83d\ude00\r\n");
  }

  @Test
  void csvTellsNullFromEmptyTextAndHasNoEmptyLines() throws Exception {
    assertThat(csv(List.of("a", "b"), PlainValue.NULL, PlainValue.of("")))
        .isEqualTo("a,b\r\n,\"\"\r\n");
    assertThat(csv(List.of("a"), PlainValue.NULL, PlainValue.of("x")))
        .isEqualTo("a\r\n\"\"\r\nx\r\n");
    assertThat(csv(List.of("a", "a"))).isEqualTo("a,a\r\n");
  }

  @Test
  void csvHasNumbersTimesBytesAndNestedValuesAsText() throws Exception {
    assertThat(
            csv(
                List.of("a", "b", "c", "d", "e"),
                PlainValue.of(true),
                new PlainValue.Whole(new BigInteger("123456789012345678901234567890")),
                PlainValue.of(0.1),
                PlainValue.of(Double.NaN),
                new PlainValue.Decimal(new BigDecimal("1.500")),
                new PlainValue.Date(LocalDate.of(2024, 2, 29)),
                new PlainValue.Timestamp(Instant.parse("2024-02-29T12:00:00.5Z")),
                new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, 12, 0)),
                new PlainValue.Binary(new byte[] {0, -1}),
                mapping(
                    "k", new PlainValue.Sequence(List.of(PlainValue.NULL, PlainValue.of("x"))))))
        .isEqualTo(
            "a,b,c,d,e\r\n"
                + "true,123456789012345678901234567890,0.1,NaN,1.500\r\n"
                + "2024-02-29,2024-02-29T12:00:00.500Z,2024-02-29T12:00:00,AP8=,"
                + "\"{\"\"k\"\":[null,\"\"x\"\"]}\"\r\n");
  }

  @Test
  void jsonHasALineForEachRow() throws Exception {
    assertThat(
            json(
                List.of("a", "a"),
                PlainValue.of(1),
                PlainValue.NULL,
                PlainValue.of(Double.NaN),
                PlainValue.of("\ud800")))
        .isEqualTo("[{\"a\":1,\"a_2\":null},\n{\"a\":\"NaN\",\"a_2\":\"\ufffd\"}]\n");
    assertThat(json(List.of("a"))).isEqualTo("[]\n");
  }

  @Test
  void jsonWithoutItsEndIsNoJson() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TableWriter writer = TableWriter.json(out, List.of(new Column("a", "long", true)));
    for (int i = 0; i < 10_000; i++) {
      writer.row(List.of(PlainValue.of(i)));
    }

    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("[{\"a\":0},\n")
        .doesNotContain("]");
  }

  @Test
  void collectionsAreTheTableThatTheMagicMakesOfThem() throws Exception {
    PlainValue rows =
        new PlainValue.Sequence(
            List.of(mapping("x", PlainValue.of(1)), mapping("y", PlainValue.of("b"))));
    PlainValue.Table table = TableWriter.table(rows);

    assertThat(table.columns()).extracting(Column::name).containsExactly("x", "y");
    assertThat(table.rows())
        .containsExactly(
            List.of(PlainValue.of(1), PlainValue.NULL),
            List.of(PlainValue.NULL, PlainValue.of("b")));
    assertThat(TableWriter.table(table)).isSameAs(table);
  }
}
