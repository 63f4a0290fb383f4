package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.http.WireForm.Frame;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * A client's place at a kernel, which outlives the WebSocket that the client has at the moment:
 * what is sent meanwhile waits for its next one.
 *
 * <p>Messages leave one after the other, each when the one before it is written. When too much
 * waits for a client, it loses output, and its place if there is nothing more to drop. Sending may
 * be called from any thread and never waits; what comes in is decoded on the server's worker
 * threads, in order.
 */
final class ChannelSeat implements Seat {

  private static final Logger log = LoggerFactory.getLogger(ChannelSeat.class);

  /** Largest message that is taken; clients send pasted files and widgets' buffers. */
  private static final long MAX_MESSAGE_BYTES = 16L << 20;

  private static final long MAX_WAITING_BYTES = 64L << 20;
  private static final int MAX_WAITING_MESSAGES = 100_000;
  private static final Duration PING_INTERVAL = Duration.ofSeconds(30);
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(90);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
  private static final int TRY_AGAIN_LATER = 1013;
  private static final String ENDED = "The kernel has ended.";

  /** What can be lost without anybody waiting for it forever. */
  private static final Set<String> OUTPUT =
      Set.of("stream", "display_data", "update_display_data", "execute_result", "execute_input");

  private final Kernel kernel;
  private final WireForm form;
  private final String keptName;
  private final MessageSource messages;
  private final SmallerMessages smaller;
  private final Consumer<Seat> onLost;
  private final IntSupplier closeCode;
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  // Under the lock:
  private final SeatLog seatLog;
  private final Backlog waiting;
  private Optional<Socket> socket = Optional.empty();
  private boolean pumping;
  private boolean ended;

  /**
   * Makes a place without a WebSocket.
   *
   * @param form how its messages are written
   * @param seatLog keeps what is sent; may have something from an earlier server
   * @param onLost told when the client is no longer there, for whatever reason
   * @param closeCode tells the client why its WebSocket is closed when the kernel ends
   */
  ChannelSeat(
      Kernel kernel, WireForm form, SeatLog seatLog, Consumer<Seat> onLost, IntSupplier closeCode) {
    this.kernel = kernel;
    this.seatLog = seatLog;
    this.keptName = seatLog.name();
    this.form = form;
    this.messages = new MessageSource(kernel::headerSession, "polybius", Clock.systemUTC());
    this.smaller = new SmallerMessages(messages);
    this.waiting = new Backlog(MAX_WAITING_BYTES, MAX_WAITING_MESSAGES, this::dropped);
    this.onLost = onLost;
    this.closeCode = closeCode;
    seatLog
        .undelivered()
        .forEach(kept -> add(kept.message(), form.encode(kept.message()), kept.number()));
  }

  @Override
  public String keptName() {
    return keptName;
  }

  @Override
  public synchronized void close() {
    seatLog.close();
  }

  @Override
  public synchronized void forget() {
    seatLog.delete();
  }

  @Override
  public CompletableFuture<Void> left() {
    return left;
  }

  @Override
  public synchronized boolean isLive() {
    return socket.isPresent();
  }

  @Override
  public Runnable take(WebSocketChannel channel) {
    Socket fresh = new Socket(channel);
    Optional<Socket> stale;
    boolean tooLate;
    synchronized (this) {
      tooLate = ended;
      stale = socket;
      if (!tooLate) {
        stale.ifPresent(Socket::takeBack);
        socket = Optional.of(fresh);
      }
    }
    if (tooLate) {
      return () -> {
        WebSockets.sendClose(closeCode.getAsInt(), ENDED, channel, null);
        onLost.accept(this);
      };
    }
    return () -> {
      stale.ifPresent(old -> IoUtils.safeClose(old.channel));
      fresh.open();
      pump();
    };
  }

  @Override
  public void send(JupyterMessage message) {
    Frame frame = form.encode(message);
    if (frame.size() <= SmallerMessages.MAX_BYTES) {
      send(message, frame);
      return;
    }
    log.debug("kernel {} makes {} smaller for a client", kernel.id(), message);
    List<JupyterMessage> parts = smaller.of(message);
    parts.forEach(part -> send(part, form.encode(part)));
  }

  private void send(JupyterMessage message, Frame frame) {
    boolean tooMuch;
    synchronized (this) {
      if (ended) {
        return;
      }
      add(message, frame, seatLog.sent(message));
      if (waiting.isFull()) {
        waiting.dropOutput();
      }
      tooMuch = waiting.isFull();
    }
    if (tooMuch) {
      giveUp();
    } else {
      pump();
    }
  }

  private void add(JupyterMessage message, Frame frame, long number) {
    Optional<Header> outputOf =
        OUTPUT.contains(message.type()) ? Optional.of(message.parentHeader()) : Optional.empty();
    waiting.add(new Backlog.Entry(frame, outputOf, message.type().equals("stream"), number));
  }

  /** Returns the message that tells the client of output that it will not get. */
  private Frame dropped(Header request) {
    String text = "\n[Output was dropped here, because too much of it waited to be read.]\n";
    return form.encode(messages.publication(new PublishedContent.Stream("stderr", text), request));
  }

  /** The client does not read what it is sent. */
  private void giveUp() {
    log.warn("a client of kernel {} is too slow and loses its connection", kernel.id());
    kernel.disconnect(this);
    Optional<Socket> slow;
    synchronized (this) {
      ended = true;
      waiting.clear();
      slow = socket;
    }
    slow.ifPresent(old -> IoUtils.safeClose(old.channel));
    if (slow.isEmpty()) {
      onLost.accept(this);
    }
  }

  @Override
  public synchronized boolean isOver() {
    return ended;
  }

