package io.polybius.kernel.link;

import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One end of a link, as it goes on from one connection to the next. It numbers what is sent, keeps
 * it until the other end has confirmed it, gives it out again after a reconnection, and knows which
 * messages of the other end it has had.
 *
 * <p>A frame is the number, 64 bits and big-endian, and the message as {@link V1WebSocketCodec}
 * writes it. Numbers only grow; a gap is where a message was given up before it was sent.
 *
 * <p>Not safe for use by many threads: whoever owns it has a lock.
 */
public final class LinkEnd {

  /** The WebSocket subprotocol: the frames of this class, and {@link LinkNote}s as text. */
  public static final String SUBPROTOCOL = "v1.relay.polybius";

  /** The largest message that either end takes. */
  public static final int MAX_MESSAGE_BYTES = 16 << 20;

  /** How much may come in before the other end is told that it need not keep it any more. */
  private static final int CONFIRM_BYTES = 1 << 20;

  /** How many times more than agreed may be kept at the most. */
  private static final int HOPELESS = 4;

  /** What is given up first when there is too much, and what next. All else is kept. */
  private static final List<Set<String>> EXPENDABLE =
      List.of(Set.of("stream"), Set.of("display_data", "update_display_data", "clear_output"));

  private final Bounds bounds;
  private final V1WebSocketCodec codec = new V1WebSocketCodec();

  /** Written to the current connection, but not confirmed. */
  private final Deque<Kept> sent = new ArrayDeque<>();

  private final Deque<Kept> waiting = new ArrayDeque<>();
  private long bytes;
  private long lastNumber;
  private boolean greeted;

  private long lastReceived;
  private int messagesToConfirm;
  private long bytesToConfirm;

  /** A message that the other end may not have. */
  private record Kept(
      long number, Channel channel, Header header, Header parent, ByteBuffer frame) {

    boolean isOutputOf(Set<String> types) {
      return channel == Channel.IOPUB && types.contains(header.messageType());
    }
  }

  /**
   * What an end keeps and when it confirms.
   *
   * @param messages how many messages are kept
   * @param bytes how much they may take
   * @param confirmEvery after how many messages the other end is told that they have arrived
   */
  public record Bounds(int messages, long bytes, int confirmEvery) {}

  /** Makes an end that has sent and received nothing. */
  public LinkEnd(Bounds bounds) {
    this.bounds = bounds;
  }

  /**
   * Goes on with the numbers of an earlier process.
   *
   * @param sent the number of the last message that it has sent
   * @param received the number of the last message of the other end that it has dealt with
   */
  public void restore(long sent, long received) {
    lastNumber = sent;
    lastReceived = received;
  }

  /** Keeps a message that an earlier process has sent under that number. */
  public void restore(long number, JupyterMessage message) {
    lastNumber = number - 1;
    boolean unused = add(message);
  }

  // ---- out

  /**
   * Keeps a message for the other end.
   *
   * @return false, and nothing is kept, if the other end would not take it because of its size
   */
  public boolean add(JupyterMessage message) {
    ByteBuffer plain = codec.encode(message);
    int size = Long.BYTES + plain.remaining();
    if (size > MAX_MESSAGE_BYTES) {
      return false;
    }
    long number = ++lastNumber;
    ByteBuffer frame = ByteBuffer.allocate(size).putLong(number).put(plain).flip();
    waiting.add(
        new Kept(number, message.channel(), message.header(), message.parentHeader(), frame));
    bytes += size;
    return true;
  }

  /** Returns the next frame for the current connection, if there is one. */
  public Optional<ByteBuffer> next() {
    if (!greeted || waiting.isEmpty()) {
      return Optional.empty();
    }
    Kept next = waiting.remove();
    sent.add(next);
    return Optional.of(next.frame().duplicate());
  }

  /** Returns the numbers of the messages that are kept. */
  public Set<Long> numbers() {
    return Stream.concat(sent.stream(), waiting.stream())
        .map(Kept::number)
        .collect(Collectors.toSet());
  }

  /** Returns whether more is kept than agreed. */
  public boolean isOverfull() {
    return bytes > bounds.bytes() || sent.size() + waiting.size() > bounds.messages();
  }

