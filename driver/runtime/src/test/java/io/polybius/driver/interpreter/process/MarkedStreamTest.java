package io.polybius.driver.interpreter.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class MarkedStreamTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final StringBuffer printed = new StringBuffer();

  private MarkedStream stream(PipedInputStream in) {
    return new MarkedStream(
        "test",
        in,
        "\u0001mark:",
        (bytes, offset, length) -> printed.append(new String(bytes, offset, length, UTF_8)));
  }

  @Test
  void whatStandsBeforeAMarkIsPrintedWhenTheMarkIsReached() throws Exception {
    try (PipedOutputStream out = new PipedOutputStream()) {
      MarkedStream stream = stream(new PipedInputStream(out));
      out.write("one\n\u0001mark:1\ntwo\u0001mark:2\nthree".getBytes(UTF_8));
      out.flush();

      assertThat(stream.await(2, PATIENCE)).isTrue();
      assertThat(printed.toString()).startsWith("one\ntwo").doesNotContain("mark");
      assertThat(stream.await(3, Duration.ofMillis(50))).isFalse();
    }
  }

  @Test
  void marksMayComeInPiecesAndAmongWhatLooksLikeThem() throws Exception {
    try (PipedOutputStream out = new PipedOutputStream()) {
      MarkedStream stream = stream(new PipedInputStream(out));
      for (byte each : "a\u0001mar\u0001mark:1\u0030\nb\u0001".getBytes(UTF_8)) {
        out.write(each);
        out.flush();
      }
      assertThat(stream.await(10, PATIENCE)).isTrue();
      assertThat(printed.toString()).startsWith("a\u0001mar");
    }
  }

  @Test
  void endOfTheStreamEndsTheWait() throws Exception {
    PipedOutputStream out = new PipedOutputStream();
    MarkedStream stream = stream(new PipedInputStream(out));
    out.write("last\u0001ma".getBytes(UTF_8));
    out.close();

    assertThat(stream.await(1, PATIENCE)).isFalse();
    assertThat(printed.toString()).isEqualTo("last\u0001ma");
  }
}