  @Override
  public void kernelEnded() {
    synchronized (this) {
      ended = true;
      if (socket.isEmpty()) {
        left.complete(null);
      }
    }
    pump();
  }

  /** Writes what waits, as long as the client takes it; then closes if nothing more can come. */
  private synchronized void pump() {
    if (pumping || socket.isEmpty()) {
      return;
    }
    pumping = true;
    try {
      Socket to = socket.get();
      // A write that fails at once closes the WebSocket, which is then no longer the current one.
      boolean more = true;
      while (more && isCurrent(to) && to.inFlight.isEmpty()) {
        Optional<Backlog.Entry> next = waiting.take();
        next.ifPresent(to::write);
        more = next.isPresent();
      }
      if (isCurrent(to) && to.inFlight.isEmpty() && ended) {
        to.close();
      }
    } finally {
      pumping = false;
    }
  }

  private boolean isCurrent(Socket which) {
    return socket.filter(current -> current == which).isPresent();
  }

  private void lost(Socket which) {
    boolean wasCurrent;
    synchronized (this) {
      wasCurrent = isCurrent(which);
      if (wasCurrent) {
        which.takeBack();
        socket = Optional.empty();
      }
      if (ended) {
        left.complete(null);
      }
    }
    if (wasCurrent) {
      onLost.accept(this);
    }
  }

  /** One WebSocket of the client. */
  private final class Socket extends AbstractReceiveListener implements WebSocketCallback<Void> {

    private final WebSocketChannel channel;
    private final InOrder inOrder;
    private final AtomicLong incomingBytes = new AtomicLong();
    private Optional<Backlog.Entry> inFlight = Optional.empty();
    private boolean closing;
    private volatile long lastHeardNanos = System.nanoTime();

    Socket(WebSocketChannel channel) {
      this.channel = channel;
      this.inOrder = new InOrder(channel.getWorker());
    }

    void open() {
      XnioIoThread thread = channel.getIoThread();
      XnioExecutor.Key pings =
          thread.executeAtInterval(this::ping, PING_INTERVAL.toSeconds(), TimeUnit.SECONDS);
      channel.addCloseTask(
          closed -> {
            pings.remove();
            lost(this);
          });
      channel.getReceiveSetter().set(this);
      channel.resumeReceives();
    }

    private void ping() {
      if (System.nanoTime() - lastHeardNanos > SILENCE_LIMIT.toNanos()) {
        log.info("a client of kernel {} does not answer", kernel.id());
        IoUtils.safeClose(channel);
      } else {
        WebSockets.sendPing(ByteBuffer.allocate(0), channel, null);
      }
    }

    // ---- out, under the seat's lock

    void write(Backlog.Entry entry) {
      inFlight = Optional.of(entry);
      ByteBuffer bytes = entry.frame().bytes().duplicate();
      if (entry.frame().isText()) {
        WebSockets.sendText(bytes, channel, this);
      } else {
        WebSockets.sendBinary(bytes, channel, this);
      }
    }

    /** Puts what may not have arrived back to where it came from. */
    void takeBack() {
      inFlight.ifPresent(waiting::addFirst);
      inFlight = Optional.empty();
    }

    void close() {
      if (closing) {
        return;
      }
      closing = true;
      WebSockets.sendClose(closeCode.getAsInt(), ENDED, channel, null);
      channel
          .getIoThread()
          .executeAfter(
              () -> IoUtils.safeClose(channel), CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void complete(WebSocketChannel ignored, Void context) {
      synchronized (ChannelSeat.this) {
        inFlight.ifPresent(entry -> seatLog.delivered(entry.number()));
        inFlight = Optional.empty();
        pump();
      }
    }

    @Override
    public void onError(WebSocketChannel ignored, Void context, Throwable failure) {
      log.debug("a client of kernel {} could not be written to", kernel.id(), failure);
      IoUtils.safeClose(channel);
    }

    // ---- in

    @Override
    protected long getMaxBinaryBufferSize() {
      return MAX_MESSAGE_BYTES;
    }

    @Override
    protected long getMaxTextBufferSize() {
      return MAX_MESSAGE_BYTES;
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel ignored, BufferedBinaryMessage message) {
      lastHeardNanos = System.nanoTime();
      ByteBuffer frame;
      try {
        frame = WebSockets.mergeBuffers(message.getData().getResource());
      } finally {
        message.getData().close();
      }
      long size = frame.remaining();
      if (incomingBytes.addAndGet(size) > MAX_WAITING_BYTES) {
        WebSockets.sendClose(TRY_AGAIN_LATER, "Too many messages at once.", channel, null);
        return;
      }
      inOrder.execute(
          () -> {
            try {
              kernel.receive(form.decode(frame), ChannelSeat.this);
            } catch (WireException e) {
              log.warn("kernel {} dropped a message: {}", kernel.id(), e.getMessage());
            } finally {
              incomingBytes.addAndGet(-size);
            }
          });
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel ignored, BufferedTextMessage message) {
      WebSockets.sendClose(
          CloseMessage.MSG_VIOLATES_POLICY,
          "Messages of " + V1WebSocketCodec.SUBPROTOCOL + " are binary.",
          channel,
          null);
    }

    @Override
    protected void onFullPongMessage(WebSocketChannel ignored, BufferedBinaryMessage message)
        throws IOException {
      lastHeardNanos = System.nanoTime();
      super.onFullPongMessage(ignored, message);
    }

    @Override
    protected void onError(WebSocketChannel ignored, Throwable failure) {
      log.debug("the WebSocket of a client of kernel {} failed", kernel.id(), failure);
      IoUtils.safeClose(channel);
    }
  }
}
