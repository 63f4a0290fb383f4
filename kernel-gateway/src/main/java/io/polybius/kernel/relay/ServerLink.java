package io.polybius.kernel.relay;

import io.polybius.kernel.link.LinkEnd;
import io.polybius.kernel.link.LinkNote;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages between a relay and its server, over one WebSocket after the other. What is sent
 * while there is none waits for the next, and what was lost with one is sent again over the next,
 * so that all messages arrive once and in order. May be used from any thread; never waits for the
 * network, for each WebSocket has a thread that reads and one that writes.
 */
final class ServerLink implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ServerLink.class);

  /** A relay is a small process. */
  private static final LinkEnd.Bounds BOUNDS = new LinkEnd.Bounds(10_000, 16L << 20, 64);

  private final Listener listener;
  private final Object delivery = new Object();

  // Under the lock:
  private final LinkEnd end = new LinkEnd(BOUNDS);
  private final Queue<LinkNote> notes = new ArrayDeque<>();
  private Optional<WebSocketConnection> current = Optional.empty();
  private String seat = "";

  /** What a link tells its owner, on threads of its own. */
  interface Listener {
    /** The server has sent a message. */
    void onMessage(JupyterMessage message);

    /** Nobody will answer that request, which had arrived. */
    void onUnknown(String requestId);

    /** The WebSocket has ended, and another one is needed. */
    void onLost();

    /** Returns the requests that are not answered. */
    List<String> open();
  }

  /** What becomes of a message. */
  enum Sending {
    /** It will arrive. */
    ACCEPTED,
    /** It is too large for the server. */
    TOO_LARGE,
    /** Too much waits for the server. */
    TOO_MUCH
  }

  /** Makes a link without a WebSocket. */
  ServerLink(Listener listener) {
    this.listener = listener;
  }

  /** Uses a new WebSocket from now on. */
  void use(WebSocketConnection connection) {
    synchronized (this) {
      end.disconnected();
      notes.clear();
      current = Optional.of(connection);
    }
    start("relay-reader", () -> read(connection));
    start("relay-writer", () -> write(connection));
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Sends a message as soon as possible. */
  synchronized Sending send(JupyterMessage message) {
    if (end.isOverfull()) {
      return Sending.TOO_MUCH;
    }
    if (!end.add(message)) {
      return Sending.TOO_LARGE;
    }
    notifyAll();
    return Sending.ACCEPTED;
  }

  /** Returns whether the server is there, as far as is known. */
  synchronized boolean isConnected() {
    return end.isGreeted();
  }

  // ---- out

  private void write(WebSocketConnection to) {
    try {
      for (Optional<Outgoing> next = next(to); next.isPresent(); next = next(to)) {
        next.get().writeTo(to);
      }
    } catch (IOException e) {
      log.debug("the channel to the server broke", e);
      lost(to);
    }
  }

  /** Something to write. */
  private interface Outgoing {
    void writeTo(WebSocketConnection to) throws IOException;
  }

  /** Waits for something to write; returns nothing when the WebSocket is not used any more. */
  private synchronized Optional<Outgoing> next(WebSocketConnection to) {
    try {
      while (isCurrent(to)) {
        LinkNote note = notes.poll();
        if (note != null) {
          return Optional.of(socket -> socket.sendText(note.write()));
        }
        Optional<ByteBuffer> frame = end.next();
        if (frame.isPresent()) {
          return Optional.of(socket -> socket.sendBinary(frame.get()));
        }
        // Ends with the WebSocket, which ends when it is silent for too long.
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Optional.empty();
  }

  private boolean isCurrent(WebSocketConnection which) {
    return current.filter(used -> used == which).isPresent();
  }

  // ---- in

  private void read(WebSocketConnection from) {
    try {
      from.read(
          new WebSocketConnection.Reader() {
            @Override
            public void onBinary(ByteBuffer message) {
              received(message, from);
            }

            @Override
            public void onText(String message) {
              noted(message, from);
            }
          });
      log.debug("the server closed the channel");
    } catch (IOException e) {
      log.debug("the channel from the server broke", e);
    } finally {
      lost(from);
    }
  }

  private void received(ByteBuffer frame, WebSocketConnection from) {
    // Held until the message is passed on, for the next may come from another WebSocket's thread.
    synchronized (delivery) {
      try {
        if (accept(frame, from)) {
          listener.onMessage(end.decode(frame));
        }
      } catch (WireException e) {
        log.warn("dropped a message of the server: {}", e.getMessage());
      } catch (RuntimeException e) {
        log.error("a message of the server could not be passed on", e);
      }
    }
  }

  private synchronized boolean accept(ByteBuffer frame, WebSocketConnection from)
      throws WireException {
    if (!isCurrent(from) || !end.accept(frame)) {
      return false;
    }
    OptionalLong confirmation = end.confirmation();
    if (confirmation.isPresent()) {
      notes.add(new LinkNote.Received(confirmation.getAsLong()));
      notifyAll();
    }
    return true;
  }

  private void noted(String text, WebSocketConnection from) {
    LinkNote note;
    try {
      note = LinkNote.read(text);
    } catch (WireException e) {
      log.warn("the server sent a note that is none");
      return;
    }
    if (note instanceof LinkNote.Seat greeting) {
      greeted(greeting, from);
    } else if (note instanceof LinkNote.Received received) {
      synchronized (this) {
        end.confirm(received.number());
      }
    } else if (note instanceof LinkNote.Unknown unknown) {
      listener.onUnknown(unknown.request());
    }
  }

  private void greeted(LinkNote.Seat greeting, WebSocketConnection from) {
    List<String> open = listener.open();
    synchronized (this) {
      if (!isCurrent(from)) {
        return;
      }
      if (greeting.seat().equals(seat)) {
        notes.add(new LinkNote.Resume(end.received()));
        end.resume(greeting.received());
      } else {
        seat = greeting.seat();
        end.expectNewEnd();
        // What the server before may not have had is sent to this one.
        notes.add(new LinkNote.Begin(open.stream().filter(id -> !end.keeps(id)).toList()));
        end.resume(0);
      }
      notifyAll();
    }
  }

  private void lost(WebSocketConnection which) {
    boolean wasCurrent;
    synchronized (this) {
      wasCurrent = isCurrent(which);
      if (wasCurrent) {
        drop();
      }
    }
    closed(which);
    if (wasCurrent) {
      listener.onLost();
    }
  }

  private void drop() {
    current = Optional.empty();
    end.disconnected();
    notifyAll();
  }

  private static void closed(WebSocketConnection which) {
    try {
      which.close();
    } catch (IOException e) {
      log.debug("a channel could not be closed", e);
    }
  }

  /** Ends the link. */
  @Override
  public void close() {
    Optional<WebSocketConnection> last;
    synchronized (this) {
      last = current;
      drop();
    }
    last.ifPresent(ServerLink::closed);
  }
}
