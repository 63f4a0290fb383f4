package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.driver.protocol.MimeBundle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The form of {@code %table} for Livy's clients. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class LivyTableFormTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void valueThatIsNoListIsOneRow() throws Exception {
    assertTable(PlainValue.of(1), "0 BIGINT_TYPE", "[[1]]");
    assertTable(PlainValue.NULL, "0 NULL_TYPE", "[[null]]");
    assertTable(
        map("b", PlainValue.of("x"), "a", PlainValue.of(1.5)),
        "a DOUBLE_TYPE, b STRING_TYPE",
        "[[1.5,\"x\"]]");
  }

  @Test
  void rowThatIsNoListAndNoObjectIsOneColumn() throws Exception {
    assertTable(list(PlainValue.of(1), PlainValue.of(2)), "0 BIGINT_TYPE", "[[1],[2]]");
  }

  @Test
  void emptyListIsAnEmptyTable() throws Exception {
    assertTable(list(), "", "[]");
    assertTable(list(list(), list()), "", "[[],[]]");
  }

  @Test
  void objectRowsHaveTheirKeysSorted() throws Exception {
    assertTable(
        list(
            map("b", PlainValue.of(1), "B", PlainValue.of(2), "a", PlainValue.of(3)),
            map("a", PlainValue.of(6), "b", PlainValue.of(4), "B", PlainValue.of(5))),
        "B BIGINT_TYPE, a BIGINT_TYPE, b BIGINT_TYPE",
        "[[2,3,1],[5,6,4]]");
  }

  @Test
  void rowsWithSchemaAreObjectsByName() throws Exception {
    PlainValue row =
        new PlainValue.Row(
            List.of(new Column("n", "string", true), new Column("k", "long", false)),
            List.of(PlainValue.of("x"), PlainValue.of(1)));
    assertTable(list(row), "k BIGINT_TYPE, n STRING_TYPE", "[[1,\"x\"]]");
  }

  @Test
  void elevenAndMorePositionsAreInOrderOfTheirNumbers() throws Exception {
    List<PlainValue> row = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      row.add(i % 2 == 0 ? PlainValue.of(i) : PlainValue.of("s" + i));
    }
    JsonNode table = table(list(new PlainValue.Sequence(row)));
    for (int i = 0; i < 120; i++) {
      assertThat(table.at("/headers/" + i + "/name").asText()).isEqualTo(Integer.toString(i));
      assertThat(table.at("/headers/" + i + "/type").asText())
          .isEqualTo(i % 2 == 0 ? "BIGINT_TYPE" : "STRING_TYPE");
      assertThat(table.at("/data/0/" + i).asText()).isEqualTo(i % 2 == 0 ? "" + i : "s" + i);
    }
  }

  @Test
  void keysThatLookLikeNumbersAreSortedAsTexts() throws Exception {
    assertTable(
        list(map("10", PlainValue.of(1), "2", PlainValue.of(2))),
        "10 BIGINT_TYPE, 2 BIGINT_TYPE",
        "[[1,2]]");
  }

  @Test
  void raggedRowsAreKeptAsTheyAre() throws Exception {
    assertTable(
        list(list(PlainValue.of(1)), list(PlainValue.of(2), PlainValue.of("x")), list()),
        "0 BIGINT_TYPE, 1 STRING_TYPE",
        "[[1],[2,\"x\"],[]]");
    assertTable(
        list(map("b", PlainValue.of(1)), map("a", PlainValue.of("x"))),
        "a STRING_TYPE, b BIGINT_TYPE",
        "[[1],[\"x\"]]");
  }

  @Test
  void typesAreThoseOfLivysScala() throws Exception {
    PlainValue row =
        list(
            PlainValue.NULL,
            PlainValue.of(true),
            PlainValue.of(1),
            new PlainValue.Whole(BigInteger.TWO.pow(100)),
            PlainValue.of(Double.NaN),
            new PlainValue.Decimal(new BigDecimal("1.50")),
            PlainValue.of("x"),
            new PlainValue.Date(LocalDate.of(2024, 1, 1)),
            list(PlainValue.of(1), PlainValue.of(2)),
            map("k", PlainValue.of(1)));
    assertTable(
        list(row),
        "0 NULL_TYPE, 1 BOOLEAN_TYPE, 2 BIGINT_TYPE, 3 BIGINT_TYPE, 4 DOUBLE_TYPE, 5 DECIMAL_TYPE, "
            + "6 STRING_TYPE, 7 STRING_TYPE, 8 ARRAY_TYPE, 9 MAP_TYPE",
        "[[null,true,1,1267650600228229401496703205376,\"NaN\",1.50,\"x\",\"2024-01-01\",[1,2],"
            + "{\"k\":1}]]");
  }

  @Test
  void cellsOfSeveralTypesInAColumnAreTypeError() {
    assertClash(list(PlainValue.of(1), PlainValue.of("x")));
    assertClash(list(PlainValue.of(1), PlainValue.of(1.0)));
    assertClash(list(PlainValue.of(1), PlainValue.NULL));
    assertClash(list(map("a", PlainValue.NULL), map("a", PlainValue.of(true))));
    assertClash(list(list(PlainValue.of(1)), PlainValue.of("x")));
  }

  @Test
  void cellsOfSeveralTypesInsideAreTypeError() {
    assertClash(list(list(list(PlainValue.of(1), PlainValue.of("x")))));
    assertClash(list(list(list(PlainValue.of(1), PlainValue.NULL))));
    assertClash(list(map("a", map("b", PlainValue.of(1), "c", PlainValue.of("x")))));
    assertClash(list(list(list(list(PlainValue.of(1)), list(PlainValue.of(1), PlainValue.NULL)))));
  }

  @Test
  void emptyCollectionsInsideClashWithNothing() throws Exception {
    assertTable(
        list(list(list(), map()), list(list(PlainValue.of(1)), map("a", PlainValue.of(1)))),
        "0 ARRAY_TYPE, 1 MAP_TYPE",
        "[[[],{}],[[1],{\"a\":1}]]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "void|NULL_TYPE",
        "boolean|BOOLEAN_TYPE",
        "byte|INT_TYPE",
        "short|INT_TYPE",
        "integer|INT_TYPE",
        "long|BIGINT_TYPE",
        "float|DOUBLE_TYPE",
        "double|DOUBLE_TYPE",
        "decimal(38,18)|DECIMAL_TYPE",
        "\"decimal(10,2)\"|DECIMAL_TYPE",
        "string|STRING_TYPE",
        "varchar(10)|STRING_TYPE",
        "binary|STRING_TYPE",
        "date|DATE_TYPE",
        "timestamp|TIMESTAMP_TYPE",
        "timestamp_ntz|TIMESTAMP_TYPE",
        "interval day to second|STRING_TYPE",
        "variant|STRING_TYPE",
        "{\"type\":\"array\",\"elementType\":\"long\",\"containsNull\":true}|ARRAY_TYPE",
        "{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"long\"}|MAP_TYPE",
        "{\"type\":\"struct\",\"fields\":[]}|MAP_TYPE",
        "{\"type\":\"udt\",\"sqlType\":{\"type\":\"struct\",\"fields\":[]}}|MAP_TYPE",
        "{\"type\":\"udt\",\"sqlType\":\"double\"}|DOUBLE_TYPE",
        "{\"type\":\"later\"}|STRING_TYPE",
        "{broken|STRING_TYPE",
      })
  void columnsOfATableHaveTheTypesOfItsSchema(String type, String expected) throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(new Column("c", type, true)),
            List.of(List.of(PlainValue.NULL), List.of(PlainValue.of("x"))),
            Extent.WHOLE);
    assertTable(table, "c " + expected, "[[null],[\"x\"]]");
  }

  @Test
  void columnsOfATableKeepOrderAndNamesEvenEqualOnes() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(
                new Column("b", "long", true),
                new Column("a", "string", true),
                new Column("b", "double", true)),
            List.of(List.of(PlainValue.of(1), PlainValue.NULL, PlainValue.of(2.0))),
            Extent.WHOLE);
    assertTable(table, "b BIGINT_TYPE, a STRING_TYPE, b DOUBLE_TYPE", "[[1,null,2.0]]");
  }

  @Test
  void thousandColumnsAreAllThere() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            IntStream.range(0, 1000).mapToObj(i -> new Column("c" + i, "long", true)).toList(),
            Collections.nCopies(
                3, IntStream.range(0, 1000).mapToObj(i -> PlainValue.of(i)).toList()),
            Extent.WHOLE);
    JsonNode json = table(table);
    assertThat(json.path("headers")).hasSize(1000);
    assertThat(json.path("data")).hasSize(3).allSatisfy(row -> assertThat(row).hasSize(1000));
    assertThat(json.at("/headers/999/name").asText()).isEqualTo("c999");
    assertThat(json.at("/data/2/999").asInt()).isEqualTo(999);
  }

  @Test
  void tooManyRowsAreCutFromATableButNotFromAList() throws Exception {
    List<PlainValue> row = List.of(PlainValue.of("x".repeat(100)));
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(new Column("c", "string", true)), Collections.nCopies(50, row), Extent.FIRST);
    LivyTableForm.Encoded cut = LivyTableForm.of(Grid.of(table), TableRules.SCALA, 1024);
    assertThat(cut.text().length()).isBetween(900, 1024);
    assertThat(JSON.readTree(cut.text()).path("data")).hasSize(cut.shown().rows().size());
    assertThat(cut.shown().rows()).hasSizeBetween(5, 10);
    assertThat(cut.shown().extent()).isEqualTo(Extent.FIRST);

    PlainValue list = new PlainValue.Sequence(Collections.nCopies(50, row.get(0)));
    assertThatThrownBy(
            () -> LivyTableForm.of(Grid.of(list, TableRules.SCALA), TableRules.SCALA, 1024))
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo("ValueError"));
  }

  @Test
  void headersAreSortedUniqueAndOfTheTypeOfEveryCell() throws Exception {
    RandomValues random = new RandomValues(7);
    int tables = 0;
    for (int i = 0; i < 3000; i++) {
      PlainValue value = random.any(3);
      Grid grid;
      try {
        grid = Grid.of(value, TableRules.SCALA);
      } catch (MagicException clash) {
        assertThat(clash.name()).isEqualTo("TypeError");
        continue;
      }
      tables++;
      JsonNode json = JSON.readTree(LivyTableForm.of(grid, TableRules.SCALA, 1 << 20).text());
      assertThat(json.path("headers")).hasSize(grid.headings().size());
      assertThat(json.path("data")).hasSize(grid.rows().size());
      for (List<PlainValue> row : grid.rows()) {
        assertThat(row).hasSize(grid.headings().size());
      }
      if (!(value instanceof PlainValue.Table)) {
        assertThat(grid.headings()).doesNotHaveDuplicates();
        for (List<PlainValue> row : grid.rows()) {
          for (int column = 0; column < row.size(); column++) {
            if (row.get(column) != null) {
              assertThat(LivyType.of(row.get(column), TableRules.SCALA))
                  .isEqualTo(grid.headings().get(column).type());
            }
          }
        }
      }
    }
    assertThat(tables).isGreaterThan(1000);
  }

  @Test
  void bundleHasTheFormForProgramsFirst() throws Exception {
    Magics magics = Magics.builtin();
    MimeBundle bundle = magics.run(magics.parse("%table x"), NamedValues.x(PlainValue.of(1)));
    assertThat(bundle.entries())
        .extracting(MimeBundle.Entry::mimeType)
        .containsExactly(MimeBundle.LIVY_TABLE, MimeBundle.HTML, MimeBundle.TEXT);
  }

  private static void assertTable(PlainValue value, String headers, String data) throws Exception {
    String text =
        LivyTableForm.of(Grid.of(value, TableRules.SCALA), TableRules.SCALA, 1 << 20).text();
    JsonNode json = JSON.readTree(text);
    assertThat(json.fieldNames()).toIterable().containsExactly("headers", "data");
    List<String> told = new ArrayList<>();
    for (JsonNode header : json.path("headers")) {
      assertThat(header).hasSize(2);
      told.add(header.path("name").textValue() + " " + header.path("type").textValue());
    }
    assertThat(String.join(", ", told)).isEqualTo(headers);
    assertThat(text.substring(text.indexOf("\"data\":") + 7, text.length() - 1)).isEqualTo(data);
  }

  private static void assertClash(PlainValue value) {
    assertThatThrownBy(() -> Grid.of(value, TableRules.SCALA))
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo("TypeError"))
        .hasMessage("table rows have different types");
  }

  private static JsonNode table(PlainValue value) throws Exception {
    return JSON.readTree(
        LivyTableForm.of(Grid.of(value, TableRules.SCALA), TableRules.SCALA, 1 << 20).text());
  }

  private static PlainValue list(PlainValue... items) {
    return new PlainValue.Sequence(List.of(items));
  }

  private static PlainValue map(Object... keysAndValues) {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      entries.put((String) keysAndValues[i], (PlainValue) keysAndValues[i + 1]);
    }
    return new PlainValue.Mapping(entries);
  }
}
