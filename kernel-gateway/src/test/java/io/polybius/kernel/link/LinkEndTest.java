package io.polybius.kernel.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.WireException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LinkEndTest {

  private final MessageSource messages = new MessageSource(() -> "s", "u", Clock.systemUTC());
  private final Header request = messages.header("execute_request");
  private final LinkEnd sender = new LinkEnd(new LinkEnd.Bounds(100, 1 << 20, 64));
  private final LinkEnd receiver = new LinkEnd(new LinkEnd.Bounds(100, 1 << 20, 64));

  private JupyterMessage stream(String text) {
    return messages.publication(new PublishedContent.Stream("stdout", text), request);
  }

  private JupyterMessage status(String state) {
    return messages.publication(new PublishedContent.Status(state), request);
  }

  /** Returns what of all that the sender gives out is new to the receiver. */
  private List<String> transfer() throws WireException {
    List<String> ids = new ArrayList<>();
    for (Optional<ByteBuffer> next = sender.next(); next.isPresent(); next = sender.next()) {
      ByteBuffer frame = next.get();
      if (receiver.accept(frame)) {
        ids.add(receiver.decode(frame).id());
      }
    }
    return ids;
  }

  @Test
  void moreThanCanBeKeptOfWhatCannotBeGivenUpIsHopeless() {
    for (int i = 0; i < 400; i++) {
      sender.add(status("busy"));
    }
    assertThat(sender.trim()).isEmpty();
    assertThat(sender.isHopeless()).isFalse();

    sender.add(status("idle"));
    assertThat(sender.isHopeless()).isTrue();
  }

  @Test
  void nothingIsGivenOutBeforeTheOtherEndHasSpoken() {
    sender.add(stream("a"));
    assertThat(sender.next()).isEmpty();

    sender.resume(0);
    assertThat(sender.next()).isPresent();

    sender.disconnected();
    sender.add(stream("b"));
    assertThat(sender.next()).isEmpty();
  }

  @Test
  void whatTheOtherEndDoesNotHaveIsGivenOutAgainInOrder() throws Exception {
    JupyterMessage a = stream("a");
    JupyterMessage b = stream("b");
    JupyterMessage c = stream("c");
    sender.resume(0);
    sender.add(a);
    sender.add(b);
    assertThat(transfer()).containsExactly(a.id(), b.id());
    sender.add(c);
    // Lost on its way.
    assertThat(sender.next()).isPresent();

    sender.disconnected();
    sender.resume(receiver.received());

    assertThat(transfer()).containsExactly(c.id());
  }

  @Test
  void whatComesTwiceIsAcceptedOnce() throws Exception {
    JupyterMessage a = stream("a");
    sender.resume(0);
    sender.add(a);
    assertThat(transfer()).containsExactly(a.id());

    sender.resume(0);

    assertThat(sender.next().map(ByteBuffer::remaining).orElse(0)).isPositive();
    sender.resume(0);
    assertThat(transfer()).isEmpty();
  }

  @Test
  void confirmedMessagesAreKeptNoLonger() throws Exception {
    JupyterMessage a = stream("a");
    JupyterMessage b = stream("b");
    sender.resume(0);
    sender.add(a);
    sender.add(b);
    transfer();
    assertThat(sender.keeps(a.id())).isTrue();

    sender.confirm(1);

    assertThat(sender.keeps(a.id())).isFalse();
    assertThat(sender.keeps(b.id())).isTrue();
  }

  @Test
  void confirmationIsDueAfterManyMessagesOrMuchData() throws Exception {
    sender.resume(0);
    for (int i = 0; i < 63; i++) {
      sender.add(stream("a"));
    }
    transfer();
    assertThat(receiver.confirmation()).isEmpty();
    sender.add(stream("a"));
    transfer();
    assertThat(receiver.confirmation()).isEqualTo(OptionalLong.of(64));
    assertThat(receiver.confirmation()).isEmpty();

    sender.add(stream("x".repeat(1 << 20)));
    transfer();
    assertThat(receiver.confirmation()).isEqualTo(OptionalLong.of(65));
  }

  @Test
  void newEndGetsEverythingThatIsKept() throws Exception {
    sender.resume(0);
    JupyterMessage a = stream("a");
    sender.add(a);
    transfer();

    receiver.expectNewEnd();
    sender.resume(0);

    assertThat(transfer()).containsExactly(a.id());
  }

  @Test
  void whatWasSentCanBeForgottenAndWhatWaitsStays() throws Exception {
    sender.resume(0);
    sender.add(stream("a"));
    assertThat(sender.next()).isPresent();
    JupyterMessage b = stream("b");
    sender.add(b);

    sender.forgetSent();
    sender.resume(0);

    assertThat(transfer()).containsExactly(b.id());
  }

  @Test
  void oldestOutputIsGivenUpFirstAndStatesAreKept() throws Exception {
    JupyterMessage busy = status("busy");
    sender.add(busy);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      JupyterMessage text = stream("text " + i);
      sender.add(text);
      texts.add(text.id());
    }
    JupyterMessage idle = status("idle");
    sender.add(idle);
    assertThat(sender.isOverfull()).isTrue();

    assertThat(sender.trim()).containsExactly(request);

    assertThat(sender.isOverfull()).isFalse();
    assertThat(sender.trim()).isEmpty();
    sender.resume(0);
    List<String> arrived = transfer();
    assertThat(arrived).startsWith(busy.id()).endsWith(texts.get(99), idle.id());
    assertThat(arrived).hasSizeBetween(50, 80);
  }

  @Test
  void dataCountsToo() {
    sender.add(stream("x".repeat(1 << 20)));
    assertThat(sender.isOverfull()).isTrue();
    assertThat(sender.trim()).hasSize(1);
    assertThat(sender.isOverfull()).isFalse();
  }

  @Test
  void tooLargeMessageIsNotTaken() {
    assertThat(sender.add(stream("x".repeat(LinkEnd.MAX_MESSAGE_BYTES)))).isFalse();
    assertThat(sender.isOverfull()).isFalse();
  }

  @Test
  void notesAreReadAsTheyWereWritten() throws Exception {
    List<LinkNote> notes =
        List.of(
            new LinkNote.Seat("seat", 7),
            new LinkNote.Resume(8),
            new LinkNote.Begin(List.of("a b", "c")),
            new LinkNote.Received(9),
            new LinkNote.Unknown("a b"));
    for (LinkNote note : notes) {
      assertThat(LinkNote.read(new String(note.write(), UTF_8))).isEqualTo(note);
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (String text : List.of("", "{}", "[]", "{\"seat\": 1}", "{\"begin\": 1}")) {
      assertThatThrownBy(() -> LinkNote.read(text)).isInstanceOf(WireException.class);
    }
    assertThatThrownBy(() -> receiver.accept(ByteBuffer.allocate(7)))
        .isInstanceOf(WireException.class);
  }
}
