package io.polybius.driver.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.magic.PlainValue;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ScalaObjectsTest {

  private static final PlainValue ONE = PlainValue.of(1);

  /** A value and the type that a program would give it. */
  private record Typed(PlainValue value, String type) {}

  private static List<Typed> values() {
    Map<String, PlainValue> many = new LinkedHashMap<>();
    for (int i = 0; i < 10; i++) {
      many.put("k" + i, PlainValue.of(i));
    }
    return List.of(
        new Typed(PlainValue.NULL, "Any"),
        new Typed(PlainValue.of(true), "Boolean"),
        new Typed(ONE, "Long"),
        new Typed(new PlainValue.Whole(BigInteger.TWO.pow(80)), "BigInt"),
        new Typed(PlainValue.of(1.5), "Double"),
        new Typed(PlainValue.of("x"), "String"),
        new Typed(new PlainValue.Sequence(List.of()), "Seq[Any]"),
        new Typed(new PlainValue.Sequence(List.of(ONE, ONE)), "Seq[Long]"),
        new Typed(new PlainValue.Sequence(List.of(ONE, PlainValue.of("x"))), "Seq[Any]"),
        new Typed(new PlainValue.Sequence(List.of(ONE, PlainValue.NULL)), "Seq[Any]"),
        new Typed(new PlainValue.Mapping(many), "Map[String, Long]"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void valuesHaveTheirTypesAndComeBackAsTheyWere(Typed typed) throws Exception {
    assertThat(ScalaObjects.typeOf(typed.value())).isEqualTo(typed.type());
    assertThat(ScalaValues.plain(ScalaObjects.of(typed.value()), 10)).isEqualTo(typed.value());
  }

  @Test
  void mapsAreThoseOfScala() {
    assertThat(ScalaObjects.of(new PlainValue.Mapping(Map.of("k", ONE))))
        .isInstanceOf(scala.collection.immutable.Map.class)
        .hasToString("Map(k -> 1)");
  }
}
