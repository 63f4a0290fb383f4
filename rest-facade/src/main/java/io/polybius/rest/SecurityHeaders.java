package io.polybius.rest;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.util.Map;
import java.util.stream.Collectors;

/** Tells browsers not to make more of an answer than it is. */
final class SecurityHeaders implements HttpHandler {

  private final Map<HttpString, String> headers;
  private final HttpHandler next;

  SecurityHeaders(Map<String, String> headers, HttpHandler next) {
    this.headers =
        headers.entrySet().stream()
            .collect(
                Collectors.toMap(
                    header -> HttpString.tryFromString(header.getKey()), Map.Entry::getValue));
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    headers.forEach(exchange.getResponseHeaders()::put);
    next.handleRequest(exchange);
  }
}
