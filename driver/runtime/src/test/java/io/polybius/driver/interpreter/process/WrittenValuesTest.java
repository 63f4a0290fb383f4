package io.polybius.driver.interpreter.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.magic.Column;
import io.polybius.magic.Extent;
import io.polybius.magic.PlainValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WrittenValuesTest {

  private static PlainValue read(String json) throws Exception {
    return WrittenValues.read(new ObjectMapper().readTree(json));
  }

  @Test
  void scalarsKeepTheirTypesAndDigits() throws Exception {
    assertThat(read("null")).isEqualTo(PlainValue.NULL);
    assertThat(read("true")).isEqualTo(new PlainValue.Truth(true));
    assertThat(read("[\"i\", \"123456789012345678901234567890\"]"))
        .isEqualTo(new PlainValue.Whole(new BigInteger("123456789012345678901234567890")));
    assertThat(read("[\"f\", \"nan\"]")).isEqualTo(new PlainValue.Floating(Double.NaN));
    assertThat(read("[\"f\", \"-inf\"]"))
        .isEqualTo(new PlainValue.Floating(Double.NEGATIVE_INFINITY));
    assertThat(read("[\"f\", \"1e-07\"]")).isEqualTo(new PlainValue.Floating(1e-7));
    assertThat(read("[\"d\", \"1.50\"]")).isEqualTo(new PlainValue.Decimal(new BigDecimal("1.50")));
    assertThat(read("[\"s\", \"\u00e9\"]")).isEqualTo(new PlainValue.Text("\u00e9"));
    assertThat(read("[\"b\", \"AQI=\"]")).isEqualTo(new PlainValue.Binary(new byte[] {1, 2}));
  }

  @Test
  void datesAndTimesKeepWhatTheySay() throws Exception {
    assertThat(read("[\"a\", \"2024-02-29\"]"))
        .isEqualTo(new PlainValue.Date(LocalDate.of(2024, 2, 29)));
    assertThat(read("[\"l\", \"2024-02-29T01:02:03.000004\"]"))
        .isEqualTo(new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4_000)));
    assertThat(read("[\"t\", \"2024-02-29T01:02:03Z\"]"))
        .isEqualTo(new PlainValue.Timestamp(Instant.parse("2024-02-29T01:02:03Z")));
  }

  @Test
  void collectionsKeepTheirOrderAndSayWhetherThereIsMore() throws Exception {
    assertThat(read("[\"q\", [true, null], true]"))
        .isEqualTo(
            new PlainValue.Sequence(
                List.of(new PlainValue.Truth(true), PlainValue.NULL), Extent.FIRST));
    assertThat(read("[\"m\", [[\"k\", [\"s\", \"v\"]]]]"))
        .isEqualTo(new PlainValue.Mapping(Map.of("k", new PlainValue.Text("v"))));
    assertThat(read("[\"p\", [[\"n\", \"long\"]], [[[\"i\", \"1\"]]], false]"))
        .isEqualTo(
            new PlainValue.Table(
                List.of(new Column("n", "long", true)),
                List.of(List.of(new PlainValue.Whole(BigInteger.ONE))),
                Extent.WHOLE));
    assertThat(read("[\"p\", [[\"n\", \"long\"]], [[null]], 1234]"))
        .isEqualTo(
            new PlainValue.Table(
                List.of(new Column("n", "long", true)),
                List.of(List.of(PlainValue.NULL)),
                Extent.firstOf(1234)));
  }

  @Test
  void whatIsNoValueIsRefused() {
    assertThatThrownBy(() -> read("[\"?\", \"1\"]")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> read("[\"i\", \"one\"]")).isInstanceOf(NumberFormatException.class);
  }

  @Test
  void whatIsWrittenIsReadAsTheSame() {
    for (PlainValue value :
        List.of(
            PlainValue.NULL,
            PlainValue.of(false),
            new PlainValue.Whole(BigInteger.TWO.pow(100)),
            PlainValue.of(Double.NaN),
            PlainValue.of(Double.NEGATIVE_INFINITY),
            PlainValue.of(-0.1),
            new PlainValue.Decimal(new BigDecimal("1.500")),
            PlainValue.of("\u00e9\n\"\0"),
            new PlainValue.Date(LocalDate.of(1, 1, 1)),
            new PlainValue.Timestamp(Instant.parse("2024-02-29T01:02:03.000004Z")),
            new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, 0, 0)),
            new PlainValue.Binary(new byte[] {0, -1}),
            new PlainValue.Sequence(List.of(PlainValue.of(1), PlainValue.NULL)),
            new PlainValue.Mapping(
                Map.of("k", new PlainValue.Mapping(Map.of("", PlainValue.of("v"))))))) {
      assertThat(WrittenValues.read(WrittenValues.write(value))).isEqualTo(value);
    }
  }
}
