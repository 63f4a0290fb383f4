package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The form of {@code %table} for terminals. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TextFormTest {

  private static final List<Column> TWO =
      List.of(new Column("id", "long", false), new Column("name", "string", true));

  @Test
  void tableIsDrawnAsSparkDoes() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            TWO,
            List.of(
                List.of(PlainValue.of(1), PlainValue.of("Ada")),
                List.of(PlainValue.of(23), PlainValue.of("Grace")),
                List.of(PlainValue.of(4), PlainValue.NULL)),
            Extent.WHOLE);
    assertThat(text(table, 20))
        .isEqualTo(
            """
            +---+-----+
            | id| name|
            +---+-----+
            |  1|  Ada|
            | 23|Grace|
            |  4| NULL|
            +---+-----+""");
    assertThat(text(table, 1))
        .isEqualTo(
            """
            +---+----+
            | id|name|
            +---+----+
            |  1| Ada|
            +---+----+
            only showing 1 of 3 rows""");
  }

  @Test
  void tableWithoutColumnsOrRowsHasItsBorders() throws Exception {
    assertThat(text(new PlainValue.Sequence(List.of()), 20)).isEqualTo("++\n||\n++\n++");
    assertThat(text(new PlainValue.Table(TWO, List.of(), Extent.WHOLE), 20))
        .isEqualTo("+---+----+\n| id|name|\n+---+----+\n+---+----+");
  }

  @Test
  void truncationIsSaidAtTheEnd() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            TWO,
            Collections.nCopies(30, List.of(PlainValue.of(1), PlainValue.of("x"))),
            Extent.FIRST);
    Magics magics = Magics.builtin();
    MimeBundle twenty = magics.run(magics.parse("%table x"), NamedValues.x(table));
    assertThat(twenty.find(MimeBundle.TEXT).orElseThrow().data())
        .hasLineCount(4 + 20 + 1)
        .endsWith("only showing 20 of more than 30 rows");
    MimeBundle thirty = magics.run(magics.parse("%table x 30"), NamedValues.x(table));
    assertThat(thirty.find(MimeBundle.TEXT).orElseThrow().data())
        .hasLineCount(4 + 30 + 1)
        .endsWith("only showing 30 of more than 30 rows");
  }

  @Test
  void nestedValuesLookAsInSpark() {
    PlainValue row = new PlainValue.Row(TWO, List.of(PlainValue.of(1), PlainValue.NULL));
    PlainValue sequence = new PlainValue.Sequence(List.of(PlainValue.of(1.0), row), Extent.FIRST);
    PlainValue map = new PlainValue.Mapping(Collections.singletonMap("k", sequence));
    assertThat(CellText.of(map, 100)).isEqualTo("{k -> [1.0, {1, NULL}, ...]}");
    assertThat(CellText.of(new PlainValue.Binary(new byte[] {1, (byte) 0xAB}), 100))
        .isEqualTo("[01 AB]");
    assertThat(CellText.of(new PlainValue.Table(TWO, List.of(), Extent.WHOLE), 100))
        .isEqualTo("table of 0 rows");
  }

  @Test
  void hugeValuesAreNotWrittenOutForACell() {
    PlainValue huge = new PlainValue.Sequence(Collections.nCopies(1 << 20, PlainValue.of(7)));
    PlainValue hugest = new PlainValue.Sequence(Collections.nCopies(1 << 20, huge));
    assertThat(CellText.of(hugest, 20)).isEqualTo("[[7, 7, 7, 7, 7, ...");
    assertThat(CellText.of(PlainValue.of("x".repeat(1 << 20)), 20))
        .isEqualTo("x".repeat(17) + "...");
  }

  @Test
  void whatATerminalObeysIsEscaped() {
    assertThat(TextForm.escape("a\nb\r\t\b\f\0\u001b[31m\u007f\u0085\u2028\u202e\u2066\ud800"))
        .isEqualTo("a\\nb\\r\\t\\b\\f\\u0000\\u001B[31m\\u007F\\u0085\\u2028\\u202E\\u2066\ufffd");
    assertThat(TextForm.escape("\u6f22\ud83d\ude00 \u00e9")).isEqualTo("\u6f22\ud83d\ude00 \u00e9");
  }

  @ParameterizedTest
  @CsvSource({
    "abc,3",
    "\u00e9,1",
    "e\u0301,1",
    "\u6f22\u5b57,4",
    "\uff21,2",
    "\uac00,2",
    "\ud83d\ude00,2",
    "\ud83d\udc69\u200d\ud83d\udcbb,2",
    "\ud83c\udde9\ud83c\uddea,2",
    "\u2764\ufe0f,2",
    "\u2764,1",
    "\ufffd,1",
    "\u05d0,1",
    "a\u200b,1",
  })
  void wideCharactersTakeTwoColumns(String text, int columns) {
    assertThat(Characters.columns(text)).isEqualTo(columns);
  }

  @Test
  void allLinesOfAnyTableAreEquallyWide() throws Exception {
    RandomValues random = new RandomValues(11);
    for (int i = 0; i < 300; i++) {
      String text = text(random.table(1 + i % 6, i % 9, 2), 1000);
      List<String> lines = text.lines().filter(line -> !line.startsWith("only showing")).toList();
      assertThat(lines).hasSize(4 + i % 9);
      int width = lines.get(0).length();
      assertThat(lines).allSatisfy(line -> assertThat(Characters.columns(line)).isEqualTo(width));
    }
  }

  @Test
  void rowsBeyondTheLimitAreLeftOutAndSaidSo() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            TWO,
            Collections.nCopies(1000, List.of(PlainValue.of(1), PlainValue.of("\u6f22"))),
            Extent.WHOLE);
    String text = TextForm.table(Grid.of(table), 1000, 100, 2000);
    assertThat(text.getBytes(StandardCharsets.UTF_8).length).isBetween(1500, 2000);
    assertThat(text).endsWith("only showing " + (text.lines().count() - 5) + " of 1,000 rows");
  }

  @Test
  void thousandColumnsAreDrawnAndManyMoreAreASentence() throws Exception {
    assertThat(TextForm.table(Grid.of(wide(1000)), 20, 100, 1 << 20)).hasLineCount(5);
    assertThat(TextForm.table(Grid.of(wide(5000)), 20, 100, 10_000))
        .isEqualTo("A table of 5,000 columns is too wide to be shown.");
  }

  private static PlainValue.Table wide(int columns) {
    return new PlainValue.Table(
        IntStream.range(0, columns).mapToObj(i -> new Column("c" + i, "long", true)).toList(),
        List.of(IntStream.range(0, columns).mapToObj(i -> PlainValue.of(i)).toList()),
        Extent.WHOLE);
  }

  private static String text(PlainValue value, int rows) throws MagicException {
    return TextForm.table(Grid.of(value, TableRules.SCALA), rows, 100, 1 << 20);
  }
}
