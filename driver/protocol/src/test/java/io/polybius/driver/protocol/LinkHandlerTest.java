package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.timeout.IdleStateEvent;
import io.polybius.driver.protocol.DriverCommand.Cancel;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link LinkHandler} and {@link LinkTransport} on a channel without a network. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class LinkHandlerTest {

  private final Collector<DriverEvent> events = new Collector<>();
  private final ReliableConnection<DriverCommand, DriverEvent> connection =
      new ReliableConnection<>(DriverEvent.class, events, reason -> {});
  private final WireTable table = new WireTable();
  private final List<String> calls = new ArrayList<>();
  private final EmbeddedChannel channel = new EmbeddedChannel(new GreetedByHello());

  /** Lets in who knows the password. */
  private final class GreetedByHello extends LinkHandler {

    GreetedByHello() {
      super(new FrameCodec());
    }

    @Override
    void greet(ChannelHandlerContext context, LinkFrame first) {
      calls.add("greet");
      if (first instanceof LinkFrame.Hello hello && hello.secret().equals("sesame")) {
        greeted(context, connection, hello.lastReceived());
      } else {
        hangUp(context, new LinkFrame.Goodbye("refused"));
      }
    }

    @Override
    void confirmed() {
      calls.add("confirmed");
    }

    @Override
    void lost(ReliableConnection<?, ?> ended, LinkTransport transport) {
      calls.add("lost");
    }
  }

  @AfterEach
  void end() {
    channel.finishAndReleaseAll();
  }

  @Test
  void firstFrameGreetsTheSecondConfirms() {
    hello();
    assertThat(calls).containsExactly("greet");
    channel.writeInbound(new LinkFrame.Heartbeat());
    channel.writeInbound(payload(1));
    assertThat(calls).containsExactly("greet", "confirmed");
    assertThat(events.soFar()).containsExactly(new StatementSucceeded(1));
    assertThat(written()).containsExactly(new LinkFrame.Acknowledge(1));
  }

  @Test
  void nothingIsHeardAfterARefusal() {
    channel.pipeline().fireChannelRead(new LinkFrame.Hello("s", "guess", 0));
    channel.pipeline().fireChannelRead(new LinkFrame.Hello("s", "sesame", 0));
    assertThat(calls).containsExactly("greet");
    assertThat(written()).containsExactly(new LinkFrame.Goodbye("refused"));
    assertThat(channel.isOpen()).isFalse();
    assertThat(calls).doesNotContain("lost");
  }

  @Test
  void endOfTheTransportIsToldOnce() {
    hello();
    channel.close().syncUninterruptibly();
    assertThat(calls).containsExactly("greet", "lost");
    assertThat(events.isOpen()).isTrue();
  }

  @Test
  void endOfATransportThatWasReplacedIsNoLoss() {
    hello();
    connection.attach(new LinkTransport(new EmbeddedChannel()), 0);
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
    assertThat(calls).containsExactly("greet");
  }

  @Test
  void endAfterAGoodbyeIsNoLoss() throws Exception {
    hello();
    channel.writeInbound(new LinkFrame.Goodbye("enough"));
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
    assertThat(calls).doesNotContain("lost");
    assertThat(events.awaitClosed()).isEqualTo("enough");
  }

  @Test
  void silentReaderIsClosedAndIdleWriterSendsAHeartbeat() {
    channel.pipeline().fireUserEventTriggered(IdleStateEvent.FIRST_WRITER_IDLE_STATE_EVENT);
    assertThat(written()).isEmpty();
    hello();
    channel.pipeline().fireUserEventTriggered(IdleStateEvent.WRITER_IDLE_STATE_EVENT);
    assertThat(written()).containsExactly(new LinkFrame.Heartbeat());
    channel.pipeline().fireUserEventTriggered(IdleStateEvent.FIRST_READER_IDLE_STATE_EVENT);
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
    assertThat(calls).containsExactly("greet", "lost");
  }

  @Test
  void frameThatNobodyUnderstandsEndsTheLink() throws Exception {
    hello();
    channel
        .pipeline()
        .fireExceptionCaught(new DecoderException(new WireException("a frame of -1 bytes")));
    channel.runPendingTasks();
    assertThat(events.awaitClosed()).isEqualTo("a frame of -1 bytes");
    assertThat(written()).containsExactly(new LinkFrame.Goodbye("a frame of -1 bytes"));
  }

  @Test
  void brokenTransportDoesNotEndTheLink() {
    hello();
    channel.pipeline().fireExceptionCaught(new DecoderException("not an SSL/TLS record"));
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
    assertThat(calls).containsExactly("greet", "lost");
    assertThat(events.isOpen()).isTrue();
  }

  @Test
  void framesFromTheLoopDoNotOvertakeThoseFromOtherThreads() throws Exception {
    hello();
    LinkTransport transport = new LinkTransport(channel);
    transport.write(new LinkFrame.Acknowledge(1));
    Thread other = new Thread(() -> transport.write(new LinkFrame.Acknowledge(2)));
    other.start();
    other.join();
    // This thread is the loop of an embedded channel, where Netty would write at once.
    transport.write(new LinkFrame.Acknowledge(3));
    assertThat(channel.<Object>readOutbound()).isNull();
    channel.runPendingTasks();
    assertThat(written())
        .containsExactly(
            new LinkFrame.Acknowledge(1),
            new LinkFrame.Acknowledge(2),
            new LinkFrame.Acknowledge(3));
  }

  @Test
  void closingSendsWhatWasWrittenBefore() {
    hello();
    connection.send(new Cancel(1));
    connection.fail("no more");
    channel.runPendingTasks();
    assertThat(written()).hasSize(1).first().isInstanceOf(LinkFrame.Payload.class);
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void partingWaitsForTheOtherEndToHangUp() {
    hello();
    connection.close();
    channel.runPendingTasks();
    assertThat(written()).containsExactly(new LinkFrame.Goodbye("closed at the other end"));
    assertThat(channel.isOpen()).isTrue();
    channel.advanceTimeBy(LinkTransport.PARTING.toMillis() - 100, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    assertThat(channel.isOpen()).isTrue();
    channel.advanceTimeBy(200, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
  }

  private void hello() {
    channel.writeInbound(new LinkFrame.Hello("s", "sesame", 0));
  }

  private List<LinkFrame> written() {
    channel.runPendingTasks();
    List<LinkFrame> frames = new ArrayList<>();
    for (Object next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
      if (next != Unpooled.EMPTY_BUFFER) {
        frames.add((LinkFrame) next);
      }
    }
    return frames;
  }

  private LinkFrame.Payload payload(int sequence) {
    return new LinkFrame.Payload(sequence, table.encode(new StatementSucceeded(sequence)));
  }
}
