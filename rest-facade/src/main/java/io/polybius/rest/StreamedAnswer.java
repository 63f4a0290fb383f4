package io.polybius.rest;

import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * An answer that is sent as it comes about. No thread waits for more of it, or for the client to
 * take it: a worker thread writes what there is, and the next one comes when there is more, or the
 * client has taken that. At most one is at it at any time.
 */
abstract class StreamedAnswer implements IoCallback {

  private static final Logger log = LoggerFactory.getLogger(StreamedAnswer.class);

  /** After so many beats in which a client has taken nothing, it is given up. */
  private static final int PATIENCE = 4;

  private final HttpServerExchange exchange;

  /** More than 0 from a wake-up until all is written. */
  private final AtomicInteger wakeUps = new AtomicInteger();

  private final AtomicInteger beatsMissed = new AtomicInteger();
  private volatile boolean clientHasToTake;
  private volatile Runnable cleanUp = () -> {};

  StreamedAnswer(HttpServerExchange exchange) {
    this.exchange = exchange;
  }

  /** Returns what is to be written now; nothing if there is nothing. Not called twice at once. */
  abstract byte[] next();

  /** Returns whether nothing more comes. */
  abstract boolean isOver();

  /** Returns whether that is how it should be. */
  abstract boolean isWhole();

  /** Has someone call {@link #proceed} when there is more, or nothing more comes. */
  abstract void open();

  /** The client gets no more of it. */
  abstract void close();

  /** A while has passed. */
  abstract void beat(boolean clientTakes);

  /**
   * Begins to write, after the headers were set.
   *
   * @param beat how often to look after it
   * @param lasting where the answer is noted until it ends
   */
  final void begin(Duration beat, LastingRequests lasting) {
    exchange.setPersistent(false);
    if (exchange.isHttp11()) {
      // Undertow would else let the end of the connection be the end of the answer, and an answer
      // that was broken off could not be told from a whole one.
      exchange.getResponseHeaders().put(Headers.TRANSFER_ENCODING, "chunked");
    }
    exchange.addExchangeCompleteListener(
        (complete, next) -> {
          close();
          cleanUp.run();
          next.proceed();
        });
    Runnable ended = lasting.add(this::end);
    XnioExecutor.Key clock =
        exchange
            .getIoThread()
            .executeAtInterval(this::lookAfter, beat.toMillis(), TimeUnit.MILLISECONDS);
    cleanUp =
        () -> {
          clock.remove();
          ended.run();
        };
    // Undertow ends an exchange whose handler has neither answered nor dispatched it.
    exchange.dispatch(
        SameThreadExecutor.INSTANCE,
        () -> {
          open();
          proceed();
        });
  }

  /** Ends it now, whatever the client still has to take. */
  private void end() {
    close();
    if (clientHasToTake || !isWhole()) {
      breakOff();
    }
  }

  /** Writes what there is. */
  final void proceed() {
    if (wakeUps.getAndIncrement() == 0) {
      writeInWorker();
    }
  }

  private void writeInWorker() {
    try {
      exchange.getConnection().getWorker().execute(this::write);
    } catch (RejectedExecutionException serverStops) {
      breakOff();
    }
  }

  private void write() {
    try {
      int seen;
      do {
        seen = wakeUps.get();
        byte[] bytes = next();
        if (bytes.length > 0 && exchange.getRequestMethod().equals(Methods.HEAD)) {
          close();
          exchange.endExchange();
          return;
        }
        if (bytes.length > 0) {
          clientHasToTake = true;
          exchange.getResponseSender().send(ByteBuffer.wrap(bytes), this);
          return;
        }
        if (isOver()) {
          if (isWhole()) {
            exchange.endExchange();
          } else {
            endUnfinished();
          }
          return;
        }
      } while (!wakeUps.compareAndSet(seen, 0));
    } catch (RuntimeException | Error e) {
      log.error("a streamed answer failed", e);
      breakOff();
    }
  }

  @Override
  public final void onComplete(HttpServerExchange same, Sender sender) {
    clientHasToTake = false;
    beatsMissed.set(0);
    writeInWorker();
  }

  @Override
  public final void onException(HttpServerExchange same, Sender sender, IOException clientIsGone) {
    breakOff();
  }

  private void lookAfter() {
    if (exchange.isComplete()) {
      cleanUp.run();
      return;
    }
    beat(!clientHasToTake);
    if (clientHasToTake && beatsMissed.incrementAndGet() >= PATIENCE) {
      breakOff();
    }
  }

  /** Nothing more comes, though there should be. */
  void endUnfinished() {
    breakOff();
  }

  /** Ends it so that the client sees that it is not whole. */
  final void breakOff() {
    IoUtils.safeClose(exchange.getConnection());
    exchange.endExchange();
  }
}
