package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.StreamName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ProcessLogTest {

  private final ProcessLog log = new ProcessLog();

  @Test
  void emptyLogHasItsHeadings() {
    assertThat(log.lines()).containsExactly("stdout: ", "\nstderr: ");
  }

  @Test
  void linesStandUnderTheHeadingOfTheirStream() {
    log.append(StreamName.STDERR, "e1");
    log.append(StreamName.STDOUT, "o1");
    log.append(StreamName.STDERR, "e2");

    assertThat(log.lines()).containsExactly("stdout: ", "o1", "\nstderr: ", "e1", "e2");
    assertThat(log.lastErrors(1)).containsExactly("e2");
    assertThat(log.lastErrors(9)).containsExactly("e1", "e2");
  }

  @Test
  void oldestLinesOfAStreamAreDroppedWhenThereAreVeryMany() {
    log.append(StreamName.STDOUT, "kept");
    for (int i = 0; i < 20_001; i++) {
      log.append(StreamName.STDERR, "e" + i);
    }

    assertThat(log.lines())
        .hasSize(20_003)
        .startsWith("stdout: ", "kept", "\nstderr: ", "e1")
        .endsWith("e20000");
  }
}
