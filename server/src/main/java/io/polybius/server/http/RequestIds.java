package io.polybius.server.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Gives each request an id by which it is found in the logs: the client's own, if it sent one that
 * is fit for a log. It stands in the answer's header, where the doors find it too.
 */
final class RequestIds implements HttpHandler {

  static final HttpString HEADER = new HttpString("X-Request-Id");

  private static final Pattern FIT = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private final HttpHandler next;

  RequestIds(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    String given = exchange.getRequestHeaders().getFirst(HEADER);
    exchange
        .getResponseHeaders()
        .put(
            HEADER,
            given != null && FIT.matcher(given).matches()
                ? given
                : Long.toHexString(ThreadLocalRandom.current().nextLong()));
    next.handleRequest(exchange);
  }

  /** Returns the id of a request that has come through here. */
  static String of(HttpServerExchange exchange) {
    return exchange.getResponseHeaders().getFirst(HEADER);
  }
}
