package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class FrameCodecTest {

  private final FrameCodec codec = new FrameCodec();
  private final EmbeddedChannel channel = new EmbeddedChannel(codec);

  @AfterEach
  void end() {
    channel.finishAndReleaseAll();
  }

  @Test
  void framesComeBackInOrderHoweverTheBytesAreCut() {
    byte[] bytes =
        concat(
            written(new LinkFrame.Hello("session-1", "s3cret", 4)),
            written(new LinkFrame.Heartbeat()),
            written(new LinkFrame.Acknowledge(7)));
    for (int size = 1; size <= bytes.length; size++) {
      for (int from = 0; from < bytes.length; from += size) {
        channel.writeInbound(
            Unpooled.copiedBuffer(bytes, from, Math.min(size, bytes.length - from)));
      }
      assertThat(channel.<Object>readInbound())
          .isEqualTo(new LinkFrame.Hello("session-1", "s3cret", 4));
      assertThat(channel.<Object>readInbound()).isEqualTo(new LinkFrame.Heartbeat());
      assertThat(channel.<Object>readInbound()).isEqualTo(new LinkFrame.Acknowledge(7));
      assertThat(channel.<Object>readInbound()).isNull();
    }
  }

  @Test
  void lengthIsInFrontOfTheFrame() {
    byte[] frame = new WireTable().encode(new LinkFrame.Acknowledge(7));
    assertThat(written(new LinkFrame.Acknowledge(7)))
        .isEqualTo(concat(new byte[] {0, 0, 0, (byte) frame.length}, frame));
  }

  @Test
  void frameThatIsCutOffIsWaitedForAndForgottenAtTheEnd() {
    byte[] bytes = written(new LinkFrame.Goodbye("enough"));
    channel.writeInbound(Unpooled.copiedBuffer(bytes, 0, bytes.length - 1));
    assertThat(channel.<Object>readInbound()).isNull();
    assertThat(channel.isOpen()).isTrue();
    assertThat(channel.finish()).isFalse();
  }

  @Test
  void strangersMaySendShortFramesOnly() {
    byte[] longest = written(new LinkFrame.Hello("s", "x".repeat(4000), 0));
    channel.writeInbound(Unpooled.wrappedBuffer(longest));
    assertThat(channel.<Object>readInbound()).isInstanceOf(LinkFrame.Hello.class);
    byte[] longer = written(new LinkFrame.Hello("s", "x".repeat(4100), 0));
    assertRefused(longer, "a frame of ");
    codec.trustPeer();
    channel.writeInbound(Unpooled.wrappedBuffer(longer));
    assertThat(channel.<Object>readInbound()).isInstanceOf(LinkFrame.Hello.class);
  }

  @Test
  void lengthBeyondTheLimitIsRefusedBeforeTheFrameComes() {
    codec.trustPeer();
    assertRefused(length(FrameCodec.MAX_FRAME_BYTES + 1), "a frame of 67108865 bytes");
    assertRefused(length(Integer.MAX_VALUE), "a frame of 2147483647 bytes");
    assertRefused(length(-1), "a frame of 4294967295 bytes");
    channel.writeInbound(Unpooled.wrappedBuffer(length(FrameCodec.MAX_FRAME_BYTES)));
    assertThat(channel.<Object>readInbound()).isNull();
  }

  @Test
  void largestMessageFitsIntoAFrame() {
    codec.trustPeer();
    byte[] bytes =
        written(new LinkFrame.Payload(Long.MAX_VALUE, new byte[FrameCodec.MAX_MESSAGE_BYTES]));
    assertThat(bytes.length - 4).isLessThanOrEqualTo(FrameCodec.MAX_FRAME_BYTES);
  }

  @Test
  void otherProtocolsAreRefused() {
    for (String greeting :
        new String[] {
          "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "SSH-2.0-OpenSSH_9.2\r\n",
          "\u0016\u0003\u0001\u0002"
        }) {
      assertRefused(greeting.getBytes(StandardCharsets.ISO_8859_1), "a frame of ");
    }
  }

  @Test
  void commandInPlaceOfAFrameIsRefused() {
    byte[] command = new WireTable().encode(new DriverCommand.Shutdown());
    assertRefused(concat(length(command.length), command), "Shutdown in place of a LinkFrame");
  }

  @Test
  void emptyFrameIsRefused() {
    assertRefused(length(0), "bytes that stand for nothing");
  }

  @Test
  void garbageIsRefusedOrWaitsForMoreButNeverHangs() {
    Random random = new Random(9);
    codec.trustPeer();
    for (int i = 0; i < 5_000; i++) {
      byte[] garbage = new byte[1 + random.nextInt(40)];
      random.nextBytes(garbage);
      EmbeddedChannel fresh = new EmbeddedChannel(new FrameCodec());
      byte[] bytes = random.nextBoolean() ? garbage : concat(length(garbage.length), garbage);
      try {
        fresh.writeInbound(Unpooled.wrappedBuffer(bytes));
      } catch (DecoderException e) {
        assertThat(e).hasCauseInstanceOf(WireException.class);
      } finally {
        fresh.finishAndReleaseAll();
      }
    }
  }

  private void assertRefused(byte[] bytes, String why) {
    assertThatThrownBy(() -> channel.writeInbound(Unpooled.wrappedBuffer(bytes)))
        .isInstanceOf(DecoderException.class)
        .cause()
        .isInstanceOf(WireException.class)
        .hasMessageStartingWith(why);
    assertThat(channel.<Object>readInbound()).isNull();
  }

  private byte[] written(LinkFrame frame) {
    channel.writeOutbound(frame);
    ByteBuf out = channel.readOutbound();
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes).release();
    return bytes;
  }

  private static byte[] length(int length) {
    return Unpooled.copyInt(length).array();
  }

  private static byte[] concat(byte[]... parts) {
    byte[] all = new byte[0];
    for (byte[] part : parts) {
      int before = all.length;
      all = Arrays.copyOf(all, before + part.length);
      System.arraycopy(part, 0, all, before, part.length);
    }
    return all;
  }
}
