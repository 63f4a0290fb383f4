package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.http.WireForm.Frame;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's place at a kernel, which outlives the WebSocket that the client has at the moment:
 * what is sent meanwhile waits for its next one.
 *
 * <p>Messages leave one after the other, each when the one before it is written. When too much
 * waits for a client, it loses output, and its place if there is nothing more to drop. Sending may
 * be called from any thread and never waits; what comes in is decoded on the server's worker
 * threads, in order.
 */
final class ChannelSeat extends SocketSeat<ChannelSeat.Socket> {

  private static final Logger log = LoggerFactory.getLogger(ChannelSeat.class);

  private static final long MAX_WAITING_BYTES = 64L << 20;
  private static final int MAX_WAITING_MESSAGES = 100_000;
  private static final int MAX_ENDS = 200;
  private static final int TRY_AGAIN_LATER = 1013;

  /** What can be lost without anybody waiting for it forever. */
  private static final Set<String> OUTPUT =
      Set.of("stream", "display_data", "update_display_data", "execute_result", "execute_input");

  private final WireForm form;
  private final MessageSource messages;
  private final SmallerMessages smaller;

  /** Under the lock. */
  private final Backlog waiting;

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
    super(kernel, seatLog, onLost, closeCode);
    this.form = form;
    this.messages = new MessageSource(kernel::headerSession, "polybius", Clock.systemUTC());
    this.smaller = new SmallerMessages(messages);
    this.waiting = new Backlog(MAX_WAITING_BYTES, MAX_WAITING_MESSAGES, this::dropped);
    seatLog
        .undelivered()
        .forEach(kept -> add(kept.message(), form.encode(kept.message()), kept.number()));
  }

  @Override
  Socket socket(WebSocketChannel channel) {
    return new Socket(channel);
  }

  @Override
  void begins(WebSocketChannel channel) {
    // All that this place knows is in what waits.
  }

  @Override
  void ends(Socket which) {
    which.takeBack();
  }

  @Override
  public void send(JupyterMessage message) {
    Frame frame = form.encode(message);
    if (frame.size() <= SmallerMessages.MAX_BYTES) {
      send(message, frame);
      return;
    }
    log.debug("kernel {} makes {} smaller for a client", kernel().id(), message);
    List<JupyterMessage> parts = smaller.of(message);
    parts.forEach(part -> send(part, form.encode(part)));
  }

  private void send(JupyterMessage message, Frame frame) {
    boolean tooMuch;
    synchronized (this) {
      if (isOver()) {
        return;
      }
      add(message, frame, seatLog().sent(message));
      if (waiting.isFull()) {
        waiting.dropOutput();
      }
      if (seatLog().isLarge()) {
        Set<Long> needed = waiting.numbers();
        socket().flatMap(to -> to.inFlight).ifPresent(entry -> needed.add(entry.number()));
        seatLog().keepOnly(needed);
      }
      tooMuch = waiting.isFull();
    }
    if (tooMuch) {
      log.warn("a client of kernel {} is too slow and loses its connection", kernel().id());
      giveUp();
    } else {
      pump();
    }
  }

  private void add(JupyterMessage message, Frame frame, long number) {
    Optional<Header> outputOf =
        OUTPUT.contains(message.type()) ? Optional.of(message.parentHeader()) : Optional.empty();
    boolean endsRequest =
        message.type().endsWith("_reply")
            || (message.type().equals("status")
                && message.content().path("execution_state").asText().equals("idle"));
    waiting.add(
        new Backlog.Entry(frame, outputOf, message.type().equals("stream"), endsRequest, number));
  }

  /** Returns the message that tells the client of output that it will not get. */
  private Frame dropped(Header request) {
    String text = "\n[Output was dropped here, because too much of it waited to be read.]\n";
    return form.encode(messages.publication(new PublishedContent.Stream("stderr", text), request));
  }

  @Override
  boolean isWriting(Socket to) {
    return to.inFlight.isPresent();
  }

  @Override
  boolean writeNext(Socket to) {
    Optional<Backlog.Entry> next = waiting.take();
    next.ifPresent(to::write);
    return next.isPresent();
  }

  @Override
  boolean mayEnd() {
    return true;
  }

  @Override
  void clear() {
    waiting.clear();
  }

  /** What was written to a WebSocket, and when. */
  private record Written(Backlog.Entry entry, long atNanos) {}

  /** One WebSocket of the client. */
  final class Socket extends SeatSocket {

    private final InOrder inOrder;
    private final AtomicLong incomingBytes = new AtomicLong();

    /** Under the seat's lock. */
    private Optional<Backlog.Entry> inFlight = Optional.empty();

    /** The latest ends of requests that were written; under the seat's lock. */
    private final Deque<Written> ends = new ArrayDeque<>();

    Socket(WebSocketChannel channel) {
      super(channel, "a client of kernel " + kernel().id());
      this.inOrder = new InOrder(channel.getWorker());
    }

    @Override
    void lost() {
      ChannelSeat.this.lost(this);
    }

    void write(Backlog.Entry entry) {
      inFlight = Optional.of(entry);
      ByteBuffer bytes = entry.frame().bytes().duplicate();
      if (entry.frame().isText()) {
        WebSockets.sendText(bytes, channel(), this);
      } else {
        WebSockets.sendBinary(bytes, channel(), this);
      }
    }

    /**
     * Puts what may not have arrived back to where it came from. Of what was written since the
     * client was last heard, that is the ends of requests: without them it would wait for ever, and
     * anything else it might see twice.
     */
    void takeBack() {
      inFlight.ifPresent(waiting::addFirst);
      inFlight = Optional.empty();
      if (!channel().isCloseFrameReceived()) {
        Iterator<Written> newestFirst = ends.descendingIterator();
        while (newestFirst.hasNext()) {
          Written end = newestFirst.next();
          if (end.atNanos() - lastHeardNanos() > 0) {
            waiting.addFirst(end.entry());
          }
        }
      }
      ends.clear();
    }

    private void remember(Backlog.Entry end) {
      ends.add(new Written(end, System.nanoTime()));
      if (ends.size() > MAX_ENDS) {
        ends.remove();
      }
    }

    @Override
    void written() {
      synchronized (ChannelSeat.this) {
        inFlight.ifPresent(entry -> seatLog().delivered(entry.number()));
        inFlight.filter(Backlog.Entry::endsRequest).ifPresent(this::remember);
        inFlight = Optional.empty();
        pump();
      }
    }

    @Override
    void received(ByteBuffer frame) {
      long size = frame.remaining();
      if (incomingBytes.addAndGet(size) > MAX_WAITING_BYTES) {
        synchronized (ChannelSeat.this) {
          end(TRY_AGAIN_LATER, "Too many messages at once.");
        }
        return;
      }
      inOrder.execute(
          () -> {
            try {
              kernel().receive(form.decode(frame), ChannelSeat.this);
            } catch (WireException e) {
              log.warn("kernel {} dropped a message: {}", kernel().id(), e.getMessage());
            } finally {
              incomingBytes.addAndGet(-size);
            }
          });
    }

    @Override
    void received(String text) {
      synchronized (ChannelSeat.this) {
        end(
            CloseMessage.MSG_VIOLATES_POLICY,
            "Messages of " + V1WebSocketCodec.SUBPROTOCOL + " are binary.");
      }
    }
  }
}
