package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The types of {@code %table}'s columns, by the rules of each language. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class TableTypingTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ROUNDS = 2000;

  /** A kind of cell, what each language calls it, and how a program gets it. */
  private enum Sample {
    TRUTH(PlainValue.of(true), "BOOLEAN_TYPE", "BOOLEAN_TYPE", "true", "true"),
    SMALL(PlainValue.of(1), "BIGINT_TYPE", "INT_TYPE", "1", "1"),
    HUGE(
        new PlainValue.Whole(BigInteger.TEN.pow(40)),
        "BIGINT_TYPE",
        "INT_TYPE",
        "1" + "0".repeat(40),
        "1" + "0".repeat(40)),
    FLOAT(PlainValue.of(0.5), "DOUBLE_TYPE", "DOUBLE_TYPE", "0.5", "0.5"),
    NOT_A_NUMBER(PlainValue.of(Double.NaN), "DOUBLE_TYPE", "DOUBLE_TYPE", "\"NaN\"", "\"NaN\""),
    DECIMAL(
        new PlainValue.Decimal(new BigDecimal("1.50")),
        "DECIMAL_TYPE",
        "DECIMAL_TYPE",
        "1.50",
        "\"1.50\""),
    TEXT(PlainValue.of("x"), "STRING_TYPE", "STRING_TYPE", "\"x\"", "\"x\""),
    DAY(
        new PlainValue.Date(LocalDate.of(2024, 2, 29)),
        "STRING_TYPE",
        "DATE_TYPE",
        "\"2024-02-29\"",
        "\"2024-02-29\""),
    INSTANT(
        new PlainValue.Timestamp(Instant.parse("2024-02-29T12:00:00Z")),
        "STRING_TYPE",
        "TIMESTAMP_TYPE",
        "\"2024-02-29T12:00:00Z\"",
        "\"2024-02-29 12:00:00+00:00\""),
    LOCAL(
        new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, 12, 0, 0, 5000)),
        "STRING_TYPE",
        "TIMESTAMP_TYPE",
        "\"2024-02-29T12:00:00.000005\"",
        "\"2024-02-29 12:00:00.000005\""),
    BYTES(
        new PlainValue.Binary(new byte[] {1}),
        "STRING_TYPE",
        "STRING_TYPE",
        "\"AQ==\"",
        "\"AQ==\""),
    LIST(
        new PlainValue.Sequence(List.of(new PlainValue.Decimal(new BigDecimal("2.0")))),
        "ARRAY_TYPE",
        "ARRAY_TYPE",
        "[2.0]",
        "[\"2.0\"]"),
    MAP(
        new PlainValue.Mapping(Map.of("k", PlainValue.of(1))),
        "MAP_TYPE",
        "MAP_TYPE",
        "{\"k\":1}",
        "{\"k\":1}");

    final PlainValue value;
    final Map<TableRules, String> types;
    final Map<TableRules, String> sent;

    Sample(PlainValue value, String scala, String python, String inScala, String inPython) {
      this.value = value;
      this.types = Map.of(TableRules.SCALA, scala, TableRules.PYTHON, python);
      this.sent = Map.of(TableRules.SCALA, inScala, TableRules.PYTHON, inPython);
    }
  }

  @ParameterizedTest
  @EnumSource(Sample.class)
  void eachKindOfCellHasTheTypeAndFormOfItsLanguage(Sample sample) throws Exception {
    for (TableRules rules : TableRules.values()) {
      String table = form(sequence(sequence(sample.value), sequence(sample.value)), rules);
      assertThat(table)
          .as(rules.name())
          .startsWith(
              "{\"headers\":[{\"name\":\"0\",\"type\":\"" + sample.types.get(rules) + "\"}]")
          .endsWith(
              "\"data\":[[" + sample.sent.get(rules) + "],[" + sample.sent.get(rules) + "]]}");
    }
  }

  @Test
  void nullFitsAnyColumnOfPythonAndNoneOfScala() throws Exception {
    PlainValue one = PlainValue.of(1);
    for (List<PlainValue> column :
        List.of(
            List.of(PlainValue.NULL, one),
            List.of(one, PlainValue.NULL),
            List.of(PlainValue.NULL, PlainValue.NULL, one, PlainValue.NULL))) {
      assertThat(types(new PlainValue.Sequence(column), TableRules.PYTHON)).isEqualTo("INT_TYPE");
      assertClash(new PlainValue.Sequence(column), TableRules.SCALA, "TypeError");
    }
    assertThat(types(sequence(PlainValue.NULL, PlainValue.NULL), TableRules.PYTHON))
        .isEqualTo("NULL_TYPE");
    assertClash(sequence(PlainValue.NULL, one, PlainValue.of("x")), TableRules.PYTHON, "TypeError");
  }

  @ParameterizedTest
  @CsvSource({"SCALA,TypeError", "PYTHON,ValueError"})
  void severalTypesInsideACellAreAnErrorInBoth(TableRules rules, String error) {
    PlainValue mixed = sequence(PlainValue.of(1), PlainValue.of("x"));
    assertClash(sequence(sequence(mixed)), rules, error);
    assertClash(sequence(sequence(sequence(PlainValue.of(1), PlainValue.NULL))), rules, error);
    PlainValue map = new PlainValue.Mapping(Map.of("a", PlainValue.of(1), "b", PlainValue.of("x")));
    assertClash(sequence(sequence(map)), rules, error);
  }

  @Test
  void schemasOfFramesAreTheSameInEveryLanguage() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(
                new Column("same", "decimal(5,2)", true), new Column("same", "timestamp", true)),
            List.of(
                List.of(
                    new PlainValue.Decimal(new BigDecimal("1.50")),
                    new PlainValue.Timestamp(Instant.EPOCH)),
                List.of(PlainValue.NULL, PlainValue.NULL)),
            Extent.WHOLE);
    assertThat(form(table, TableRules.PYTHON))
        .isEqualTo(form(table, TableRules.SCALA))
        .contains("[[1.50,\"1970-01-01T00:00:00Z\"],[null,null]]");
  }

  @ParameterizedTest
  @EnumSource(TableRules.class)
  void tablesOfAnyTypedRowsAreWholeAndTypedAsTheirCells(TableRules rules) throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      Random random = new Random(seed);
      List<Sample> columns = new ArrayList<>();
      for (int i = random.nextInt(12); i >= 0; i--) {
        columns.add(Sample.values()[random.nextInt(Sample.values().length)]);
      }
      boolean named = random.nextBoolean();
      List<PlainValue> rows = new ArrayList<>();
      int count = 1 + random.nextInt(5);
      for (int row = 0; row < count; row++) {
        List<PlainValue> cells = columns.stream().map(column -> column.value).toList();
        rows.add(named ? named(cells) : new PlainValue.Sequence(cells));
      }
      JsonNode table = JSON.readTree(form(new PlainValue.Sequence(rows), rules));
      assertThat(table.path("headers")).as("seed " + seed).hasSize(columns.size());
      assertThat(table.path("data")).as("seed " + seed).hasSize(count);
      for (int column = 0; column < columns.size(); column++) {
        JsonNode header = table.path("headers").path(column);
        assertThat(header.path("type").asText())
            .as("seed " + seed)
            .isEqualTo(columns.get(column).types.get(rules));
        for (JsonNode row : table.path("data")) {
          assertThat(row.path(column))
              .as("seed " + seed)
              .isEqualTo(JSON.readTree(columns.get(column).sent.get(rules)));
        }
      }
    }
  }

  @Test
  void pythonsNullsChangeNoTypeWhereverTheyAre() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      Random random = new Random(seed);
      Sample sample = Sample.values()[random.nextInt(Sample.values().length)];
      List<PlainValue> column = new ArrayList<>(Collections.nCopies(3, sample.value));
      for (int i = random.nextInt(4); i > 0; i--) {
        column.add(random.nextInt(column.size() + 1), PlainValue.NULL);
      }
      List<PlainValue> rows =
          column.stream().<PlainValue>map(cell -> new PlainValue.Sequence(List.of(cell))).toList();
      assertThat(types(new PlainValue.Sequence(rows), TableRules.PYTHON))
          .as("seed " + seed)
          .isEqualTo(sample.types.get(TableRules.PYTHON));
      if (column.contains(PlainValue.NULL)) {
        assertClash(new PlainValue.Sequence(rows), TableRules.SCALA, "TypeError");
      }
    }
  }

  @Test
  void anyValueIsATableOrAnErrorOfItsLanguage() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      PlainValue value = new RandomValues(seed).any(3);
      for (TableRules rules : TableRules.values()) {
        try {
          Grid grid = Grid.of(value, rules);
          JsonNode table = JSON.readTree(LivyTableForm.of(grid, rules, 1 << 20).text());
          assertThat(table.path("headers")).as("seed " + seed).hasSize(grid.headings().size());
          assertThat(table.path("data")).as("seed " + seed).hasSize(grid.rows().size());
        } catch (MagicException clash) {
          assertThat(clash.name()).as("seed " + seed).isIn("TypeError", "ValueError");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(TableRules.class)
  void thousandColumnsKeepTheirOrderAndTypes(TableRules rules) throws Exception {
    List<PlainValue> cells = new ArrayList<>();
    for (int column = 0; column < 1000; column++) {
      cells.add(Sample.values()[column % Sample.values().length].value);
    }
    JsonNode table =
        JSON.readTree(
            form(sequence(new PlainValue.Sequence(cells), new PlainValue.Sequence(cells)), rules));
    assertThat(table.path("headers")).hasSize(1000);
    for (int column = 0; column < 1000; column++) {
      Sample sample = Sample.values()[column % Sample.values().length];
      JsonNode header = table.path("headers").path(column);
      assertThat(header.path("name").asText()).isEqualTo(String.valueOf(column));
      assertThat(header.path("type").asText()).isEqualTo(sample.types.get(rules));
    }
  }

  private static PlainValue named(List<PlainValue> cells) {
    Map<String, PlainValue> row = new LinkedHashMap<>();
    for (int i = 0; i < cells.size(); i++) {
      row.put(String.format("c%02d", i), cells.get(i));
    }
    return new PlainValue.Mapping(row);
  }

  private static PlainValue sequence(PlainValue... values) {
    return new PlainValue.Sequence(List.of(values));
  }

  private static String form(PlainValue value, TableRules rules) throws MagicException {
    return LivyTableForm.of(Grid.of(value, rules), rules, 1 << 20).text();
  }

  private static String types(PlainValue value, TableRules rules) throws Exception {
    List<String> types = new ArrayList<>();
    JSON.readTree(form(value, rules))
        .path("headers")
        .forEach(header -> types.add(header.path("type").asText()));
    return String.join(",", types);
  }

  private static void assertClash(PlainValue value, TableRules rules, String error) {
    assertThatThrownBy(() -> Grid.of(value, rules))
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo(error));
  }
}
