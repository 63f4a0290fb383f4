package io.polybius.kernel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SeatLogTest {

  @TempDir private Path seats;
  private final MessageSource messages =
      new MessageSource(() -> "kernel", "tester", Clock.systemUTC());

  private SeatLog begin() {
    return SeatLog.begin(seats.resolve("seat"), JupyterJson.object().put("session", "client"));
  }

  private SeatLog left() {
    List<SeatLog> left = SeatLog.leftIn(Optional.of(seats));
    assertThat(left).hasSize(1);
    return left.get(0);
  }

  private JupyterMessage output(String text) {
    return messages.publication(new PublishedContent.Stream("stdout", text), Header.NONE);
  }

  private static List<String> texts(SeatLog seatLog) {
    return seatLog.undelivered().stream()
        .map(kept -> kept.message().content().path("text").asText())
        .toList();
  }

  private long bytesOnDisk() throws IOException {
    return Files.size(seats.resolve("seat/messages"));
  }

  @Test
  void laterServerHasWhatTheClientLacks() {
    SeatLog seatLog = begin();
    seatLog.sent(output("one"));
    seatLog.sent(output("two"));
    seatLog.sent(output("three"));
    seatLog.delivered(1);
    seatLog.served(7);
    seatLog.close();

    SeatLog later = left();
    assertThat(texts(later)).containsExactly("two", "three");
    assertThat(later.last()).isEqualTo(3);
    assertThat(later.served()).isEqualTo(7);
    assertThat(later.client().path("session").asText()).isEqualTo("client");
  }

  @Test
  void messageThatIsHalfWrittenIsLeftOut() throws Exception {
    SeatLog seatLog = begin();
    seatLog.sent(output("whole"));
    long whole = bytesOnDisk();
    seatLog.sent(output("half"));
    seatLog.close();
    try (var file =
        Files.newByteChannel(seats.resolve("seat/messages"), StandardOpenOption.WRITE)) {
      file.truncate(bytesOnDisk() - 3);
    }

    SeatLog later = left();
    assertThat(texts(later)).containsExactly("whole");
    assertThat(bytesOnDisk()).isEqualTo(whole);
    later.sent(output("next"));
    later.close();
    assertThat(texts(left())).containsExactly("whole", "next");
  }

  @Test
  void fileOfAClientThatIsAwayKeepsOnlyWhatItNeeds() throws Exception {
    SeatLog seatLog = begin();
    String mebibyte = "x".repeat(1 << 20);
    long needed = seatLog.sent(output("needed"));
    while (!seatLog.isLarge()) {
      seatLog.sent(output(mebibyte));
    }
    assertThat(bytesOnDisk()).isGreaterThan(100L << 20);
    long last = seatLog.last();

    seatLog.keepOnly(Set.of(needed));

    assertThat(bytesOnDisk()).isLessThan(10_000);
    assertThat(seatLog.isLarge()).isFalse();
    assertThat(seatLog.sent(output("after"))).isEqualTo(last + 1);
    seatLog.close();
    SeatLog later = left();
    assertThat(texts(later)).containsExactly("needed", "after");
    assertThat(later.last()).isEqualTo(last + 1);
  }

  @Test
  void numbersGoOnWhenTheLastMessageIsNotKept() {
    SeatLog seatLog = begin();
    seatLog.sent(output("one"));
    long last = seatLog.sent(output("two"));
    seatLog.keepOnly(Set.of());
    seatLog.close();

    SeatLog later = left();
    assertThat(texts(later)).isEmpty();
    assertThat(later.last()).isEqualTo(last);
  }
}
