package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.link.LinkEnd;
import io.polybius.kernel.link.LinkNote;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.WireException;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of a relay at a kernel. Unlike other clients, a relay says what has arrived: so what
 * was lost with one WebSocket is sent again over the next, in both directions, and nothing comes
 * twice.
 *
 * <p>What waits is bounded. When there is too much, the oldest output is given up, and standard
 * error of the cell that it belongs to says so. Sending may be called from any thread and never
 * waits; what comes in is decoded on the server's worker threads, in order.
 */
final class RelaySeat extends SocketSeat<RelaySeat.Socket> {

  private static final Logger log = LoggerFactory.getLogger(RelaySeat.class);

  /**
   * Each request is confirmed at once: only of what is not confirmed may a relay think, when the
   * server is replaced by another, that it was never served.
   */
  private static final LinkEnd.Bounds BOUNDS = new LinkEnd.Bounds(10_000, 64L << 20, 1);

  /** What comes in and is not served yet may take as much before the relay has to come again. */
  private static final long MAX_INCOMING_BYTES = 64L << 20;

  private final String name;
  private final MessageSource messages;

  // Under the lock:
  private final LinkEnd end = new LinkEnd(BOUNDS);
  private final Queue<LinkNote> notes = new ArrayDeque<>();
  private final Set<String> curtailed = new HashSet<>();
  private Optional<InOrder> incoming = Optional.empty();
  private long incomingBytes;

  /** How many relays have begun here: each has numbers of its own. */
  private int relays;

  /**
   * Makes a place without a WebSocket.
   *
   * @param seatLog keeps what is sent; may have something from an earlier server
   * @param onLost told when the relay is no longer there, for whatever reason
   * @param closeCode tells the relay why its WebSocket is closed when the kernel ends
   */
  RelaySeat(Kernel kernel, SeatLog seatLog, Consumer<Seat> onLost, IntSupplier closeCode) {
    super(kernel, seatLog, onLost, closeCode);
    this.messages = new MessageSource(kernel::headerSession, "polybius", Clock.systemUTC());
    // A place that goes on has the name that its relay knows.
    this.name =
        Optional.of(keptName())
            .filter(kept -> !kept.isEmpty())
            .orElse(UUID.randomUUID().toString());
    seatLog.undelivered().forEach(kept -> end.restore(kept.number(), kept.message()));
    end.restore(seatLog.last(), seatLog.served());
  }

  /** Jupyter does, whenever its relay ends. */
  @Override
  public boolean startsAgain() {
    return isLive();
  }

  @Override
  Socket socket(WebSocketChannel channel) {
    return new Socket(channel);
  }

  @Override
  void begins(WebSocketChannel channel) {
    if (incoming.isEmpty()) {
      incoming = Optional.of(new InOrder(channel.getWorker()));
    }
    notes.clear();
    notes.add(new LinkNote.Seat(name, end.received()));
  }

  @Override
  void ends(Socket which) {
    end.disconnected();
  }

  @Override
  public void send(JupyterMessage message) {
    boolean tooMuch;
    synchronized (this) {
      if (isOver()) {
        return;
      }
      if (end.add(message)) {
        seatLog().sent(message);
      } else {
        curtail(message.parentHeader(), "A part of the output is too large to be passed on.");
      }
      // Only what can be given up is, as long as there is not far too much of the rest.
      end.trim()
          .forEach(
              request ->
                  curtail(
                      request,
                      "Output was left out here: there was too much of it while the connection"
                          + " was interrupted or slow."));
      if (seatLog().isLarge()) {
        seatLog().keepOnly(end.numbers());
      }
      tooMuch = end.isHopeless();
    }
    if (tooMuch) {
      log.warn("the relay of kernel {} is too slow and loses its place", kernel().id());
      giveUp();
    } else {
      pump();
    }
  }

  /** Says once in a cell that something is missing. */
  private void curtail(Header request, String why) {
    if (curtailed.add(request.messageId())) {
      log.info("kernel {} leaves out output for its relay", kernel().id());
      JupyterMessage note =
          messages.publication(new PublishedContent.Stream("stderr", why + "\n"), request);
      if (end.add(note)) {
        seatLog().sent(note);
      }
    }
  }

