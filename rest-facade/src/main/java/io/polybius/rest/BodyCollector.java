package io.polybius.rest;

import io.undertow.io.Receiver;
import io.undertow.server.HttpServerExchange;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import org.xnio.IoUtils;

/**
 * Collects the body of one request as it arrives, without holding a thread, and no more of it than
 * allowed. Memory is taken for what has come, never for what a header promises.
 */
final class BodyCollector {

  private final long maxBytes;
  private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

  BodyCollector(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Begins to read. Exactly one of the two is called, on the IO thread, unless the client goes
   * away, which ends the exchange.
   *
   * @param then takes the body
   * @param tooLarge is called as soon as the body is known to be longer than allowed
   */
  void collect(HttpServerExchange exchange, Consumer<byte[]> then, Runnable tooLarge) {
    if (exchange.getRequestContentLength() > maxBytes) {
      tooLarge.run();
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.receivePartialBytes(
        (same, bytes, last) -> {
          collected.writeBytes(bytes);
          if (collected.size() > maxBytes) {
            receiver.pause();
            tooLarge.run();
          } else if (last) {
            then.accept(collected.toByteArray());
          }
        },
        (same, failure) -> IoUtils.safeClose(exchange.getConnection()));
  }
}
