package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput.Clear;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.DisplayUpdate;
import io.polybius.driver.protocol.StatementOutput.Echo;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StatementOutput.Value;
import io.polybius.driver.protocol.StreamName;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class OutputsTest {

  private static StreamText out(String text) {
    return new StreamText(StreamName.STDOUT, text);
  }

  private static StreamText err(String text) {
    return new StreamText(StreamName.STDERR, text);
  }

  @Test
  void noneIsEmpty() {
    assertThat(Outputs.NONE.toList()).isEmpty();
    assertThat(Outputs.NONE.chars()).isZero();
  }

  @Test
  void addingLeavesTheOriginalAsItWas() {
    Outputs one = Outputs.NONE.plus(new Echo("a\n"));
    Outputs left = one.plus(out("left"));
    Outputs right = one.plus(out("right"));

    assertThat(one.toList()).containsExactly(new Echo("a\n"));
    assertThat(left.toList()).containsExactly(new Echo("a\n"), out("left"));
    assertThat(right.toList()).containsExactly(new Echo("a\n"), out("right"));
  }

  @Test
  void onlyNeighbouringTextsOfOneStreamAreJoined() {
    Outputs outputs =
        Outputs.NONE
            .plus(out("a"))
            .plus(out("b"))
            .plus(err("c"))
            .plus(out("d"))
            .plus(new Echo("e\n"))
            .plus(new Echo("f\n"))
            .plus(out("g"))
            .plus(out("h"));

    assertThat(outputs.toList())
        .containsExactly(
            out("ab"), err("c"), out("d"), new Echo("e\n"), new Echo("f\n"), out("gh"));
  }

  @Test
  void charactersOfAllFormsCount() {
    MimeBundle bundle = MimeBundle.text("1234").with(MimeBundle.HTML, "56");

    assertThat(
            Outputs.NONE
                .plus(out("a"))
                .plus(err("bc"))
                .plus(new Echo("def"))
                .plus(new Value(bundle))
                .plus(new Display(bundle))
                .chars())
        .isEqualTo(18);
  }

  @Test
  void veryManyOutputsAreListed() {
    Outputs outputs = Outputs.NONE;
    for (int i = 0; i < 200_000; i++) {
      outputs = outputs.plus(i % 2 == 0 ? out("o") : err("e"));
    }

    assertThat(outputs.toList()).hasSize(200_000).startsWith(out("o"), err("e"));
    assertThat(outputs.toList()).isEqualTo(List.copyOf(outputs.toList()));
  }

  @Test
  void aDisplayThatIsChangedForLongTakesNoMoreThanAFewForms() {
    Display shown = new Display(MimeBundle.text("begun"), "bar");
    Outputs outputs = Outputs.NONE.plus(out("before")).plus(shown);
    DisplayUpdate newest = new DisplayUpdate(MimeBundle.text("none"), "bar");
    for (int i = 0; i < 10_000; i++) {
      newest = new DisplayUpdate(MimeBundle.text("x".repeat(1000) + i), "bar");
      outputs = outputs.plus(newest);
    }

    assertThat(outputs.chars()).isLessThan(1 << 20);
    assertThat(outputs.toList()).startsWith(out("before"), shown).endsWith(newest);
  }

  @Test
  void theNewestFormOfEachDisplayStays() {
    Outputs outputs = Outputs.NONE;
    for (int i = 0; i < 10_000; i++) {
      outputs =
          outputs.plus(new DisplayUpdate(MimeBundle.text("x".repeat(1000) + i), "bar" + i % 3));
    }

    for (int i = 9_997; i < 10_000; i++) {
      assertThat(outputs.toList())
          .contains(new DisplayUpdate(MimeBundle.text("x".repeat(1000) + i), "bar" + i % 3));
    }
  }

  @Test
  void whatWasClearedIsNotKeptForEver() {
    Outputs outputs = Outputs.NONE;
    for (int i = 0; i < 10_000; i++) {
      outputs =
          outputs
              .plus(new Clear(i % 2 == 0))
              .plus(new Display(MimeBundle.text("x".repeat(1000)), "bar" + i))
              .plus(new DisplayUpdate(MimeBundle.text("y"), "bar" + i))
              .plus(out("shown " + i));
    }

    assertThat(outputs.chars()).isLessThan(1 << 20);
    assertThat(outputs.toList()).endsWith(out("shown 9999")).hasSizeLessThan(10_000);
  }

  @Test
  void whatIsOnlyToBeClearedLaterStays() {
    Outputs outputs = Outputs.NONE.plus(out("x".repeat(1 << 20)));
    for (int i = 0; i < 50_000; i++) {
      outputs = outputs.plus(new Clear(true));
    }

    assertThat(outputs.toList()).startsWith(out("x".repeat(1 << 20))).hasSizeLessThan(50_000);
  }
}
