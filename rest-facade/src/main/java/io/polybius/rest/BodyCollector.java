package io.polybius.rest;

import io.undertow.io.Receiver;
import io.undertow.server.HttpServerExchange;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.xnio.IoUtils;

/**
 * Collects the body of one request as it arrives, without holding a thread, and no more of it than
 * allowed. Memory is taken for what has come, never for what a header promises, and only once.
 */
final class BodyCollector {

  private final long maxBytes;
  private final Queue<byte[]> pieces = new ArrayDeque<>();
  private long collected;

  BodyCollector(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Begins to read. Exactly one of the two is called, on the IO thread, unless the client goes
   * away, which ends the exchange.
   *
   * @param then takes the body, in pieces
   * @param tooLarge is called as soon as the body is known to be longer than allowed
   */
  void collect(HttpServerExchange exchange, Consumer<Queue<byte[]>> then, Runnable tooLarge) {
    if (exchange.getRequestContentLength() > maxBytes) {
      tooLarge.run();
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.receivePartialBytes(
        (same, bytes, last) -> {
          pieces.add(bytes);
          collected += bytes.length;
          if (collected > maxBytes) {
            receiver.pause();
            tooLarge.run();
          } else if (last) {
            then.accept(pieces);
          }
        },
        (same, failure) -> IoUtils.safeClose(exchange.getConnection()));
  }
}
