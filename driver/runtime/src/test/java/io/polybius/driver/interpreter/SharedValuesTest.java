package io.polybius.driver.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Objects of jobs among what the languages share. */
class SharedValuesTest {

  private final SharedValues values = new SharedValues();

  @Test
  void objectOfAJobIsItselfAndPlainDataToOtherLanguages() throws Exception {
    List<Integer> numbers = List.of(1, 2);
    values.putReference("any name", "spark", numbers);

    assertThat(values.find("any name")).contains(new SharedValue.Reference(numbers));
    assertThat(ScalaObjects.of(values.find("any name").orElseThrow())).isSameAs(numbers);
    assertThat(values.get("any name"))
        .isEqualTo(
            new SharedValue.Data(
                new PlainValue.Sequence(List.of(PlainValue.of(1L), PlainValue.of(2L)))));
    assertThat(values.list().get(0).type()).isEqualTo("object");
  }

  @Test
  void objectWithoutAPlainFormIsSaidToHaveNone() {
    values.putReference("object", "spark", new Object());

    assertThatThrownBy(() -> values.get("object"))
        .isInstanceOf(MagicException.class)
        .hasMessageContaining("java.lang.Object");
  }

  @Test
  void objectsThatWereNotUsedForLongestGo() {
    values.put("data", "spark", new SharedValue.Data(PlainValue.of(1L)));
    values.putReference("used", "spark", "x");
    values.putReference("unused", "spark", "y");
    IntStream.range(2, SharedValues.MAX_REFERENCES)
        .forEach(number -> values.putReference("more " + number, "spark", number));
    assertThat(values.find("used")).isPresent();
    values.putReference("last", "spark", "z");

    assertThat(values.find("unused")).isEmpty();
    assertThat(values.find("used")).isPresent();
    assertThat(values.find("data")).isPresent();
  }

  @Test
  void objectThatAStatementHasReplacedStaysThere() {
    values.putReference("a", "spark", "x");
    values.put("a", "pyspark", new SharedValue.Data(PlainValue.of(1L)));
    IntStream.range(0, SharedValues.MAX_REFERENCES)
        .forEach(number -> values.putReference("more " + number, "spark", number));

    assertThat(values.find("a")).contains(new SharedValue.Data(PlainValue.of(1L)));
  }

  @Test
  void whatIsRemovedIsGone() {
    values.putReference("a", "spark", "x");

    assertThat(values.remove("a")).contains(new SharedValue.Reference("x"));
    assertThat(values.remove("a")).isEmpty();
    assertThat(values.list()).isEmpty();
  }
}
