package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.polybius.driver.protocol.MimeBundle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code %json} and the JSON form. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class JsonFormTest {

  private static final JsonMapper STRICT =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Magics magics = Magics.builtin();

  @Test
  void scalarsAreTheirJson() throws Exception {
    assertThat(json(PlainValue.NULL)).isEqualTo("null");
    assertThat(json(PlainValue.of(true))).isEqualTo("true");
    assertThat(json(PlainValue.of(Long.MIN_VALUE))).isEqualTo("-9223372036854775808");
    assertThat(json(PlainValue.of(1.5))).isEqualTo("1.5");
    assertThat(json(PlainValue.of(1e300))).isEqualTo("1.0E300");
    assertThat(json(PlainValue.of("a\"\n\u0001\u20ac"))).isEqualTo("\"a\\\"\\n\\u0001\u20ac\"");
    assertThat(json(new PlainValue.Date(LocalDate.of(2024, 2, 29)))).isEqualTo("\"2024-02-29\"");
    assertThat(json(new PlainValue.Timestamp(Instant.parse("2024-02-29T12:00:00Z"))))
        .isEqualTo("\"2024-02-29T12:00:00Z\"");
    assertThat(json(new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, 12, 0))))
        .isEqualTo("\"2024-02-29T12:00:00\"");
    assertThat(json(new PlainValue.Binary(new byte[] {(byte) 0xDE, (byte) 0xAD})))
        .isEqualTo("\"3q0=\"");
  }

  @Test
  void numbersKeepEveryDigit() throws Exception {
    assertThat(json(new PlainValue.Whole(BigInteger.TEN.pow(60)))).isEqualTo("1" + "0".repeat(60));
    assertThat(json(decimal("12345678901234567890.1234567890")))
        .isEqualTo("12345678901234567890.1234567890");
    assertThat(json(decimal("0E-18"))).isEqualTo("0.000000000000000000");
    assertThat(json(decimal("1E+1000000"))).isEqualTo("1E+1000000");
  }

  @Test
  void numbersThatJsonLacksAreTexts() throws Exception {
    assertThat(json(PlainValue.of(Double.NaN))).isEqualTo("\"NaN\"");
    assertThat(json(PlainValue.of(Double.POSITIVE_INFINITY))).isEqualTo("\"Infinity\"");
    assertThat(json(PlainValue.of(Double.NEGATIVE_INFINITY))).isEqualTo("\"-Infinity\"");
  }

  @Test
  void halfSurrogatesAreReplacedAlsoInKeys() throws Exception {
    assertThat(json(PlainValue.of("\ud800x\udc00\ud83d\ude00")))
        .isEqualTo("\"\ufffdx\ufffd\ud83d\ude00\"");
    assertThat(json(new PlainValue.Mapping(Map.of("\udc00", PlainValue.of(1)))))
        .isEqualTo("{\"\ufffd\":1}");
  }

  @Test
  void collectionsAreArraysAndObjectsInOrder() throws Exception {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    entries.put("z", PlainValue.of(1));
    entries.put("a", new PlainValue.Sequence(List.of(PlainValue.NULL, PlainValue.of("b"))));
    assertThat(json(new PlainValue.Mapping(entries))).isEqualTo("{\"z\":1,\"a\":[null,\"b\"]}");
    assertThat(json(new PlainValue.Mapping(Map.of()))).isEqualTo("{}");
    assertThat(json(new PlainValue.Sequence(List.of()))).isEqualTo("[]");
  }

  @Test
  void rowByItselfIsValuesAndSchema() throws Exception {
    PlainValue row =
        new PlainValue.Row(
            List.of(
                new Column("a", "\"long\"", false),
                new Column(
                    "b",
                    "{\"type\":\"array\",\"elementType\":\"long\",\"containsNull\":true}",
                    true)),
            List.of(PlainValue.of(1), PlainValue.NULL));
    String expected =
        "{\"values\":[1,null],\"schema\":["
            + "{\"name\":\"a\",\"dataType\":\"long\",\"nullable\":false,\"metadata\":{}},"
            + "{\"name\":\"b\",\"dataType\":{\"type\":\"array\",\"elementType\":\"long\","
            + "\"containsNull\":true},\"nullable\":true,\"metadata\":{}}]}";
    assertThat(json(row)).isEqualTo(expected);
    assertThat(json(new PlainValue.Sequence(List.of(row)))).isEqualTo("[" + expected + "]");
  }

  @Test
  void tableIsAnArrayOfObjectsAlsoInside() throws Exception {
    PlainValue inner =
        new PlainValue.Row(List.of(new Column("c", "string", true)), List.of(PlainValue.of("d")));
    PlainValue table =
        new PlainValue.Table(
            List.of(new Column("b", "long", false), new Column("a", "string", true)),
            List.of(List.of(PlainValue.of(1), inner), List.of(PlainValue.of(2), PlainValue.NULL)),
            Extent.WHOLE);
    assertThat(json(table)).isEqualTo("[{\"b\":1,\"a\":{\"c\":\"d\"}},{\"b\":2,\"a\":null}]");
    assertThat(json(new PlainValue.Mapping(Map.of("t", table))))
        .isEqualTo("{\"t\":[{\"b\":1,\"a\":{\"c\":\"d\"}},{\"b\":2,\"a\":null}]}");
  }

  @Test
  void columnsOfTheSameNameGetNumbers() throws Exception {
    List<Column> columns =
        List.of("a", "a", "a_2", "a", "b").stream().map(n -> new Column(n, "long", true)).toList();
    List<PlainValue> row =
        List.of(1L, 2L, 3L, 4L, 5L).stream().map(n -> PlainValue.of(n.longValue())).toList();
    assertThat(json(new PlainValue.Table(columns, List.of(row), Extent.WHOLE)))
        .isEqualTo("[{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4,\"b\":5}]");
  }

  @Test
  void truncationIsSaidInTheTextAlone() throws Exception {
    List<PlainValue> numbers = List.of(PlainValue.of(1), PlainValue.of(2));
    MimeBundle uncounted = run("%json x", new PlainValue.Sequence(numbers, Extent.FIRST));
    assertThat(form(uncounted, MimeBundle.JSON)).isEqualTo("[1,2]");
    assertThat(form(uncounted, MimeBundle.TEXT)).isEqualTo("[ 1, 2 ]\n(2 of more than 2 elements)");
    PlainValue table =
        new PlainValue.Table(
            List.of(new Column("a", "long", false)),
            List.of(numbers.subList(0, 1)),
            Extent.firstOf(1234));
    MimeBundle counted = run("%json x 1", table);
    assertThat(form(counted, MimeBundle.JSON)).isEqualTo("[{\"a\":1}]");
    assertThat(form(counted, MimeBundle.TEXT)).isEqualTo("[ {\n  \"a\": 1\n} ]\n(1 of 1,234 rows)");
  }

  @Test
  void rowCountIsAskedOfTheInterpreterAndCutsCollections() throws Exception {
    NamedValues session =
        new NamedValues()
            .with("fetched", rows -> PlainValue.of(rows))
            .with(
                "list",
                rows -> new PlainValue.Sequence(Collections.nCopies(5000, PlainValue.of(7))));
    assertThat(form(magics.run(magics.parse("%json fetched"), session), MimeBundle.JSON))
        .isEqualTo("1000");
    assertThat(form(magics.run(magics.parse("%json fetched 50"), session), MimeBundle.JSON))
        .isEqualTo("50");
    assertThat(form(magics.run(magics.parse("%json list"), session), MimeBundle.JSON))
        .hasSize(10_001);
    MimeBundle three = magics.run(magics.parse("%json list 3"), session);
    assertThat(form(three, MimeBundle.JSON)).isEqualTo("[7,7,7]");
    assertThat(form(three, MimeBundle.TEXT)).endsWith("(3 of 5,000 elements)");
  }

  @Test
  void longTextIsBoundedWhileJsonIsWhole() throws Exception {
    PlainValue list = new PlainValue.Sequence(Collections.nCopies(20_000, PlainValue.of(7)));
    MimeBundle bundle = run("%json x", list);
    assertThat(STRICT.readTree(form(bundle, MimeBundle.JSON))).hasSize(20_000);
    assertThat(form(bundle, MimeBundle.TEXT))
        .hasSizeLessThan(10_100)
        .endsWith("\n... (50,002 more characters)");
  }

  @Test
  void valueBeyondTheLimitIsValueError() {
    PlainValue text = PlainValue.of("\u20ac".repeat(400));
    assertThatThrownBy(() -> JsonForm.of(text, 1201))
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo("ValueError"))
        .hasMessage("the value takes more than 1,201 bytes as JSON; ask for fewer rows");
  }

  @Test
  void limitCountsUtf8Bytes() throws Exception {
    PlainValue text = PlainValue.of("\u20ac\u00e9\ud83d\ude00a");
    int bytes = 3 + 2 + 4 + 1 + 2;
    assertThat(JsonForm.of(text, bytes).text().getBytes(StandardCharsets.UTF_8)).hasSize(bytes);
    assertThatThrownBy(() -> JsonForm.of(text, bytes - 1)).isInstanceOf(MagicException.class);
  }

  @Test
  void tableBeyondTheLimitIsCutToWholeRows() throws Exception {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(new Column("a", "string", false)),
            Collections.nCopies(100, List.of(PlainValue.of("x".repeat(90)))),
            Extent.WHOLE);
    JsonForm.Encoded cut = JsonForm.of(table, 1024);
    assertThat(STRICT.readTree(cut.text())).hasSize(10);
    assertThat(cut.text().length()).isLessThanOrEqualTo(1024);
    assertThat(((PlainValue.Table) cut.shown()).extent()).isEqualTo(Extent.firstOf(100));
    MimeBundle bundle =
        magics.run(
            magics.parse("%json x"),
            NamedValues.x(table).limited(new MagicLimits(1000, 100, 1024)));
    assertThat(form(bundle, MimeBundle.TEXT)).endsWith("(10 of 100 rows)");
  }

  @Test
  void tableWhoseFirstRowIsTooLongIsValueError() {
    PlainValue.Table table =
        new PlainValue.Table(
            List.of(new Column("a", "string", false)),
            List.of(List.of(PlainValue.of("x".repeat(2000)))),
            Extent.WHOLE);
    assertThatThrownBy(() -> JsonForm.of(table, 1024)).isInstanceOf(MagicException.class);
  }

  @Test
  void deepestNestingPassesAndDeeperIsValueError() throws Exception {
    assertThat(STRICT.readTree(json(nested(PlainValue.MAX_DEPTH)))).isNotNull();
    assertThatThrownBy(() -> json(nested(100 * PlainValue.MAX_DEPTH)))
        .isInstanceOf(MagicException.class)
        .hasMessage("the value is nested too deeply");
    assertThatThrownBy(() -> Grid.of(nested(100 * PlainValue.MAX_DEPTH), TableRules.SCALA))
        .isInstanceOf(MagicException.class)
        .hasMessage("the value is nested too deeply");
  }

  @Test
  void anyValueIsWellFormedJsonWithoutHalfSurrogates() throws Exception {
    RandomValues random = new RandomValues(42);
    for (int i = 0; i < 2000; i++) {
      MimeBundle bundle = run("%json x", random.any(4));
      String json = form(bundle, MimeBundle.JSON);
      JsonNode tree = STRICT.readTree(json);
      // Fails on half surrogates.
      assertThat(STRICT.readTree(STRICT.writeValueAsBytes(tree))).isEqualTo(tree);
      assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(json)).isTrue();
      assertThat(bundle.entries())
          .extracting(MimeBundle.Entry::mimeType)
          .containsExactly(MimeBundle.JSON, MimeBundle.TEXT);
    }
  }

  private static PlainValue nested(int depth) {
    PlainValue value = PlainValue.NULL;
    for (int i = 1; i < depth; i++) {
      value = new PlainValue.Row(List.of(new Column("a", "string", true)), List.of(value));
    }
    return value;
  }

  private static PlainValue decimal(String digits) {
    return new PlainValue.Decimal(new BigDecimal(digits));
  }

  private String json(PlainValue value) throws MagicException {
    return form(run("%json x", value), MimeBundle.JSON);
  }

  private MimeBundle run(String line, PlainValue x) throws MagicException {
    return magics.run(magics.parse(line), NamedValues.x(x));
  }

  private static String form(MimeBundle bundle, String type) {
    return bundle.find(type).orElseThrow().data();
  }
}
