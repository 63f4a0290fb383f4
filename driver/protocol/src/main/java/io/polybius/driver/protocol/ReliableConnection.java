package io.polybius.driver.protocol;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a {@link DriverConnection} that outlives transports: it numbers what is sent, keeps
 * it until it is acknowledged, sends it again on the next transport, and lets nothing through
 * twice.
 *
 * <p>Every method may be called from any thread. One lock guards the numbers and is held while
 * frames are handed to the transport and messages to the receiver, so that neither can overtake
 * another; both must therefore return quickly.
 *
 * @param <S> what this end sends
 * @param <R> what this end receives
 */
final class ReliableConnection<S, R> implements DriverConnection<S> {

  private static final Logger log = LoggerFactory.getLogger(ReliableConnection.class);

  /** One network connection, as far as this class sees it. */
  interface Transport {
    /** Sends a frame in order, without waiting. */
    void write(LinkFrame frame);

    /**
     * Sends what was written before, the last of it a goodbye, and ends when the other end has hung
     * up or after a moment. Hanging up first could tear down what is still on its way.
     */
    void part();

    /** Sends what was written before and ends. */
    void close();
  }

  private final Class<R> receivedType;
  private final Receiver<R> receiver;
  private final boolean receiverKeeps;
  private final Consumer<String> onClose;

  private final Object lock = new Object();
  private final WireTable table = new WireTable();
  private final Deque<LinkFrame.Payload> unacknowledged = new ArrayDeque<>();
  private long lastSent;
  private long lastReceived;

  /** Everything up to this is kept at this end, whatever becomes of this process. */
  private long lastKept;

  private long lastAcknowledged;
  private Transport transport;

  /** The newest transport, also after it has ended. */
  private Transport newest;

  private boolean closed;

  /** Whether another process is going to take the link over. */
  private boolean left;

  /**
   * @param receivedType the type of every message that may come
   * @param receiver gets the messages
   * @param onClose called once at the end, with the reason, after the receiver
   */
  ReliableConnection(Class<R> receivedType, Receiver<R> receiver, Consumer<String> onClose) {
    this(receivedType, receiver, onClose, false);
  }

  /**
   * @param receiverKeeps whether a message may be acknowledged only when {@link #kept} says so
   */
  ReliableConnection(
      Class<R> receivedType,
      Receiver<R> receiver,
      Consumer<String> onClose,
      boolean receiverKeeps) {
    this.receivedType = receivedType;
    this.receiver = receiver;
    this.onClose = onClose;
    this.receiverKeeps = receiverKeeps;
  }

  /**
   * Goes on where an earlier process stood.
   *
   * @param received number of the last message that it has kept
   * @param sent number of its last message before {@code messages}
   * @param messages what it has sent after that
   */
  void resume(long received, long sent, List<? extends S> messages) {
    synchronized (lock) {
      lastReceived = received;
      lastKept = received;
      lastAcknowledged = received;
      lastSent = sent;
      messages.forEach(this::send);
    }
  }

