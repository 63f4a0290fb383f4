package io.polybius.kernel.http;

import io.polybius.kernel.KernelConnection;
import io.undertow.websockets.core.WebSocketChannel;
import java.util.concurrent.CompletableFuture;

/** A client's place at a kernel, which outlives the WebSocket that the client has at the moment. */
interface Seat extends KernelConnection {

  /** Frees the files of what is kept of the place, when nothing more comes. */
  void close();

  /** Removes what is kept of the place, for good. */
  void forget();

  /**
   * Lets the client go on over a new WebSocket; one that it has had before is closed.
   *
   * @return what begins to read and write, to be run once and without a lock
   */
  Runnable take(WebSocketChannel channel);

  /** Returns whether the place can be given up because nobody is in it. */
  boolean isOver();

  /** Completes when the kernel has ended and the client has been told. */
  CompletableFuture<Void> left();
}
