package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class JsonTest {

  private static final String SMILE = "\uD83D\uDE00";
  private static final String HALF = "\uD83D";

  private final Json json = new Json();

  private String encoded(Object value) {
    return new String(json.encode(value), StandardCharsets.UTF_8);
  }

  @Test
  void surrogatesAreEncodedWhereverTheyStand() {
    assertThat(encoded(SMILE)).isEqualTo("\"" + SMILE + "\"");
    assertThat(encoded(Map.of(SMILE, "a"))).isEqualTo("{\"" + SMILE + "\":\"a\"}");
    assertThat(encoded(Map.of("a", Map.of(SMILE, SMILE))))
        .isEqualTo("{\"a\":{\"" + SMILE + "\":\"" + SMILE + "\"}}");
    assertThat(encoded(HALF)).isEqualTo("\"?\"");
  }
}
