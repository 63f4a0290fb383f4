package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.driver.protocol.MimeBundle;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code %plot}. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PlotMagicTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int WHITE = 0xFFFFFF;

  private static final PlainValue.Table SALES =
      table(
          "id:long region:string product:string day:date total:double units:integer",
          row(1, "north", "a", LocalDate.of(2024, 2, 28), 12.5, 3),
          row(2, "south", "a", LocalDate.of(2024, 2, 29), 7.25, 2),
          row(3, "north", "b", LocalDate.of(2024, 3, 1), 3.0, 1),
          row(4, "east", "b", LocalDate.of(2024, 3, 2), null, 5));

  @Test
  void plotIsVegaLiteAndPictureAndText() throws Exception {
    MimeBundle bundle = plot(SALES, "");
    assertThat(bundle.entries())
        .extracting(MimeBundle.Entry::mimeType)
        .containsExactly(MimeBundle.VEGA_LITE, MimeBundle.PNG, MimeBundle.TEXT);
    JsonNode specification = specification(bundle);
    assertThat(specification.path("$schema").asText())
        .isEqualTo("https://vega.github.io/schema/vega-lite/v5.json");
    assertThat(specification.path("width").asInt()).isBetween(300, 800);
    assertThat(specification.path("height").asInt()).isBetween(200, 600);
    assertThat(specification.path("title").path("text").asText()).isEqualTo("x");
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data()).startsWith("line: x\n3 points");
  }

  @Test
  void everyTypeIsDrawnInBothForms() throws Exception {
    Map<String, String> marks =
        Map.of("bar", "bar", "line", "line", "scatter", "point", "histogram", "bar", "pie", "arc");
    Set<String> pictures = new HashSet<>();
    for (PlotType type : PlotType.values()) {
      MimeBundle bundle = plot(SALES, type.word());
      assertThat(specification(bundle).path("mark").path("type").asText())
          .isEqualTo(marks.get(type.word()));
      assertThat(colors(picture(bundle))).as(type.word()).hasSizeGreaterThan(5);
      pictures.add(bundle.find(MimeBundle.PNG).orElseThrow().data());
    }
    assertThat(pictures).hasSize(PlotType.values().length);
  }

  @Test
  void timesAreALineInTheOrderOfTime() throws Exception {
    PlainValue.Table unordered =
        table(
            "value:double at:timestamp",
            row(2, Instant.parse("2024-01-02T00:00:00Z")),
            row(1, Instant.parse("2024-01-01T00:00:00Z")));
    JsonNode specification = specification(plot(unordered, ""));
    assertThat(specification.path("mark").path("type").asText()).isEqualTo("line");
    assertThat(specification.path("encoding").path("x").path("type").asText())
        .isEqualTo("temporal");
    assertThat(specification.path("data").path("values"))
        .isEqualTo(
            JSON.readTree(
                "[{'x':1704067200000,'y':1},{'x':1704153600000,'y':2}]".replace('\'', '"')));
  }

  @Test
  void textsAreBarsWithTheSumOfWhatIsMeasured() throws Exception {
    JsonNode specification = specification(plot(SALES, "x=region"));
    assertThat(specification.path("mark").path("type").asText()).isEqualTo("bar");
    assertThat(values(specification)).isEqualTo("[{'x':'north','y':15.5},{'x':'south','y':7.25}]");
    JsonNode encoding = specification.path("encoding");
    assertThat(encoding.path("x").path("title").asText()).isEqualTo("region");
    assertThat(encoding.path("y").path("title").asText()).isEqualTo("total");
  }

  @Test
  void rowsAreCountedWhereNothingIsMeasured() throws Exception {
    PlainValue.Table words = table("word:string", row("a"), row("b"), row("a"), row((Object) null));
    for (String type : List.of("", "bar", "pie")) {
      assertThat(values(specification(plot(words, type))).replaceAll(",'order':\\d", ""))
          .isEqualTo("[{'x':'a','y':2},{'x':'b','y':1},{'x':'NULL','y':1}]");
    }
  }

  @Test
  void oneColumnOfNumbersIsAHistogramAndAListOfNumbersALine() throws Exception {
    assertThat(type(table("n:long", row(3), row(1), row(2)), "")).isEqualTo("histogram");
    assertThat(type(list(3.0, 1.0, 2.0), "")).isEqualTo("line");
    assertThat(type(list(3.0, 1.0, 2.0), "histogram")).isEqualTo("histogram");
  }

  @Test
  void twoColumnsOfNumbersAreALineIfTheFirstRises() throws Exception {
    assertThat(type(table("a:long b:long", row(1, 5), row(2, 3)), "")).isEqualTo("line");
    assertThat(type(table("a:long b:long", row(2, 5), row(1, 3)), "")).isEqualTo("scatter plot");
  }

  @Test
  void whatTellsRowsApartIsNotMeasured() throws Exception {
    for (String key : List.of("id", "ID", "user_id", "userId", "year")) {
      PlainValue.Table table = table(key + ":long name:string n:long", row(1, "a", 7));
      assertThat(values(specification(plot(table, "")))).isEqualTo("[{'x':'a','y':7}]");
    }
  }

  @Test
  void listsOfAnythingLikeRowsArePlotted() throws Exception {
    String bars = "[{'x':'a','y':1},{'x':'b','y':2}]";
    PlainValue pairs = new PlainValue.Sequence(List.of(pair("a", 1), pair("b", 2)));
    assertThat(values(specification(plot(pairs, "")))).isEqualTo(bars);
    PlainValue objects =
        new PlainValue.Sequence(
            List.of(object("name", "a", "size", 1L), object("name", "b", "size", 2L)));
    assertThat(values(specification(plot(objects, "")))).isEqualTo(bars);
    assertThat(values(specification(plot(object("a", 1L, "b", 2L), "")))).isEqualTo(bars);
    PlainValue row =
        new PlainValue.Row(
            List.of(new Column("a", "long", true), new Column("b", "long", true)),
            List.of(PlainValue.of(1), PlainValue.of(2)));
    assertThat(values(specification(plot(row, "")))).isEqualTo(bars);
  }

  @Test
  void cellsOfSeveralTypesAndMissingOnesAreNoError() throws Exception {
    PlainValue ragged =
        new PlainValue.Sequence(
            List.of(
                object("k", "a", "v", 1L),
                object("k", "b", "v", 2.5),
                object("k", "c"),
                object("k", "d", "v", null)));
    MimeBundle bundle = plot(ragged, "bar");
    assertThat(values(specification(bundle))).isEqualTo("[{'x':'a','y':1},{'x':'b','y':2.5}]");
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data())
        .endsWith("(left out 2 values that cannot be drawn)");
  }

  @Test
  void numbersThatAreNoneAreLeftOutAndCounted() throws Exception {
    PlainValue numbers =
        list(1.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 2.0, 1e300);
    for (String type : List.of("line", "scatter", "bar", "histogram")) {
      MimeBundle bundle = plot(numbers, type);
      assertThat(specification(bundle).path("title").path("subtitle").asText())
          .isEqualTo("left out 4 values that cannot be drawn");
      assertThat(bundle.find(MimeBundle.VEGA_LITE).orElseThrow().data())
          .doesNotContain("NaN", "Infinity");
    }
    assertThat(values(specification(plot(numbers, "line"))))
        .isEqualTo("[{'x':0,'y':1},{'x':4,'y':2}]");
  }

  @Test
  void severalColumnsAreSeveralSeries() throws Exception {
    JsonNode specification =
        specification(plot(SALES, "line x=day y=total,units title=\"Two \\\"lines\\\"\""));
    assertThat(specification.path("title").path("text").asText()).isEqualTo("Two \"lines\"");
    assertThat(specification.path("data").path("values")).hasSize(7);
    assertThat(specification.path("encoding").path("color").path("scale").path("domain"))
        .isEqualTo(JSON.readTree("[\"total\",\"units\"]"));
  }

  @Test
  void colorSplitsWhatIsSummed() throws Exception {
    JsonNode specification = specification(plot(SALES, "bar x=region y=units color=product"));
    assertThat(values(specification))
        .isEqualTo(
            "[{'x':'north','y':3,'color':'a'},{'x':'north','y':1,'color':'b'},"
                + "{'x':'south','y':2,'color':'a'},{'x':'east','y':5,'color':'b'}]");
    assertThat(specification.path("encoding").path("xOffset").path("field").asText())
        .isEqualTo("color");
    assertThat(type(SALES, "scatter x=total y=units color=region")).isEqualTo("scatter plot");
  }

  @Test
  void columnsAreFoundWithOtherCapitalLettersAndWithinQuotes() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(
                new Column("Unit Price, net", "double", true),
                new Column("a.b[0]", "string", true)),
            List.of(List.of(PlainValue.of(2.0), PlainValue.of("k"))),
            Extent.WHOLE);
    assertThat(values(specification(plot(table, "bar x=A.B[0] y=\"unit price, net\""))))
        .isEqualTo("[{'x':'k','y':2}]");
  }

  @Test
  void columnsOfTheSameNameAreNumbered() throws Exception {
    PlainValue.Table table = table("n:long n:long", row(1, 10), row(2, 20));
    assertThat(values(specification(plot(table, "line x=n y=n_2"))))
        .isEqualTo("[{'x':1,'y':10},{'x':2,'y':20}]");
  }

  @Test
  void smallBarsBeyondFiftyAreSummedInOne() throws Exception {
    List<List<PlainValue>> rows = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rows.add(row("k" + i, i < 100 ? 1 : 100 + i));
    }
    PlainValue.Table table = new PlainValue.Table(columns("k:string n:long"), rows, Extent.WHOLE);
    for (String type : List.of("bar", "pie")) {
      JsonNode values = specification(plot(table, type)).path("data").path("values");
      assertThat(values).hasSize(50);
      assertThat(values.get(0).path("x").asText()).isEqualTo("k151");
      assertThat(values.get(49).path("x").asText()).isEqualTo("other (151)");
      // 100 ones, and 200 to 250.
      assertThat(values.get(49).path("y").asInt()).isEqualTo(100 + 51 * 225);
    }
  }

  @Test
  void seriesBeyondTenAreOne() throws Exception {
    List<List<PlainValue>> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.add(row(i, i, "c" + i % 20));
    }
    PlainValue.Table table =
        new PlainValue.Table(columns("a:long b:long c:string"), rows, Extent.WHOLE);
    JsonNode domain =
        specification(plot(table, "scatter color=c")).path("encoding").path("color").path("scale");
    assertThat(domain.path("domain")).hasSize(10);
    assertThat(domain.path("domain").get(9).asText()).isEqualTo("other (11)");
  }

  @Test
  void pointsBeyondTheRowsAreLeftOutAndSaidSo() throws Exception {
    PlainValue many =
        new PlainValue.Sequence(IntStream.range(0, 5000).mapToObj(PlainValue::of).toList());
    MimeBundle thousand = plot(many, "line");
    assertThat(specification(thousand).path("data").path("values")).hasSize(1000);
    assertThat(thousand.find(MimeBundle.TEXT).orElseThrow().data()).contains("1,000 of 5,000 rows");
    assertThat(specification(plot(many, "line rows=50")).path("data").path("values")).hasSize(50);
    assertThat(specification(plot(many, "line rows=5000")).path("data").path("values"))
        .hasSize(5000);
    int counted = 0;
    for (JsonNode bin : specification(plot(many, "histogram")).path("data").path("values")) {
      counted += bin.path("y").asInt();
    }
    assertThat(counted).isEqualTo(5000);
  }

  @Test
  void rowsAreHowManyAreFetched() throws Exception {
    List<Integer> asked = new ArrayList<>();
    NamedValues session =
        new NamedValues()
            .with(
                "x",
                rows -> {
                  asked.add(rows);
                  return SALES;
                });
    Magics magics = Magics.builtin();
    magics.run(magics.parse("%plot x"), session);
    magics.run(magics.parse("%plot x rows=7"), session);
    assertThat(asked).containsExactly(1000, 7);
  }

  @Test
  void allFormsTogetherAreBounded() throws Exception {
    Random random = new Random(5);
    List<List<PlainValue>> rows = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      rows.add(row(random.nextDouble(), random.nextGaussian(), "\0".repeat(59) + i % 9));
    }
    PlainValue.Table table =
        new PlainValue.Table(columns("a:double b:double c:string"), rows, Extent.WHOLE);
    MimeBundle bundle = plot(table, "scatter color=c rows=20000");
    assertThat(
            bundle.find(MimeBundle.VEGA_LITE).orElseThrow().data().getBytes(StandardCharsets.UTF_8))
        .hasSizeBetween(500_000, 2 << 20);
    assertThat(bundle.find(MimeBundle.PNG).orElseThrow().data()).hasSizeLessThan(2 << 20);
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data())
        .contains("10,000 of 20,000 rows")
        .contains("of 10,000 points");
  }

  @Test
  void binsHoldWhatBeginsInThem() throws Exception {
    assertThat(values(specification(plot(list(0.1, 0.2, 0.3, 0.3, 0.65), "histogram"))))
        .isEqualTo(
            "[{'x':0,'end':0.2,'y':1},{'x':0.2,'end':0.4,'y':3},{'x':0.4,'end':0.6,'y':0},"
                + "{'x':0.6,'end':0.8,'y':1}]");
    assertThat(values(specification(plot(list(5.0, 5.0), "histogram"))))
        .isEqualTo("[{'x':4.5,'end':5.5,'y':2}]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e16,1.0000000000000002e16",
        "1e-12,2e-12,5e-12",
        "1,1.000000000001",
        "-1e280,1e280",
        "0,0",
        "4.9e-324,1e-200",
        "42",
        "-5,-5",
        "1000000001,1000000005"
      })
  void numbersOfAnySizeAreDrawn(String numbers) throws Exception {
    PlainValue list =
        list(Arrays.stream(numbers.split(",", -1)).map(Double::valueOf).toArray(Double[]::new));
    for (String type : List.of("line", "scatter", "bar", "histogram")) {
      assertThat(colors(picture(plot(list, type)))).hasSizeGreaterThan(5);
    }
  }

  @Test
  void oneRowIsDrawn() throws Exception {
    for (PlotType type : PlotType.values()) {
      PlainValue.Table one =
          table("a:long b:long c:string d:date", row(1, 2, "k", LocalDate.EPOCH));
      assertThat(colors(picture(plot(one, type.word())))).hasSizeGreaterThan(5);
    }
  }

  @Test
  void thousandColumnsAreNoTrouble() throws Exception {
    List<Column> columns =
        IntStream.range(0, 1000).mapToObj(i -> new Column("c" + i, "long", true)).toList();
    List<PlainValue> row = IntStream.range(0, 1000).mapToObj(PlainValue::of).toList();
    PlainValue.Table wide = new PlainValue.Table(columns, List.of(row, row), Extent.WHOLE);
    assertThat(values(specification(plot(wide, "scatter x=c998 y=c999"))))
        .isEqualTo("[{'x':998,'y':999},{'x':998,'y':999}]");
    assertFails(wide, "y=none", MagicException.USAGE_ERROR)
        .hasMessageContaining("c0, c1, ")
        .hasMessageEndingWith("c19 and 980 more");
  }

  @Test
  void namesOfAnyCharactersAreDrawnAndToldApart() throws Exception {
    List<List<PlainValue>> rows = new ArrayList<>();
    List<String> names =
        List.of(
            "", " ", "  ", "\n", "\\n", "\u6771\u4eac", "\ud83d\ude00", "\ud800", "\u202e", "<b>");
    for (String name : names) {
      rows.add(row(name, 1, name));
    }
    PlainValue.Table table =
        new PlainValue.Table(columns("k:string n:long c:string"), rows, Extent.WHOLE);
    for (String options : List.of("bar", "pie", "line x=k", "bar color=c")) {
      MimeBundle bundle = plot(table, options);
      assertThat(specification(bundle).path("data").path("values")).hasSize(names.size());
      assertThat(colors(picture(bundle))).hasSizeGreaterThan(5);
      assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data()).doesNotContain("\u202e");
    }
    assertThat(colors(picture(plot(list(1.0, 2.0), "title=\"\"")))).hasSizeGreaterThan(5);
  }

  @Test
  void anyTableIsPlottedOrRefused() throws Exception {
    RandomValues random = new RandomValues(17);
    int drawn = 0;
    for (int i = 0; i < 150; i++) {
      PlainValue.Table table = random.table(1 + i % 5, i % 9, 1);
      String type = PlotType.values()[i % PlotType.values().length].word();
      try {
        MimeBundle bundle = plot(table, i % 2 == 0 ? "" : type);
        specification(bundle);
        picture(bundle);
        drawn++;
      } catch (MagicException e) {
        assertThat(e.name()).isEqualTo(MagicException.VALUE_ERROR);
      }
    }
    assertThat(drawn).isGreaterThan(50);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "chart | 'chart' is not a type of plot (bar, line, scatter, histogram, pie)",
        "bar pie | 'pie' stands where no word is expected",
        "kind=bar | 'kind' is not an option of %plot",
        "x=a x=b | x= is given twice",
        "x=a,b | x= takes one value; one with a comma in it stands in quotes",
        "y=a, | y= has no value",
        "x= | x= has no value",
        "title=\"open | the quote after title= is not closed",
        "rows=0 | '0' is not a number of rows",
        "rows=many | 'many' is not a number of rows",
        "bar = x | an equals sign stands between an option and its value, without blanks",
        "histogram y=total | a histogram counts the rows; it takes x= and no y=",
        "histogram color=region | a histogram takes no color=",
        "pie y=total,units | a pie shows one column for y",
        "pie color=region | a pie takes no color=",
        "y=total,units color=region | color= goes with one column for y, and not with several",
        "y=region | region is not a column of numbers, as y has to be; those with numbers are id, total, units",
        "x=nope | There is no column nope; the columns are id, region, product, day, total, units",
      })
  void wrongArgumentsAreExplained(String argument, String message) {
    assertFails(SALES, argument, MagicException.USAGE_ERROR).hasMessageStartingWith(message);
  }

  @Test
  void whatCannotBePlottedIsExplained() {
    assertThatThrownBy(() -> run("%plot", NamedValues.x(SALES)))
        .hasMessageStartingWith("%plot takes the name of a value\n%plot NAME [bar|line|");
    assertThatThrownBy(() -> run("%plot nobody", NamedValues.x(SALES)))
        .hasMessage("Value nobody does not exist");
    assertFails(PlainValue.of(1), "", MagicException.VALUE_ERROR)
        .hasMessageStartingWith("x is a single value; a plot takes a DataFrame, ");
    assertFails(table("n:long"), "", MagicException.VALUE_ERROR)
        .hasMessage("There are no rows to plot");
    assertFails(new PlainValue.Sequence(List.of()), "", MagicException.VALUE_ERROR);
    assertFails(table("n:long", row((Object) null)), "", MagicException.VALUE_ERROR)
        .hasMessage("There is nothing to plot: no row has the numbers that are needed");
    assertFails(table("s:string", row("a")), "line", MagicException.VALUE_ERROR)
        .hasMessage("There is no column of numbers for a line plot; the columns are s");
    assertFails(list(-1.0, 2.0), "pie", MagicException.VALUE_ERROR)
        .hasMessage("A pie cannot show negative numbers; bar can");
    assertFails(list(0.0, 0.0), "pie", MagicException.VALUE_ERROR)
        .hasMessage("A pie of nothing but zeros cannot be drawn; bar can");
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertFails(
      PlainValue value, String options, String error) {
    return assertThatThrownBy(() -> plot(value, options))
        .isInstanceOfSatisfying(MagicException.class, e -> assertThat(e.name()).isEqualTo(error));
  }

  private static MimeBundle plot(PlainValue value, String options) throws MagicException {
    return run("%plot x " + options, NamedValues.x(value));
  }

  private static MimeBundle run(String line, NamedValues session) throws MagicException {
    Magics magics = Magics.builtin();
    return magics.run(magics.parse(line), session);
  }

  /** Returns the specification, after checks that hold for each. */
  private static JsonNode specification(MimeBundle bundle) throws Exception {
    JsonNode specification = JSON.readTree(bundle.find(MimeBundle.VEGA_LITE).orElseThrow().data());
    assertThat(specification.fieldNames())
        .toIterable()
        .containsExactly("$schema", "title", "width", "height", "data", "mark", "encoding");
    JsonNode first = specification.path("data").path("values").path(0);
    for (JsonNode channel : specification.path("encoding")) {
      assertThat(first.has(channel.path("field").asText())).isTrue();
    }
    return specification;
  }

  private static String values(JsonNode specification) {
    return specification.path("data").path("values").toString().replace('"', '\'');
  }

  private static String type(PlainValue value, String options) throws MagicException {
    String text = plot(value, options).find(MimeBundle.TEXT).orElseThrow().data();
    return text.substring(0, text.indexOf(':'));
  }

  private static BufferedImage picture(MimeBundle bundle) throws Exception {
    byte[] png = Base64.getDecoder().decode(bundle.find(MimeBundle.PNG).orElseThrow().data());
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static Set<Integer> colors(BufferedImage image) {
    Set<Integer> colors = new HashSet<>();
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        colors.add(image.getRGB(x, y) & WHITE);
      }
    }
    return colors;
  }

  @SafeVarargs
  private static PlainValue.Table table(String columns, List<PlainValue>... rows) {
    return new PlainValue.Table(columns(columns), List.of(rows), Extent.WHOLE);
  }

  private static List<Column> columns(String text) {
    return Arrays.stream(text.split(" ", -1))
        .map(column -> column.split(":", -1))
        .map(column -> new Column(column[0], column[1], true))
        .toList();
  }

  private static List<PlainValue> row(Object... cells) {
    return Arrays.stream(cells).map(PlotMagicTest::plain).toList();
  }

  private static PlainValue list(Double... numbers) {
    return new PlainValue.Sequence(row((Object[]) numbers));
  }

  private static PlainValue pair(String name, long number) {
    return new PlainValue.Sequence(List.of(PlainValue.of(name), PlainValue.of(number)));
  }

  private static PlainValue object(Object... namesAndValues) {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      entries.put((String) namesAndValues[i], plain(namesAndValues[i + 1]));
    }
    return new PlainValue.Mapping(entries);
  }

  private static PlainValue plain(Object value) {
    if (value == null) {
      return PlainValue.NULL;
    } else if (value instanceof Number number && !(value instanceof Double)) {
      return PlainValue.of(number.longValue());
    } else if (value instanceof Double number) {
      return PlainValue.of((double) number);
    } else if (value instanceof LocalDate date) {
      return new PlainValue.Date(date);
    } else if (value instanceof Instant instant) {
      return new PlainValue.Timestamp(instant);
    }
    return PlainValue.of((String) value);
  }
}
