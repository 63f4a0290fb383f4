package io.polybius.driver.interpreter.r;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.magic.Column;
import io.polybius.magic.Extent;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RLiteralsTest {

  private static PlainValue.Sequence sequence(PlainValue... items) {
    return new PlainValue.Sequence(List.of(items));
  }

  @Test
  void singleValuesAreVectorsOfOne() throws Exception {
    assertThat(RLiterals.of(PlainValue.of(5))).isEqualTo("5L");
    assertThat(RLiterals.of(PlainValue.of(3_000_000_000L))).isEqualTo("3000000000");
    assertThat(RLiterals.of(PlainValue.of(0.5))).isEqualTo("0.5");
    assertThat(RLiterals.of(PlainValue.of(Double.NEGATIVE_INFINITY))).isEqualTo("-Inf");
    assertThat(RLiterals.of(PlainValue.of(true))).isEqualTo("TRUE");
    assertThat(RLiterals.of(PlainValue.NULL)).isEqualTo("NULL");
    assertThat(RLiterals.of(new PlainValue.Decimal(new BigDecimal("1.50")))).isEqualTo("1.50");
    assertThat(RLiterals.of(new PlainValue.Whole(BigInteger.TWO.pow(70))))
        .isEqualTo("1180591620717411303424");
    assertThat(RLiterals.of(new PlainValue.Date(LocalDate.of(2024, 2, 29))))
        .isEqualTo("as.Date(\"2024-02-29\")");
    assertThat(RLiterals.of(new PlainValue.Timestamp(Instant.ofEpochMilli(1500))))
        .isEqualTo("as.POSIXct(1.5, origin = \"1970-01-01\", tz = \"UTC\")");
    assertThat(RLiterals.of(new PlainValue.Binary(new byte[] {1, -1})))
        .isEqualTo("as.raw(c(0x01, 0xff))");
  }

  @Test
  void textsCannotEndTheirQuotes() throws Exception {
    assertThat(RLiterals.of(PlainValue.of("a\"b\\c\nd\u00e9")))
        .isEqualTo("\"a\\\"b\\\\c\\u000ad\u00e9\"");
    assertThat(RLiterals.of(new PlainValue.Mapping(Map.of("a`b", PlainValue.of(1)))))
        .isEqualTo("structure(list(1L), names = c(\"a`b\"))");
  }

  @Test
  void sequencesOfOneTypeAreVectors() throws Exception {
    assertThat(RLiterals.of(sequence(PlainValue.of(1), PlainValue.NULL)))
        .isEqualTo("c(1L, NA_integer_)");
    assertThat(RLiterals.of(sequence(PlainValue.of("a"), PlainValue.of(1))))
        .isEqualTo("list(\"a\", 1L)");
    assertThat(RLiterals.of(sequence())).isEqualTo("list()");
  }

  @Test
  void tablesAreDataFrames() throws Exception {
    PlainValue table =
        new PlainValue.Table(
            List.of(new Column("id", "long", false), new Column("unit price", "double", true)),
            List.of(
                List.of(PlainValue.of(1), PlainValue.of(2.5)),
                List.of(PlainValue.of(2), PlainValue.NULL)),
            Extent.WHOLE);
    assertThat(RLiterals.of(table))
        .isEqualTo(
            "structure(list(c(1L, 2L), c(2.5, NA_real_)), names = c(\"id\", \"unit price\"),"
                + " row.names = c(NA_integer_, -2L), class = \"data.frame\")");
  }

  @Test
  void nestedCellsOfASingleRowStayCells() throws Exception {
    PlainValue table =
        new PlainValue.Table(
            List.of(new Column("xs", "array<int>", true)),
            List.of(List.of(sequence(PlainValue.of(1), PlainValue.of(2)))),
            Extent.WHOLE);
    assertThat(RLiterals.of(table))
        .isEqualTo(
            "structure(list(I(list(c(1L, 2L)))), names = c(\"xs\"),"
                + " row.names = c(NA_integer_, -1L), class = \"data.frame\")");
    assertThat(RLiterals.of(sequence(sequence(PlainValue.of(1), PlainValue.of(2)))))
        .isEqualTo("list(c(1L, 2L))");
  }

  @Test
  void mapsKeepTheirOrder() throws Exception {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    entries.put("b", PlainValue.of(1));
    entries.put("a", sequence(PlainValue.of("x"), PlainValue.of("y")));
    assertThat(RLiterals.of(new PlainValue.Mapping(entries)))
        .isEqualTo("structure(list(1L, c(\"x\", \"y\")), names = c(\"b\", \"a\"))");
  }

  @Test
  void longSequencesAreRefused() {
    PlainValue tooLong =
        new PlainValue.Sequence(Collections.nCopies(RLiterals.MAX_ELEMENTS + 1, PlainValue.of(1)));
    assertThatThrownBy(() -> RLiterals.of(tooLong))
        .isInstanceOf(MagicException.class)
        .hasMessageContaining("at most");
  }
}
