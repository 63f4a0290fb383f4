package io.polybius.rest;

import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * An answer that goes on for as long as something happens. No thread waits for events, or for the
 * client to take them: a worker thread writes what there is, and the next one comes when there is
 * more, or the client has taken that. At most one is at it at any time.
 */
final class EventStream implements IoCallback {

  private static final Logger log = LoggerFactory.getLogger(EventStream.class);

  private static final HttpString PROXY_BUFFERING = new HttpString("X-Accel-Buffering");
  private static final String FIRST = "retry: 1000\n\n";
  private static final String HEARTBEAT = ":\n\n";
  private static final int BYTES_AT_A_TIME = 16 << 10;

  /** After so many heartbeats in which a client has taken nothing, it is given up. */
  private static final int PATIENCE = 4;

  private final HttpServerExchange exchange;
  private final EventFeed feed;
  private final EventFormat format;

  /** More than 0 from a wake-up until all is written. */
  private final AtomicInteger wakeUps = new AtomicInteger();

  private final AtomicInteger heartbeatsMissed = new AtomicInteger();
  private volatile boolean clientHasToTake;
  private volatile boolean heartbeatDue;
  private volatile Runnable cleanUp = () -> {};

  /** Used by the one thread that writes. */
  private boolean begun;

  EventStream(HttpServerExchange exchange, EventFeed feed, EventFormat format) {
    this.exchange = exchange;
    this.feed = feed;
    this.format = format;
  }

  /**
   * Begins to write.
   *
   * @param heartbeat how often the client is told that the stream is alive when nothing happens
   * @param lasting where the stream is noted until it ends
   */
  void begin(Duration heartbeat, LastingRequests lasting) {
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.CONTENT_TYPE, "text/event-stream;charset=utf-8");
    headers.put(Headers.CACHE_CONTROL, "no-store");
    headers.put(PROXY_BUFFERING, "no");
    if (exchange.getRequestMethod().equals(Methods.HEAD)) {
      feed.close();
      exchange.endExchange();
      return;
    }
    exchange.setPersistent(false);
    exchange.addExchangeCompleteListener(
        (complete, next) -> {
          feed.close();
          cleanUp.run();
          next.proceed();
        });
    Runnable ended = lasting.add(this::end);
    XnioExecutor.Key clock =
        exchange
            .getIoThread()
            .executeAtInterval(this::beat, heartbeat.toMillis(), TimeUnit.MILLISECONDS);
    cleanUp =
        () -> {
          clock.remove();
          ended.run();
        };
    feed.setReader(this::proceed);
    proceed();
  }

  /** Ends it now, whatever the client still has to take. */
  private void end() {
    feed.close();
    if (clientHasToTake) {
      breakOff();
    }
  }

  private void proceed() {
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
        if (bytes.length > 0) {
          clientHasToTake = true;
          exchange.getResponseSender().send(ByteBuffer.wrap(bytes), this);
          return;
        }
        if (feed.isOver()) {
          exchange.endExchange();
          return;
        }
      } while (!wakeUps.compareAndSet(seen, 0));
    } catch (RuntimeException | Error e) {
      log.error("a stream of events failed", e);
      breakOff();
    }
  }

  private byte[] next() {
    if (!begun) {
      begun = true;
      return FIRST.getBytes(StandardCharsets.US_ASCII);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Optional<EventFeed.Item> item = feed.next();
    while (item.isPresent()) {
      bytes.writeBytes(format.encode(item.get()));
      item = bytes.size() < BYTES_AT_A_TIME ? feed.next() : Optional.empty();
    }
    if (bytes.size() == 0 && heartbeatDue) {
      bytes.writeBytes(HEARTBEAT.getBytes(StandardCharsets.US_ASCII));
    }
    heartbeatDue = false;
    return bytes.toByteArray();
  }

  @Override
  public void onComplete(HttpServerExchange same, Sender sender) {
    clientHasToTake = false;
    heartbeatsMissed.set(0);
    writeInWorker();
  }

  @Override
  public void onException(HttpServerExchange same, Sender sender, IOException clientIsGone) {
    breakOff();
  }

  private void beat() {
    if (exchange.isComplete()) {
      cleanUp.run();
      return;
    }
    feed.showPresence();
    if (!clientHasToTake) {
      heartbeatDue = true;
      proceed();
    } else if (heartbeatsMissed.incrementAndGet() >= PATIENCE) {
      breakOff();
    }
  }

  private void breakOff() {
    IoUtils.safeClose(exchange.getConnection());
    exchange.endExchange();
  }
}