  /**
   * Returns whether so much is kept that cannot be given up that the other end can no longer be
   * served.
   */
  public boolean isHopeless() {
    return bytes > HOPELESS * bounds.bytes()
        || sent.size() + waiting.size() > (long) HOPELESS * bounds.messages();
  }

  /** Returns whether that message is kept, because the other end may not have it. */
  public boolean keeps(String messageId) {
    return holds(sent, messageId) || holds(waiting, messageId);
  }

  private static boolean holds(Deque<Kept> messages, String messageId) {
    return messages.stream().anyMatch(kept -> kept.header().messageId().equals(messageId));
  }

  /**
   * If more is kept than agreed, gives up the oldest output that waits, until there is a good deal
   * of room. What says how a request went on is always kept.
   *
   * @return the requests whose output was given up
   */
  public List<Header> trim() {
    Map<String, Header> requests = new LinkedHashMap<>();
    for (Set<String> types : EXPENDABLE) {
      if (!isOverfull()) {
        break;
      }
      Iterator<Kept> oldest = waiting.iterator();
      while (oldest.hasNext() && !isRoomy()) {
        Kept kept = oldest.next();
        if (kept.isOutputOf(types)) {
          oldest.remove();
          bytes -= kept.frame().remaining();
          requests.put(kept.parent().messageId(), kept.parent());
        }
      }
    }
    return List.copyOf(requests.values());
  }

  private boolean isRoomy() {
    return bytes < bounds.bytes() / 4 * 3
        && sent.size() + waiting.size() < bounds.messages() / 4 * 3;
  }

  // ---- connections

  /** There is a new connection or none: nothing is given out until {@link #resume}. */
  public void disconnected() {
    greeted = false;
  }

  /** The other end has said what it has: what it has not is given out again. */
  public void resume(long received) {
    confirm(received);
    while (!sent.isEmpty()) {
      waiting.addFirst(sent.removeLast());
    }
    greeted = true;
  }

  /** Returns whether the other end has said what it has, over the current connection. */
  public boolean isGreeted() {
    return greeted;
  }

  /** The other end is another than before, and has sent nothing yet. */
  public void expectNewEnd() {
    lastReceived = 0;
    messagesToConfirm = 0;
    bytesToConfirm = 0;
  }

  /**
   * Gives up what was sent to an other end that is no more and may have had it.
   *
   * @return the number of the last message that was given up, 0 for none
   */
  public long forgetSent() {
    long last = sent.isEmpty() ? 0 : sent.getLast().number();
    sent.forEach(kept -> bytes -= kept.frame().remaining());
    sent.clear();
    return last;
  }

  /** The other end has all messages up to that number. */
  public void confirm(long received) {
    while (!sent.isEmpty() && sent.peek().number() <= received) {
      bytes -= sent.remove().frame().remaining();
    }
  }

  // ---- in

  /**
   * Takes the number off a frame that came in.
   *
   * @return whether the message is new; if not, it was received before
   * @throws WireException if it is no frame
   */
  public boolean accept(ByteBuffer frame) throws WireException {
    if (frame.remaining() < Long.BYTES) {
      throw new WireException("too short");
    }
    long number = frame.getLong();
    if (number <= lastReceived) {
      return false;
    }
    lastReceived = number;
    messagesToConfirm++;
    bytesToConfirm += frame.remaining();
    return true;
  }

  /** Returns the message in a frame that was accepted; may be called from any thread. */
  public JupyterMessage decode(ByteBuffer frame) throws WireException {
    return codec.decode(frame);
  }

  /** Returns the number of the last message that came in, 0 for none. */
  public long received() {
    return lastReceived;
  }

  /** Returns what the other end should now be told to have arrived, if it is worth it. */
  public OptionalLong confirmation() {
    if (messagesToConfirm < bounds.confirmEvery() && bytesToConfirm < CONFIRM_BYTES) {
      return OptionalLong.empty();
    }
    messagesToConfirm = 0;
    bytesToConfirm = 0;
    return OptionalLong.of(lastReceived);
  }
}
