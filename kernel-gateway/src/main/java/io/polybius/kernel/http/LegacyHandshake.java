package io.polybius.kernel.http;

import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.protocol.framed.AbstractFramedStreamSourceChannel;
import io.undertow.websockets.core.StreamSourceFrameChannel;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSocketException;
import io.undertow.websockets.core.WebSocketFrame;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import io.undertow.websockets.core.protocol.version13.WebSocket13Channel;
import io.undertow.websockets.extensions.CompositeExtensionFunction;
import io.undertow.websockets.spi.WebSocketHttpExchange;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.xnio.StreamConnection;

/**
 * Opens WebSockets without a subprotocol, on which text frames that come in are taken as if they
 * were binary. A Jupyter server passes binary messages of its clients on as text, which Undertow
 * would refuse for not being UTF-8.
 */
final class LegacyHandshake extends Hybi13Handshake {

  private static final int OPCODE = 0x0F;

  LegacyHandshake() {
    super(Set.of(), false);
  }

  @Override
  public WebSocketChannel createChannel(
      WebSocketHttpExchange exchange, StreamConnection connection, ByteBufferPool pool) {
    return new RawChannel(exchange, connection, pool);
  }

  private static final class RawChannel extends WebSocket13Channel {

    private static final byte TEXT = OPCODE_TEXT;
    private static final byte BINARY = OPCODE_BINARY;

    RawChannel(WebSocketHttpExchange exchange, StreamConnection connection, ByteBufferPool pool) {
      super(
          connection,
          pool,
          getWebSocketLocation(exchange),
          "",
          false,
          false,
          CompositeExtensionFunction.compose(List.of()),
          exchange.getPeerConnections(),
          exchange.getOptions());
    }

    @Override
    protected PartialFrame receiveFrame() {
      return new RawFrame((WebSocketFrame) super.receiveFrame());
    }

    /** The head of a frame, whose type is in the first byte. */
    private static final class RawFrame implements WebSocketFrame {

      private final WebSocketFrame head;
      private boolean begun;

      RawFrame(WebSocketFrame head) {
        this.head = head;
      }

      @Override
      public void handle(ByteBuffer buffer) throws WebSocketException {
        if (!begun && buffer.hasRemaining()) {
          begun = true;
          int at = buffer.position();
          byte first = buffer.get(at);
          if ((first & OPCODE) == TEXT) {
            buffer.put(at, (byte) (first & ~OPCODE | BINARY));
          }
        }
        head.handle(buffer);
      }

      @Override
      public boolean isDone() {
        return head.isDone();
      }

      @Override
      public StreamSourceFrameChannel getChannel(PooledByteBuffer data) {
        return head.getChannel(data);
      }

      @Override
      public boolean isFinalFragment() {
        return head.isFinalFragment();
      }

      @Override
      public long getFrameLength() {
        return head.getFrameLength();
      }

      @Override
      public AbstractFramedStreamSourceChannel<?, ?, ?> getExistingChannel() {
        return head.getExistingChannel();
      }
    }
  }
}
