package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.DriverCommand.Cancel;
import io.polybius.driver.protocol.DriverCommand.Execute;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class ReliableConnectionTest {

  private final Collector<DriverEvent> events = new Collector<>();
  private final List<String> ends = new ArrayList<>();
  private final ReliableConnection<DriverCommand, DriverEvent> connection =
      new ReliableConnection<>(DriverEvent.class, events, ends::add);
  private final WireTable table = new WireTable();

  /** A transport that keeps what is written to it. */
  private static final class Paper implements ReliableConnection.Transport {
    final List<LinkFrame> written = new ArrayList<>();
    boolean parting;
    boolean closed;

    @Override
    public void write(LinkFrame frame) {
      assertThat(parting || closed).isFalse();
      written.add(frame);
    }

    @Override
    public void part() {
      parting = true;
    }

    @Override
    public void close() {
      closed = true;
    }

    List<Long> sequences() {
      return written.stream()
          .filter(LinkFrame.Payload.class::isInstance)
          .map(frame -> ((LinkFrame.Payload) frame).sequence())
          .toList();
    }

    String goodbye() {
      return ((LinkFrame.Goodbye) written.get(written.size() - 1)).reason();
    }
  }

  @Test
  void whoComesBackToALinkThatWasLeftIsNotToldThatItHasEnded() {
    connection.leave();
    Paper paper = new Paper();
    connection.attach(paper, 0);
    assertThat(paper.written).isEmpty();
    assertThat(paper.closed).isTrue();
    assertThat(ends).isEmpty();
  }

  @Test
  void whatIsSentBeforeATransportComesWaitsForIt() {
    connection.send(new Cancel(1));
    connection.send(new Cancel(2));
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.send(new Cancel(3));
    assertThat(paper.sequences()).containsExactly(1L, 2L, 3L);
    assertThat(paper.written)
        .extracting(
            frame -> table.decode(((LinkFrame.Payload) frame).message(), DriverCommand.class))
        .containsExactly(new Cancel(1), new Cancel(2), new Cancel(3));
  }

  @Test
  void nextTransportGetsWhatTheOtherEndLacks() {
    Paper first = new Paper();
    connection.attach(first, 0);
    for (int i = 1; i <= 4; i++) {
      connection.send(new Cancel(i));
    }
    assertThat(connection.detach(first)).isTrue();
    connection.send(new Cancel(5));
    Paper second = new Paper();
    connection.attach(second, 2);
    assertThat(second.sequences()).containsExactly(3L, 4L, 5L);
    assertThat(first.sequences()).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void acknowledgedMessagesAreForgotten() {
    Paper first = new Paper();
    connection.attach(first, 0);
    for (int i = 1; i <= 4; i++) {
      connection.send(new Cancel(i));
    }
    connection.receive(new LinkFrame.Acknowledge(3), first);
    Paper second = new Paper();
    connection.attach(second, 0);
    assertThat(second.sequences()).containsExactly(4L);
  }

  @Test
  void newTransportTakesThePlaceOfALivingOne() {
    Paper first = new Paper();
    Paper second = new Paper();
    connection.attach(first, 0);
    connection.attach(second, 0);
    assertThat(first.closed).isTrue();
    connection.receive(payload(1), first);
    assertThat(events.soFar()).isEmpty();
    connection.receive(payload(1), second);
    assertThat(events.soFar()).hasSize(1);
    assertThat(connection.detach(first)).isFalse();
    assertThat(connection.detach(second)).isTrue();
    assertThat(connection.detach(second)).isFalse();
  }

  @Test
  void messageThatComesAgainIsNotReceivedAgain() {
    Paper first = new Paper();
    connection.attach(first, 0);
    connection.receive(payload(1), first);
    connection.receive(payload(2), first);
    Paper second = new Paper();
    connection.attach(second, 0);
    assertThat(connection.lastReceived()).isEqualTo(2);
    for (int i = 1; i <= 3; i++) {
      connection.receive(payload(i), second);
    }
    assertThat(events.soFar())
        .containsExactly(
            new StatementSucceeded(1), new StatementSucceeded(2), new StatementSucceeded(3));
  }

  @Test
  void acknowledgesOnceWhatHasCome() {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.acknowledge();
    assertThat(paper.written).isEmpty();
    connection.receive(payload(1), paper);
    connection.receive(payload(2), paper);
    connection.acknowledge();
    connection.acknowledge();
    assertThat(paper.written).containsExactly(new LinkFrame.Acknowledge(2));
    connection.receive(payload(3), paper);
    connection.detach(paper);
    connection.acknowledge();
    assertThat(paper.written).hasSize(1);
  }

  @Test
  void closingSaysGoodbyeAndTellsBothHere() {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.send(new Cancel(1));
    connection.close();
    connection.close();
    connection.fail("too late");
    assertThat(paper.sequences()).containsExactly(1L);
    assertThat(paper.goodbye()).isEqualTo("closed at the other end");
    assertThat(paper.parting).isTrue();
    assertThat(events.timesClosed()).isEqualTo(1);
    assertThat(ends).containsExactly("closed at this end");
    assertThat(connection.isClosed()).isTrue();
    connection.send(new Cancel(2));
    connection.receive(payload(1), paper);
    assertThat(events.soFar()).isEmpty();
    assertThat(paper.written).hasSize(2);
  }

  @Test
  void goodbyeEndsTheLink() throws Exception {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.receive(new LinkFrame.Goodbye("enough"), paper);
    assertThat(events.awaitClosed()).isEqualTo("enough");
    assertThat(paper.closed).isTrue();
    assertThat(paper.written).isEmpty();
    assertThat(ends).containsExactly("enough");
  }

  @Test
  void goodbyesThatCrossEndTheTransportAtOnce() {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.close();
    assertThat(paper.closed).isFalse();
    connection.receive(new LinkFrame.Goodbye("me too"), paper);
    assertThat(paper.closed).isTrue();
    assertThat(ends).containsExactly("closed at this end");
  }

  @Test
  void transportThatComesAfterTheEndIsTurnedAway() {
    connection.close();
    Paper paper = new Paper();
    connection.attach(paper, 0);
    assertThat(paper.goodbye()).isEqualTo("the link has ended");
    assertThat(paper.parting).isTrue();
    assertThat(connection.detach(paper)).isFalse();
  }

  @Test
  void timerOfAnEarlierTransportDoesNotEndTheLink() throws Exception {
    Paper first = new Paper();
    connection.attach(first, 0);
    connection.failUnlessReattached(first, "still there");
    connection.detach(first);
    Paper second = new Paper();
    connection.attach(second, 0);
    connection.failUnlessReattached(first, "replaced");
    connection.detach(second);
    connection.failUnlessReattached(null, "never came");
    connection.failUnlessReattached(first, "replaced");
    assertThat(events.isOpen()).isTrue();
    connection.failUnlessReattached(second, "gone");
    assertThat(events.awaitClosed()).isEqualTo("gone");
  }

  @Test
  void timerEndsALinkThatNeverHadATransport() throws Exception {
    connection.failUnlessReattached(null, "never came");
    assertThat(events.awaitClosed()).isEqualTo("never came");
  }

  @Test
  void gapInTheNumbersEndsTheLink() throws Exception {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.receive(payload(1), paper);
    connection.receive(payload(3), paper);
    assertThat(events.awaitClosed()).isEqualTo("message 2 was lost on the way");
    assertThat(paper.goodbye()).isEqualTo("message 2 was lost on the way");
    assertThat(paper.parting).isTrue();
  }

  @Test
  void messageOfTheWrongKindEndsTheLink() throws Exception {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.receive(new LinkFrame.Payload(1, table.encode(new Cancel(1))), paper);
    assertThat(events.awaitClosed())
        .isEqualTo("message 1 cannot be understood: Cancel in place of a DriverEvent");
    assertThat(events.soFar()).isEmpty();
  }

  @Test
  void garbageInAMessageEndsTheLink() throws Exception {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    connection.receive(new LinkFrame.Payload(1, new byte[] {120, 1, 2}), paper);
    assertThat(events.awaitClosed()).startsWith("message 1 cannot be understood: ");
    assertThat(paper.goodbye()).startsWith("message 1 cannot be understood: ");
  }

  @Test
  void whatCameOverAnOldTransportDoesNotEndTheLink() {
    Paper first = new Paper();
    connection.attach(first, 0);
    connection.attach(new Paper(), 0);
    connection.abort("garbage", first);
    connection.receive(new LinkFrame.Goodbye("late"), first);
    assertThat(events.isOpen()).isTrue();
  }

  @Test
  void messageThatIsTooLargeFailsItsSenderAndNotTheLink() {
    Paper paper = new Paper();
    connection.attach(paper, 0);
    String tooLong = "x".repeat(FrameCodec.MAX_FRAME_BYTES);
    assertThatThrownBy(
            () -> connection.send(new Execute(1, "spark", tooLong, ExecuteOptions.PLAIN)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the largest is 67108800");
    connection.send(new Cancel(2));
    assertThat(paper.sequences()).containsExactly(1L);
    assertThat(events.isOpen()).isTrue();
  }

  @Test
  void receiverThatFailsStillGetsTheNextMessage() {
    List<DriverEvent> received = new ArrayList<>();
    ReliableConnection<DriverCommand, DriverEvent> fragile =
        new ReliableConnection<>(
            DriverEvent.class,
            new DriverConnection.Receiver<>() {
              @Override
              public void received(long sequence, DriverEvent event) {
                received.add(event);
                throw new IllegalStateException("on purpose");
              }

              @Override
              public void closed(String reason) {
                throw new IllegalStateException("on purpose");
              }
            },
            ends::add);
    Paper paper = new Paper();
    fragile.attach(paper, 0);
    fragile.receive(payload(1), paper);
    fragile.receive(payload(2), paper);
    assertThat(received).hasSize(2);
    assertThatThrownBy(fragile::close).isInstanceOf(IllegalStateException.class);
    assertThat(ends).hasSize(1);
  }

  @Test
  void receiverMaySendAndClose() {
    Paper paper = new Paper();
    List<ReliableConnection<DriverCommand, DriverEvent>> self = new ArrayList<>();
    Collector<DriverEvent> answering =
        new Collector<>(
            event -> {
              self.get(0).send(new Cancel(7));
              self.get(0).close();
            });
    self.add(new ReliableConnection<>(DriverEvent.class, answering, ends::add));
    self.get(0).attach(paper, 0);
    self.get(0).receive(payload(1), paper);
    assertThat(paper.sequences()).containsExactly(1L);
    assertThat(ends).containsExactly("closed at this end");
  }

  @Test
  void nothingIsLostOrDoubledWhereverTheTransportIsCut() {
    for (int seed = 0; seed < 300; seed++) {
      simulate(new Random(seed), seed);
    }
  }

  /** Two ends over wires that lose what is on its way when they are cut, as a seed decides. */
  private void simulate(Random random, int seed) {
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    ReliableConnection<DriverCommand, DriverEvent> server =
        new ReliableConnection<>(DriverEvent.class, atServer, reason -> {});
    ReliableConnection<DriverEvent, DriverCommand> driver =
        new ReliableConnection<>(DriverCommand.class, atDriver, reason -> {});
    Wire toDriver = null;
    Wire toServer = null;
    int sent = 0;
    while (atServer.soFar().size() < 40 || atDriver.soFar().size() < 40) {
      int dice = random.nextInt(100);
      if (toDriver == null && dice < 50) {
        toDriver = new Wire();
        toServer = new Wire();
        // The driver greets, and may be cut before or after the server has heard it.
        long driverHas = driver.lastReceived();
        long serverHas = server.lastReceived();
        server.attach(toDriver, driverHas);
        if (random.nextInt(4) > 0) {
          driver.attach(toServer, serverHas);
        }
      } else if (dice < 60 && sent < 40) {
        sent++;
        server.send(new Cancel(sent));
        driver.send(new StatementSucceeded(sent));
      } else if (dice < 65 && toDriver != null) {
        server.detach(toDriver);
        driver.detach(toServer);
        toDriver = null;
        toServer = null;
      } else if (toDriver != null) {
        if (random.nextBoolean() && !toDriver.underWay.isEmpty()) {
          driver.receive(toDriver.underWay.remove(), toServer);
        }
        if (random.nextBoolean() && !toServer.underWay.isEmpty()) {
          server.receive(toServer.underWay.remove(), toDriver);
        }
        if (random.nextBoolean()) {
          server.acknowledge();
          driver.acknowledge();
        }
      }
    }
    assertThat(atDriver.soFar())
        .as("seed %d", seed)
        .isEqualTo(IntStream.rangeClosed(1, 40).mapToObj(Cancel::new).toList());
    assertThat(atServer.soFar())
        .as("seed %d", seed)
        .isEqualTo(IntStream.rangeClosed(1, 40).mapToObj(StatementSucceeded::new).toList());
    assertThat(atServer.isOpen() && atDriver.isOpen()).isTrue();
  }

  private static final class Wire implements ReliableConnection.Transport {
    final Deque<LinkFrame> underWay = new ArrayDeque<>();

    @Override
    public void write(LinkFrame frame) {
      underWay.add(frame);
    }

    @Override
    public void part() {}

    @Override
    public void close() {}
  }

  private LinkFrame.Payload payload(int sequence) {
    return new LinkFrame.Payload(sequence, table.encode(new StatementSucceeded(sequence)));
  }
}
