package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.undertow.websockets.core.WebSocketChannel;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/**
 * What all places have in common: one WebSocket after the other, to which what waits is written as
 * long as the client takes it, and an end.
 *
 * @param <S> the WebSockets of its clients
 */
abstract class SocketSeat<S extends SeatSocket> implements Seat {

  private final Kernel kernel;
  private final SeatLog seatLog;
  private final String keptName;
  private final Consumer<Seat> onLost;
  private final IntSupplier closeCode;
  private final CompletableFuture<Void> left = new CompletableFuture<>();

  // Under the lock:
  private Optional<S> socket = Optional.empty();
  private boolean pumping;
  private boolean ended;

  /**
   * Makes a place without a WebSocket.
   *
   * @param seatLog keeps what is sent; may have something from an earlier server
   * @param onLost told when the client is no longer there, for whatever reason
   * @param closeCode tells the client why its WebSocket is closed when the kernel ends
   */
  SocketSeat(Kernel kernel, SeatLog seatLog, Consumer<Seat> onLost, IntSupplier closeCode) {
    this.kernel = kernel;
    this.seatLog = seatLog;
    this.keptName = seatLog.name();
    this.onLost = onLost;
    this.closeCode = closeCode;
  }

  // What a kind of place does in its own way, all under the lock:

  /** Makes the WebSocket out of a channel. */
  abstract S socket(WebSocketChannel channel);

  /** The client goes on over another WebSocket. */
  abstract void begins(WebSocketChannel channel);

  /** The client's WebSocket is no more; what it may not have got waits for the next one. */
  abstract void ends(S which);

  /** Returns whether what was written last is still on its way. */
  abstract boolean isWriting(S to);

  /** Begins to write what waits longest; returns whether anything did. */
  abstract boolean writeNext(S to);

  /** Returns whether a client that has all may be told that its kernel has ended. */
  abstract boolean mayEnd();

  /** Forgets what waits, because the place is given up. */
  abstract void clear();

  // ----

  /** Returns the kernel that it is a place at. */
  final Kernel kernel() {
    return kernel;
  }

  /** Returns what keeps what is sent; to be used under the lock. */
  final SeatLog seatLog() {
    return seatLog;
  }

  /** Returns the WebSocket that the client has now; to be used under the lock. */
  final Optional<S> socket() {
    return socket;
  }

  final boolean isCurrent(S which) {
    return socket.filter(current -> current == which).isPresent();
  }

  @Override
  public final String keptName() {
    return keptName;
  }

  @Override
  public final synchronized void close() {
    seatLog.close();
  }

  @Override
  public final synchronized void forget() {
    seatLog.delete();
  }

  @Override
  public final CompletableFuture<Void> left() {
    return left;
  }

  @Override
  public final synchronized boolean isLive() {
    return socket.isPresent();
  }

  @Override
  public final synchronized boolean isOver() {
    return ended;
  }

  @Override
  public final Runnable take(WebSocketChannel channel) {
    S fresh = socket(channel);
    Optional<S> stale;
    synchronized (this) {
      if (ended) {
        return () -> {
          SeatSocket.refuse(channel, closeCode.getAsInt());
          onLost.accept(this);
        };
      }
      stale = socket;
      stale.ifPresent(this::ends);
      begins(channel);
      socket = Optional.of(fresh);
    }
    return () -> {
      stale.ifPresent(SeatSocket::cut);
      fresh.open();
      pump();
    };
  }

  @Override
  public final void kernelEnded() {
    synchronized (this) {
      ended = true;
      if (socket.isEmpty()) {
        left.complete(null);
      }
    }
    pump();
  }

  /** The client does not take what it is sent. If it comes back, it gets a new place. */
  final void giveUp() {
    kernel.disconnect(this);
    Optional<S> slow;
    synchronized (this) {
      ended = true;
      clear();
      slow = socket;
    }
    slow.ifPresent(SeatSocket::cut);
    if (slow.isEmpty()) {
      onLost.accept(this);
    }
  }

  /** Writes what waits, as long as the client takes it; then closes if nothing more can come. */
  final synchronized void pump() {
    if (pumping || socket.isEmpty()) {
      return;
    }
    pumping = true;
    try {
      S to = socket.get();
      // A write that fails at once closes the WebSocket, which is then no longer the current one.
      while (isCurrent(to) && !isWriting(to) && writeNext(to)) {
        // All is done in the condition.
      }
      if (isCurrent(to) && !isWriting(to) && ended && mayEnd()) {
        to.end(closeCode.getAsInt());
      }
    } finally {
      pumping = false;
    }
  }

  /** A WebSocket is no more. */
  final void lost(S which) {
    boolean wasCurrent;
    synchronized (this) {
      wasCurrent = isCurrent(which);
      if (wasCurrent) {
        ends(which);
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
}
