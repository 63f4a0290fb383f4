package io.polybius.kernel.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class BacklogTest {

  private final Backlog backlog =
      new Backlog(100, 10, request -> frame("note " + request.messageId()));

  private static WireForm.Frame frame(String text) {
    return new WireForm.Frame(ByteBuffer.wrap(text.getBytes(UTF_8)), true);
  }

  private void add(String text, String outputOf, boolean isPrinted) {
    Optional<Header> request =
        Optional.of(outputOf)
            .filter(id -> !id.isEmpty())
            .map(id -> new Header(JupyterJson.object().put("msg_id", id)));
    backlog.add(new Backlog.Entry(frame(text), request, isPrinted, false, 0));
  }

  private List<String> all() {
    List<String> all = new ArrayList<>();
    for (Optional<Backlog.Entry> next = backlog.take(); next.isPresent(); next = backlog.take()) {
      all.add(UTF_8.decode(next.get().frame().bytes().duplicate()).toString());
    }
    return all;
  }

  @Test
  void messagesComeOutInTheirOrder() {
    add("a", "", false);
    add("b", "x", true);
    Backlog.Entry first = backlog.take().orElseThrow();
    add("c", "", false);
    backlog.addFirst(first);

    assertThat(all()).containsExactly("a", "b", "c");
    assertThat(backlog.isFull()).isFalse();
  }

  @Test
  void oldestPrintedTextGoesFirstAndANoteTellsOfIt() {
    add("display", "x", false);
    add("p".repeat(40), "x", true);
    add("reply", "", false);
    add("q".repeat(40), "x", true);
    add("r".repeat(20), "y", true);
    assertThat(backlog.isFull()).isTrue();

    backlog.dropOutput();

    assertThat(backlog.isFull()).isFalse();
    assertThat(all()).containsExactly("display", "note x", "reply", "r".repeat(20));
  }

  @Test
  void displaysGoWhenThereIsNoPrintedTextLeft() {
    add("d".repeat(60), "x", false);
    add("idle", "", false);
    add("p".repeat(40), "x", true);

    backlog.dropOutput();

    assertThat(all()).containsExactly("idle", "note x");
  }

  @Test
  void whatSomebodyWaitsForIsNeverDropped() {
    for (int i = 0; i < 11; i++) {
      add("reply", "", false);
    }
    assertThat(backlog.isFull()).isTrue();

    backlog.dropOutput();

    assertThat(backlog.isFull()).isTrue();
    assertThat(all()).hasSize(11);
  }

  @Test
  void nextTimeTheClientIsToldAgain() {
    for (int round = 0; round < 2; round++) {
      add("p".repeat(120), "x", true);
      backlog.dropOutput();
      assertThat(all()).containsExactly("note x");
    }
  }
}
