package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The form of {@code %table} for notebooks. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class HtmlFormTest {

  @Test
  void tableIsPlainHtml() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(new Column("id", "long", false), new Column("name", "string", true)),
            List.of(
                List.of(PlainValue.of(1), PlainValue.of("a<b")),
                List.of(PlainValue.of(2), PlainValue.NULL)),
            Extent.WHOLE);
    assertThat(html(table, 20))
        .isEqualTo(
            """
            <div>
            <table class="dataframe" border="1">
            <thead>
            <tr><th>id</th><th>name</th></tr>
            </thead>
            <tbody>
            <tr><td>1</td><td>a&lt;b</td></tr>
            <tr><td>2</td><td>NULL</td></tr>
            </tbody>
            </table>
            <details>
            <summary>schema</summary>
            <pre>id: long
            name: string (nullable)
            </pre>
            </details>
            </div>""");
  }

  @Test
  void schemaIsWrittenAsAPersonWould() throws Exception {
    String structure =
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"<a>\",\"type\":\"long\"},"
            + "{\"name\":\"b\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":"
            + "{\"type\":\"array\",\"elementType\":\"decimal(5,2)\"}}}]}";
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(
                new Column("s\n", structure, true),
                new Column("v", "{\"type\":\"udt\",\"sqlType\":\"double\"}", false),
                new Column("odd", "{not json", false)),
            List.of(),
            Extent.WHOLE);
    assertThat(html(table, 20))
        .contains(
            "<pre>s\\n: struct&lt;&lt;a&gt;: long, b: map&lt;string, array&lt;decimal(5,2)&gt;&gt;"
                + "&gt; (nullable)\nv: double\nodd: ?\n</pre>");
    assertThat(html(PlainValue.of(1), 20)).doesNotContain("details");
  }

  @Test
  void captionSaysWhatIsMissing() throws Exception {
    assertThat(html(rows(20, Extent.firstOf(1234)), 20)).contains("<caption>20 of 1,234 rows<");
    assertThat(html(rows(20, Extent.FIRST), 20)).contains("<caption>20 of more than 20 rows<");
    assertThat(html(rows(1000, Extent.FIRST), 20)).contains("<caption>20 of more than 1,000 rows<");
    assertThat(html(rows(21, Extent.WHOLE), 20)).contains("<caption>20 of 21 rows<");
    assertThat(html(rows(1, Extent.WHOLE), 0)).contains("<caption>0 of 1 row<");
    assertThat(html(rows(20, Extent.WHOLE), 20)).doesNotContain("caption");
  }

  @Test
  void cellThatARowLacksIsEmpty() throws Exception {
    PlainValue ragged =
        new PlainValue.Sequence(
            List.of(
                new PlainValue.Sequence(List.of(PlainValue.of(1))),
                new PlainValue.Sequence(List.of(PlainValue.of(2), PlainValue.of(3)))));
    assertThat(html(ragged, 20))
        .contains("<tr><td>1</td><td></td></tr>\n<tr><td>2</td><td>3</td></tr>");
  }

  @Test
  void everythingFromDataIsEscaped() {
    assertThat(HtmlForm.escape("<script>alert(\"x\" + 'y') && 1</script>"))
        .isEqualTo("&lt;script&gt;alert(&quot;x&quot; + &#39;y&#39;) &amp;&amp; 1&lt;/script&gt;");
    assertThat(HtmlForm.escape("a\0b\u001b\u0085\ud800\uffff\ud83d\ude00\n\t"))
        .isEqualTo("a\ufffdb\ufffd\ufffd\ufffd\ufffd\ud83d\ude00\n\t");
  }

  @Test
  void longCellsAreCutBetweenCharacters() throws Exception {
    PlainValue value = PlainValue.of("ab\ud83d\ude00cdefgh");
    assertThat(HtmlForm.table(Grid.of(value, TableRules.SCALA), 20, 6, 1 << 20))
        .contains("<td>ab...</td>");
    assertThat(HtmlForm.table(Grid.of(value, TableRules.SCALA), 20, 7, 1 << 20))
        .contains("<td>ab\ud83d\ude00...</td>");
    assertThat(HtmlForm.table(Grid.of(value, TableRules.SCALA), 20, 10, 1 << 20))
        .contains("cdefgh</td>");
  }

  @Test
  void rowsBeyondTheLimitAreLeftOutAndSaidSo() throws Exception {
    String html =
        HtmlForm.table(Grid.of(rows(1000, Extent.WHOLE), TableRules.SCALA), 1000, 100, 2000);
    assertThat(html.getBytes(StandardCharsets.UTF_8).length).isBetween(1500, 2000);
    int shown = html.split("<tr><td>", -1).length - 1;
    assertThat(html).contains("<caption>" + shown + " of 1,000 rows</caption>");
  }

  @Test
  void tableWithTooManyColumnsIsASentence() throws Exception {
    PlainValue.Table wide =
        new PlainValue.Table(
            IntStream.range(0, 5000).mapToObj(i -> new Column("c" + i, "long", true)).toList(),
            List.of(),
            Extent.WHOLE);
    assertThat(HtmlForm.table(Grid.of(wide), 20, 100, 10_000))
        .isEqualTo("<p>A table of 5,000 columns is too wide to be shown.</p>");
  }

  @Test
  void anyValueIsWellFormedAndHasItsCells() throws Exception {
    RandomValues random = new RandomValues(3);
    for (int i = 0; i < 300; i++) {
      PlainValue.Table table = random.table(1 + i % 5, i % 7, 2);
      Grid grid = Grid.of(table);
      Element root = parse(HtmlForm.table(grid, 1000, 200, 1 << 20));
      assertThat(root.getElementsByTagName("table").getLength()).isEqualTo(1);
      NodeList headers = root.getElementsByTagName("th");
      assertThat(headers.getLength()).isEqualTo(table.columns().size());
      for (int column = 0; column < headers.getLength(); column++) {
        assertThat(headers.item(column).getTextContent())
            .isEqualTo(visible(table.columns().get(column).name()));
      }
      NodeList cells = root.getElementsByTagName("td");
      assertThat(cells.getLength()).isEqualTo(table.columns().size() * table.rows().size());
      for (int cell = 0; cell < cells.getLength(); cell++) {
        PlainValue value =
            table.rows().get(cell / table.columns().size()).get(cell % table.columns().size());
        assertThat(cells.item(cell).getTextContent()).isEqualTo(visible(CellText.of(value, 200)));
        assertThat(((Element) cells.item(cell)).getElementsByTagName("*").getLength()).isZero();
      }
    }
  }

  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    text.codePoints()
        .map(
            point ->
                (Character.isISOControl(point) && point != '\n' && point != '\t')
                        || (point >= 0xD800 && point <= 0xDFFF)
                        || point == 0xFFFE
                        || point == 0xFFFF
                    ? 0xFFFD
                    : point)
        .forEach(visible::appendCodePoint);
    return visible.toString();
  }

  private static Element parse(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html)))
        .getDocumentElement();
  }

  private static PlainValue.Table rows(int count, Extent extent) {
    return new PlainValue.Table(
        List.of(new Column("a", "long", false)),
        Collections.nCopies(count, List.of(PlainValue.of(7))),
        extent);
  }

  private static String html(PlainValue value, int rows) throws MagicException {
    return HtmlForm.table(Grid.of(value, TableRules.SCALA), rows, 100, 1 << 20);
  }
}
