package io.polybius.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The whole table of a statement on its way from the driver to one client, in pieces. Only a few of
 * them are here at any time: the driver sends the next ones when the client has taken these. Safe
 * for use by many threads.
 */
public final class ResultDownload implements AutoCloseable {

  /** How many pieces the driver may send ahead. */
  static final int PARTS_AHEAD = 4;

  /** After so many pieces that were taken, the driver is asked for as many more. */
  private static final int ASKED_AT_A_TIME = 2;

  private final IntConsumer onTaken;
  private final Runnable onClose;

  // Guarded by this:
  private final Deque<byte[]> parts = new ArrayDeque<>();
  private int taken;
  private boolean ended;
  private boolean closed;
  private Optional<SessionException> failure = Optional.empty();
  private Runnable reader = () -> {};

  /**
   * @param onTaken told how many pieces more the client has room for
   * @param onClose called when the client wants no more, however it ended
   */
  ResultDownload(IntConsumer onTaken, Runnable onClose) {
    this.onTaken = onTaken;
    this.onClose = onClose;
  }

  /** A piece has come. */
  void add(byte[] part) {
    synchronized (this) {
      if (closed) {
        return;
      }
      parts.add(part);
    }
    wakeReader();
  }

  /** The last piece has come. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    wakeReader();
  }

  /** No more pieces come, though there should be. */
  void fail(SessionException why) {
    synchronized (this) {
      if (!ended && failure.isEmpty()) {
        failure = Optional.of(why);
      }
    }
    wakeReader();
  }

  private void wakeReader() {
    Runnable woken;
    synchronized (this) {
      woken = reader;
    }
    woken.run();
  }

  /**
   * Sets who is told that there is more to be read, or that it is over.
   *
   * @param onMore must return quickly; called from several threads
   */
  public void setReader(Runnable onMore) {
    synchronized (this) {
      reader = onMore;
    }
    onMore.run();
  }

  /** Returns the next piece, if it is there. */
  public Optional<byte[]> next() {
    Optional<byte[]> part;
    boolean askForMore = false;
    synchronized (this) {
      part = Optional.ofNullable(parts.poll());
      if (part.isPresent() && ++taken == ASKED_AT_A_TIME) {
        taken = 0;
        askForMore = !ended;
      }
    }
    if (askForMore) {
      onTaken.accept(ASKED_AT_A_TIME);
    }
    return part;
  }

  /** Returns whether nothing more comes: all has been read, or it has {@link #failure failed}. */
  public synchronized boolean isOver() {
    return closed || failure.isPresent() || (ended && parts.isEmpty());
  }

  /** Returns whether all of it has been read. */
  public synchronized boolean isWhole() {
    return ended && parts.isEmpty();
  }

  /** Returns why the table does not come to its end, or not at all, if so. */
  public synchronized Optional<SessionException> failure() {
    return failure;
  }

  /** Ends it, and what the driver does for it. Does nothing the second time. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      // Whoever reads on sees that it is not whole.
      ended = ended && parts.isEmpty();
      parts.clear();
      reader = () -> {};
    }
    onClose.run();
  }
}
