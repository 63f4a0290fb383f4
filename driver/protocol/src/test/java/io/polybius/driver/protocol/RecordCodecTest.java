package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RecordCodecTest {

  private enum Color {
    RED,
    GREEN
  }

  private record Kept(
      Optional<String> some,
      Optional<Color> none,
      OptionalInt number,
      Map<String, String> map,
      List<Object> parts) {}

  private static RecordCodec codec() {
    return new RecordCodec(
        Map.of(
            200, Kept.class,
            201, Color.class,
            202, Optional.class,
            203, OptionalInt.class,
            204, Map.of().getClass(),
            205, Map.of("", "").getClass()));
  }

  @Test
  void whatIsReadIsWhatWasWritten() throws Exception {
    for (Map<String, String> map :
        List.of(Map.<String, String>of(), Map.of("a", "1"), Map.of("a", "1", "b", "2"))) {
      Kept kept =
          new Kept(
              Optional.of("x"),
              Optional.empty(),
              OptionalInt.of(-7),
              map,
              List.of(Color.GREEN, new DriverEvent.StatementSucceeded(3), Optional.of(Color.RED)));
      assertThat(codec().decode(codec().encode(kept), Kept.class)).isEqualTo(kept);
    }
  }

  @Test
  void whatIsNotInTheTableIsRefused() {
    RecordCodec plain = new RecordCodec(Map.of());
    byte[] bytes =
        codec()
            .encode(
                new Kept(
                    Optional.empty(), Optional.empty(), OptionalInt.empty(), Map.of(), List.of()));
    assertThatThrownBy(() -> plain.decode(bytes, Record.class)).isInstanceOf(WireException.class);
    assertThatThrownBy(() -> codec().decode(bytes, DriverEvent.StatementSucceeded.class))
        .isInstanceOf(WireException.class);
  }
}
