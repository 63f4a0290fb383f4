package io.polybius.rest;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.Set;

/**
 * Lets requests that may change something through only with a header that a page of another site
 * cannot make a browser send.
 */
final class CsrfGuard implements HttpHandler {

  private static final String REQUIRED_HEADER = "X-Requested-By";
  private static final Set<HttpString> HARMLESS =
      Set.of(Methods.GET, Methods.HEAD, Methods.OPTIONS);

  private final HttpHandler next;
  private final Json json;

  CsrfGuard(HttpHandler next, Json json) {
    this.next = next;
    this.json = json;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (HARMLESS.contains(exchange.getRequestMethod())
        || exchange.getRequestHeaders().contains(REQUIRED_HEADER)) {
      next.handleRequest(exchange);
    } else {
      Answer.message(StatusCodes.BAD_REQUEST, "Missing Required Header for CSRF protection.")
          .send(exchange, json);
    }
  }
}
