package io.polybius.driver.protocol;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

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

  /** One network connection, as far as this class sees it. */
  interface Transport {
    /** Sends a frame in order, without waiting. */
    void write(LinkFrame frame);

    /** Sends what was written before and ends. */
    void close();
  }

  private final Class<R> receivedType;
  private final Receiver<R> receiver;
  private final Consumer<String> onClose;

  private final Object lock = new Object();
  private final Deque<LinkFrame.Payload> unacknowledged = new ArrayDeque<>();
  private long lastSent;
  private long lastReceived;
  private long lastAcknowledged;
  private Transport transport;
  private boolean closed;

  /**
   * @param receivedType the type of every message that may come
   * @param receiver gets the messages
   * @param onClose called once at the end, with the reason, after the receiver
   */
  ReliableConnection(Class<R> receivedType, Receiver<R> receiver, Consumer<String> onClose) {
    this.receivedType = receivedType;
    this.receiver = receiver;
    this.onClose = onClose;
  }

  @Override
  public void send(S message) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      LinkFrame.Payload payload = new LinkFrame.Payload(++lastSent, message);
      unacknowledged.add(payload);
      if (transport != null) {
        transport.write(payload);
      }
    }
  }

  @Override
  public void close() {
    end("closed at this end", new LinkFrame.Goodbye("closed at the other end"));
  }

  /** Ends the link without a word to the other end, which is unreachable or has spoken already. */
  void fail(String reason) {
    end(reason, null);
  }

  /** Returns the sequence number up to which messages have been received. */
  long lastReceived() {
    synchronized (lock) {
      return lastReceived;
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
      if (closed) {
        next.write(new LinkFrame.Goodbye("the link has ended"));
        next.close();
        return;
      }
      Transport before = transport;
      transport = next;
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
    synchronized (lock) {
      if (closed || from != transport) {
        return;
      }
      if (frame instanceof LinkFrame.Payload payload) {
        if (payload.sequence() == lastReceived + 1) {
          R message = receivedType.cast(payload.body());
          lastReceived = payload.sequence();
          receiver.received(message);
        } else if (payload.sequence() > lastReceived) {
          throw new IllegalStateException("a message was lost on the way");
        }
      } else if (frame instanceof LinkFrame.Acknowledge acknowledge) {
        forget(acknowledge.sequence());
      }
    }
    if (frame instanceof LinkFrame.Goodbye goodbye) {
      fail(goodbye.reason());
    }
  }

  /** Acknowledges what has come since the last time, if anything. */
  void acknowledge() {
    synchronized (lock) {
      if (transport != null && lastReceived > lastAcknowledged) {
        lastAcknowledged = lastReceived;
        transport.write(new LinkFrame.Acknowledge(lastReceived));
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
      if (closed) {
        return;
      }
      closed = true;
      unacknowledged.clear();
      if (transport != null) {
        if (lastWord != null) {
          transport.write(lastWord);
        }
        transport.close();
        transport = null;
      }
    }
    receiver.closed(reason);
    onClose.accept(reason);
  }
}
