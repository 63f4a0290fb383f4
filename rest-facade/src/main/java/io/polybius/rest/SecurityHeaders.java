package io.polybius.rest;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;

/** Tells browsers not to make more of an answer than it is. */
final class SecurityHeaders implements HttpHandler {

  private static final HttpString XSS_PROTECTION = HttpString.tryFromString("X-XSS-Protection");
  private static final String ONE_YEAR = "max-age=31536000; includeSubDomains";

  private final HttpHandler next;

  SecurityHeaders(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.X_FRAME_OPTIONS, "SAMEORIGIN");
    headers.put(XSS_PROTECTION, "1; mode=block");
    headers.put(Headers.X_CONTENT_TYPE_OPTIONS, "nosniff");
    headers.put(Headers.CONTENT_SECURITY_POLICY, "default-src 'self'; frame-ancestors 'self'");
    if (exchange.getRequestScheme().equals("https")) {
      headers.put(Headers.STRICT_TRANSPORT_SECURITY, ONE_YEAR);
    }
    next.handleRequest(exchange);
  }
}