  @Override
  boolean isWriting(Socket to) {
    return to.writing;
  }

  @Override
  boolean writeNext(Socket to) {
    LinkNote note = notes.poll();
    if (note != null) {
      to.writing = true;
      WebSockets.sendText(ByteBuffer.wrap(note.write()), to.channel(), to);
      return true;
    }
    Optional<ByteBuffer> frame = end.next();
    frame.ifPresent(
        bytes -> {
          to.writing = true;
          WebSockets.sendBinary(bytes, to.channel(), to);
        });
    return frame.isPresent();
  }

  @Override
  boolean mayEnd() {
    return end.isGreeted();
  }

  @Override
  void clear() {
    // The next place begins anew, and so does its relay.
  }

  // ---- in

  private void noted(LinkNote note, Socket from) {
    // Asked before the lock is taken, for the kernel sends under its own.
    List<String> unknown =
        note instanceof LinkNote.Begin begin
            ? begin.open().stream().filter(id -> !kernel().isOpen(id)).toList()
            : List.of();
    synchronized (this) {
      if (!isCurrent(from)) {
        return;
      }
      if (note instanceof LinkNote.Received received) {
        end.confirm(received.number());
        seatLog().delivered(received.number());
      } else if (note instanceof LinkNote.Resume resume) {
        end.resume(resume.received());
        seatLog().delivered(resume.received());
        curtailed.clear();
      } else if (note instanceof LinkNote.Begin) {
        end.expectNewEnd();
        relays++;
        seatLog().serveFromStart();
        seatLog().delivered(end.forgetSent());
        end.resume(0);
        unknown.forEach(id -> notes.add(new LinkNote.Unknown(id)));
      }
    }
    pump();
  }

  private void received(ByteBuffer frame, Socket from) throws WireException {
    long size = frame.remaining();
    synchronized (this) {
      if (!isCurrent(from)) {
        return;
      }
      if (incomingBytes > MAX_INCOMING_BYTES) {
        // Not accepted, and so sent again when the relay comes back.
        log.info("kernel {} lets its relay wait", kernel().id());
        from.cut();
        return;
      }
      if (!end.accept(frame)) {
        return;
      }
      long number = end.received();
      int sender = relays;
      incomingBytes += size;
      Executor order = incoming.orElseThrow();
      // Under the lock, so that the next WebSocket's messages come after this one's.
      order.execute(() -> serve(frame, size, number, sender));
    }
  }

  private void serve(ByteBuffer frame, long size, long number, int sender) {
    try {
      JupyterMessage message = end.decode(frame);
      // A server that took over from another may know what was asked of that one.
      if (!message.type().equals("execute_request") || !kernel().isOpen(message.id())) {
        kernel().receive(message, this);
      }
    } catch (WireException e) {
      log.warn("kernel {} dropped a message: {}", kernel().id(), e.getMessage());
    } finally {
      synchronized (this) {
        incomingBytes -= size;
        if (sender == relays) {
          // Not before: else a later server would think that it was served.
          seatLog().served(number);
          notes.add(new LinkNote.Received(number));
        }
      }
    }
    pump();
  }

  /** One WebSocket of the relay. */
  final class Socket extends SeatSocket {

    /** Under the seat's lock. */
    private boolean writing;

    Socket(WebSocketChannel channel) {
      super(channel, "the relay of kernel " + kernel().id());
    }

    @Override
    void lost() {
      RelaySeat.this.lost(this);
    }

    @Override
    void written() {
      synchronized (RelaySeat.this) {
        writing = false;
      }
      pump();
    }

    @Override
    void received(ByteBuffer frame) {
      try {
        RelaySeat.this.received(frame, this);
      } catch (WireException e) {
        log.warn("the relay of kernel {} sent no message: {}", kernel().id(), e.getMessage());
      }
    }

    @Override
    void received(String text) {
      try {
        noted(LinkNote.read(text), this);
      } catch (WireException e) {
        log.warn("the relay of kernel {} sent no note: {}", kernel().id(), e.getMessage());
      }
    }
  }
}
