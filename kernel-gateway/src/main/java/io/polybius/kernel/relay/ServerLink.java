package io.polybius.kernel.relay;

import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.ByteArrayOutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages between a relay and its server, over one WebSocket after the other: what is sent
 * while there is none waits for the next. May be used from any thread; messages keep their order.
 */
final class ServerLink {

  private static final Logger log = LoggerFactory.getLogger(ServerLink.class);

  /** The server takes no larger message. */
  private static final int MAX_MESSAGE_BYTES = 16 << 20;

  private final Consumer<JupyterMessage> onMessage;
  private final Runnable onLost;
  private final V1WebSocketCodec codec = new V1WebSocketCodec();

  // Under the lock:
  private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
  private Optional<WebSocket> socket = Optional.empty();
  private boolean sending;

  /**
   * Makes a link without a WebSocket.
   *
   * @param onMessage gets what the server sends, in order
   * @param onLost told when a WebSocket has ended
   */
  ServerLink(Consumer<JupyterMessage> onMessage, Runnable onLost) {
    this.onMessage = onMessage;
    this.onLost = onLost;
  }

  /** Returns a listener for the next WebSocket, which is used as soon as it is open. */
  WebSocket.Listener listener() {
    return new Listener();
  }

  private void use(WebSocket next) {
    synchronized (this) {
      socket = Optional.of(next);
      sending = false;
    }
    pump();
  }

  /**
   * Sends a message as soon as possible.
   *
   * @return whether it will be sent; false if the server would not take it because of its size
   */
  boolean send(JupyterMessage message) {
    ByteBuffer frame = codec.encode(message);
    if (frame.remaining() > MAX_MESSAGE_BYTES) {
      return false;
    }
    synchronized (this) {
      waiting.add(frame);
    }
    pump();
    return true;
  }

  private void pump() {
    WebSocket to;
    ByteBuffer frame;
    synchronized (this) {
      if (sending || socket.isEmpty() || waiting.isEmpty()) {
        return;
      }
      sending = true;
      to = socket.get();
      frame = waiting.peek();
    }
    CompletableFuture<WebSocket> unused =
        to.sendBinary(frame.duplicate(), true)
            .whenComplete((done, failure) -> written(to, frame, failure));
  }

  private void written(WebSocket by, ByteBuffer frame, Throwable failure) {
    synchronized (this) {
      if (socket.filter(current -> current == by).isEmpty()) {
        return;
      }
      if (failure == null) {
        waiting.removeFirstOccurrence(frame);
        sending = false;
      }
    }
    if (failure == null) {
      pump();
    } else {
      lost(by);
    }
  }

  private void lost(WebSocket which) {
    synchronized (this) {
      if (socket.filter(current -> current == which).isEmpty()) {
        return;
      }
      socket = Optional.empty();
      sending = false;
    }
    which.abort();
    onLost.run();
  }

  /** Ends the link. */
  void close() {
    Optional<WebSocket> last;
    synchronized (this) {
      last = socket;
      socket = Optional.empty();
    }
    Optional<CompletableFuture<WebSocket>> unused =
        last.map(
            open ->
                open.sendClose(WebSocket.NORMAL_CLOSURE, "")
                    .whenComplete((done, failure) -> open.abort()));
  }

  /** Puts the parts of messages together. */
  private final class Listener implements WebSocket.Listener {

    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

    @Override
    public void onOpen(WebSocket opened) {
      use(opened);
      opened.request(1);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      parts.writeBytes(bytes);
      if (last) {
        ByteBuffer frame = ByteBuffer.wrap(parts.toByteArray());
        parts.reset();
        try {
          onMessage.accept(codec.decode(frame));
        } catch (WireException e) {
          log.warn("dropped a message of the server: {}", e.getMessage());
        }
      }
      from.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      log.debug("the server closed the channel: {} {}", code, reason);
      lost(from);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      log.debug("the channel to the server broke", failure);
      lost(from);
    }
  }
}
