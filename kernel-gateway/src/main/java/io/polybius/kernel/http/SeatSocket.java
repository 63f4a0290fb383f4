package io.polybius.kernel.http;

import io.polybius.kernel.link.LinkEnd;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * One WebSocket of the client of a {@link Seat}: it sees that the client is still there, puts what
 * comes in together to whole messages, and ends for good.
 */
abstract class SeatSocket extends AbstractReceiveListener implements WebSocketCallback<Void> {

  private static final Logger log = LoggerFactory.getLogger(SeatSocket.class);
  private static final Duration PING_INTERVAL = Duration.ofSeconds(30);
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(90);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
  private static final String ENDED = "The kernel has ended.";

  private final WebSocketChannel channel;
  private final String client;
  private volatile long lastHeardNanos = System.nanoTime();

  /** Under the seat's lock. */
  private boolean closing;

  /**
   * Makes one that does not listen yet.
   *
   * @param client who is at the other end, for the log
   */
  SeatSocket(WebSocketChannel channel, String client) {
    this.channel = channel;
    this.client = client;
  }

  /** The WebSocket is no more; can be called twice. */
  abstract void lost();

  /** What was given to it last is written. */
  abstract void written();

  /** A binary message has come. */
  abstract void received(ByteBuffer frame);

  /** A text message has come. */
  abstract void received(String text);

  /** Returns the {@link System#nanoTime} at which the client was last heard. */
  final long lastHeardNanos() {
    return lastHeardNanos;
  }

  /** Returns the WebSocket. */
  final WebSocketChannel channel() {
    return channel;
  }

  /** Begins to listen. */
  final void open() {
    XnioIoThread thread = channel.getIoThread();
    XnioExecutor.Key pings =
        thread.executeAtInterval(this::ping, PING_INTERVAL.toSeconds(), TimeUnit.SECONDS);
    channel.addCloseTask(
        closed -> {
          pings.remove();
          lost();
        });
    if (!channel.isOpen()) {
      // Its end may have come before anything waited for that.
      pings.remove();
      lost();
    }
    channel.getReceiveSetter().set(this);
    channel.resumeReceives();
  }

  private void ping() {
    if (System.nanoTime() - lastHeardNanos > SILENCE_LIMIT.toNanos()) {
      log.info("{} does not answer", client);
      cut();
    } else {
      WebSockets.sendPing(ByteBuffer.allocate(0), channel, null);
    }
  }

  /** Tells a client that has come too late that its kernel has ended. */
  static void refuse(WebSocketChannel channel, int closeCode) {
    WebSockets.sendClose(closeCode, ENDED, channel, null);
  }

  /** Tells the client once that its kernel has ended, and does not wait long for it. */
  final void end(int closeCode) {
    end(closeCode, ENDED);
  }

  /** Tells the client once why its WebSocket ends, and does not wait long for it. */
  final void end(int closeCode, String why) {
    if (closing) {
      return;
    }
    closing = true;
    WebSockets.sendClose(closeCode, why, channel, null);
    channel.getIoThread().executeAfter(this::cut, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Ends the connection without a word. */
  final void cut() {
    IoUtils.safeClose(channel);
  }

  @Override
  public final void complete(WebSocketChannel ignored, Void context) {
    written();
  }

  @Override
  public final void onError(WebSocketChannel ignored, Void context, Throwable failure) {
    log.debug("{} could not be written to", client, failure);
    cut();
  }

  // Clients send pasted files and widgets' buffers.

  @Override
  protected final long getMaxBinaryBufferSize() {
    return LinkEnd.MAX_MESSAGE_BYTES;
  }

  @Override
  protected final long getMaxTextBufferSize() {
    return LinkEnd.MAX_MESSAGE_BYTES;
  }

  @Override
  protected final void onFullBinaryMessage(
      WebSocketChannel ignored, BufferedBinaryMessage message) {
    lastHeardNanos = System.nanoTime();
    ByteBuffer frame;
    try {
      frame = WebSockets.mergeBuffers(message.getData().getResource());
    } finally {
      message.getData().close();
    }
    received(frame);
  }

  @Override
  protected final void onFullTextMessage(WebSocketChannel ignored, BufferedTextMessage message) {
    lastHeardNanos = System.nanoTime();
    received(message.getData());
  }

  @Override
  protected final void onFullPongMessage(WebSocketChannel ignored, BufferedBinaryMessage message)
      throws IOException {
    lastHeardNanos = System.nanoTime();
    super.onFullPongMessage(ignored, message);
  }

  @Override
  protected final void onError(WebSocketChannel ignored, Throwable failure) {
    log.debug("the WebSocket of {} failed", client, failure);
    cut();
  }
}