  @Override
  public void send(S message) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      // Encoded here, so that a message that cannot be sent fails its sender and not the link.
      byte[] bytes = table.encode(message);
      if (bytes.length > FrameCodec.MAX_MESSAGE_BYTES) {
        throw new IllegalArgumentException(
            "a message of "
                + bytes.length
                + " bytes; the largest is "
                + FrameCodec.MAX_MESSAGE_BYTES);
      }
      LinkFrame.Payload payload = new LinkFrame.Payload(++lastSent, bytes);
      unacknowledged.add(payload);
      if (transport != null) {
        transport.write(payload);
      }
    }
  }

  @Override
  public long sent() {
    synchronized (lock) {
      return lastSent;
    }
  }

  @Override
  public long acknowledged() {
    synchronized (lock) {
      return unacknowledged.isEmpty() ? lastSent : unacknowledged.peek().sequence() - 1;
    }
  }

  @Override
  public void kept(long sequence) {
    synchronized (lock) {
      // Told to the other end with the next of its messages, which come every few seconds at least.
      lastKept = Math.max(lastKept, sequence);
    }
  }

  @Override
  public void close() {
    end("closed at this end", new LinkFrame.Goodbye("closed at the other end"));
  }

  /** Ends the link because of what came over {@code from}, and tells the other end so. */
  void abort(String reason, Transport from) {
    synchronized (lock) {
      if (from != transport || !shut(new LinkFrame.Goodbye(reason))) {
        return;
      }
    }
    tell(reason);
  }

  /** Lets go of the link, which another process is going to take over: nobody is told anything. */
  void leave() {
    synchronized (lock) {
      left = true;
      shut(null);
    }
  }

  /** Ends the link without a word to the other end, which is unreachable or has spoken already. */
  void fail(String reason) {
    end(reason, null);
  }

  /**
   * Ends the link as {@link #fail} does, unless a transport has come after the given one.
   *
   * @param ended a transport that has ended, or null if there was none
   */
  void failUnlessReattached(Transport ended, String reason) {
    synchronized (lock) {
      if (newest != ended || transport != null || !shut(null)) {
        return;
      }
    }
    tell(reason);
  }

  /** Returns the sequence number up to which messages have been received, and are not lost. */
  long lastReceived() {
    synchronized (lock) {
      return lastKept;
    }
  }

  /** Returns whether the link has ended for good. */
  boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  /**
   * Goes on over a new transport, in place of the one before.
   *
   * @param next greeted in both directions already
   * @param peerLastReceived the sequence number up to which the other end has everything
   */
  void attach(Transport next, long peerLastReceived) {
    synchronized (lock) {
      if (left) {
        next.close();
        return;
      }
      if (closed) {
        next.write(new LinkFrame.Goodbye("the link has ended"));
        next.part();
        return;
      }
      Transport before = transport;
      transport = next;
      newest = next;
      if (before != null) {
        before.close();
      }
      forget(peerLastReceived);
      unacknowledged.forEach(next::write);
    }
  }

  /**
   * A transport has ended; what is sent from now on waits for the next.
   *
   * @return whether it was the current one
   */
  boolean detach(Transport ended) {
    synchronized (lock) {
      if (transport != ended) {
        return false;
      }
      transport = null;
      return !closed;
    }
  }

  /** Takes a frame that came over {@code from}. */
  void receive(LinkFrame frame, Transport from) {
    String wrong = null;
    synchronized (lock) {
      if (closed) {
        if (frame instanceof LinkFrame.Goodbye) {
          from.close();
        }
        return;
      }
      if (from != transport) {
        return;
      }
      if (frame instanceof LinkFrame.Payload payload) {
        wrong = take(payload);
      } else if (frame instanceof LinkFrame.Acknowledge acknowledge) {
        forget(acknowledge.sequence());
      }
    }
    if (frame instanceof LinkFrame.Goodbye goodbye) {
      fail(goodbye.reason());
    } else if (wrong != null) {
      abort(wrong, from);
    }
  }

  /** Hands on a message that is next in turn; returns what is wrong with it, or null. */
  private String take(LinkFrame.Payload payload) {
    if (payload.sequence() <= lastReceived) {
      return null;
    }
    if (payload.sequence() != lastReceived + 1) {
      return "message " + (lastReceived + 1) + " was lost on the way";
    }
    R message;
    try {
      message = table.decode(payload.message(), receivedType);
    } catch (WireException e) {
      return "message " + payload.sequence() + " cannot be understood: " + e.getMessage();
    }
    lastReceived = payload.sequence();
    if (!receiverKeeps) {
      lastKept = lastReceived;
    }
    try {
      receiver.received(lastReceived, message);
    } catch (RuntimeException e) {
      log.error("a receiver failed on a {}", message.getClass().getSimpleName(), e);
    }
    return null;
  }

  /** Acknowledges what has come since the last time, if anything. */
  void acknowledge() {
    synchronized (lock) {
      if (transport != null && lastKept > lastAcknowledged) {
        lastAcknowledged = lastKept;
        transport.write(new LinkFrame.Acknowledge(lastKept));
      }
    }
  }

  private void forget(long acknowledged) {
    while (!unacknowledged.isEmpty() && unacknowledged.peek().sequence() <= acknowledged) {
      unacknowledged.remove();
    }
  }

  private void end(String reason, LinkFrame lastWord) {
    synchronized (lock) {
      if (!shut(lastWord)) {
        return;
      }
    }
    tell(reason);
  }

  private boolean shut(LinkFrame lastWord) {
    if (closed) {
      return false;
    }
    closed = true;
    unacknowledged.clear();
    if (transport != null) {
      if (lastWord != null) {
        transport.write(lastWord);
        transport.part();
      } else {
        transport.close();
      }
      transport = null;
    }
    return true;
  }

  private void tell(String reason) {
    try {
      receiver.closed(reason);
    } finally {
      onClose.accept(reason);
    }
  }
}
