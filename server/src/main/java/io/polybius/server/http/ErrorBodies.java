package io.polybius.server.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives errors a body that were to end without one. Those of a handler that says itself that the
 * body is empty are left alone.
 */
final class ErrorBodies implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(ErrorBodies.class);

  private final HttpHandler next;

  ErrorBodies(HttpHandler next) {
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    exchange.addDefaultResponseListener(ErrorBodies::explain);
    try {
      next.handleRequest(exchange);
    } catch (Exception e) {
      log.error(
          "request {} ({} {}) failed",
          RequestIds.of(exchange),
          exchange.getRequestMethod(),
          Printable.of(exchange.getRequestPath()),
          e);
      exchange.setStatusCode(StatusCodes.INTERNAL_SERVER_ERROR);
      exchange.endExchange();
    }
  }

  private static boolean explain(HttpServerExchange exchange) {
    int status = exchange.getStatusCode();
    if (status < StatusCodes.BAD_REQUEST
        || exchange.getResponseHeaders().contains(Headers.CONTENT_LENGTH)) {
      return false;
    }
    Refusal.send(
        exchange,
        status,
        switch (status) {
          case StatusCodes.INTERNAL_SERVER_ERROR ->
              "The server failed (request %s); its log says how."
                  .formatted(RequestIds.of(exchange));
          case StatusCodes.SERVICE_UNAVAILABLE -> "The server is shutting down.";
          default -> StatusCodes.getReason(status) + ".";
        });
    return true;
  }
}
