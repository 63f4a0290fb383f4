package io.polybius.rest;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Events, for as long as they come. */
final class EventStream extends StreamedAnswer {

  private static final HttpString PROXY_BUFFERING = new HttpString("X-Accel-Buffering");
  private static final String FIRST = "retry: 1000\n\n";
  private static final String HEARTBEAT = ":\n\n";
  private static final int BYTES_AT_A_TIME = 16 << 10;

  private final EventFeed feed;
  private final EventFormat format;
  private volatile boolean heartbeatDue;

  /** Used by the one thread that writes. */
  private boolean begun;

  EventStream(HttpServerExchange exchange, EventFeed feed, EventFormat format) {
    super(exchange);
    this.feed = feed;
    this.format = format;
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.CONTENT_TYPE, "text/event-stream;charset=utf-8");
    headers.put(Headers.CACHE_CONTROL, "no-store");
    headers.put(PROXY_BUFFERING, "no");
  }

  @Override
  void open() {
    feed.setReader(this::proceed);
  }

  @Override
  void close() {
    feed.close();
  }

  @Override
  boolean isOver() {
    return feed.isOver();
  }

  /** A client that wants to know more comes again. */
  @Override
  boolean isWhole() {
    return true;
  }

  @Override
  byte[] next() {
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
  void beat(boolean clientTakes) {
    feed.showPresence();
    if (clientTakes) {
      heartbeatDue = true;
      proceed();
    }
  }
}
