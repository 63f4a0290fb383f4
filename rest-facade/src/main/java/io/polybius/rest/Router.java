package io.polybius.rest;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds the route of a request. Says, as Livy does, 404 for a path that is no route's and 405 for a
 * method that a path does not have, both without a body. HEAD is answered like GET, without the
 * body.
 */
final class Router implements HttpHandler {

  private final List<Route> table;
  private final Json json;
  private final long maxBodyBytes;
  private final Deadlines deadlines;

  Router(List<Route> table, Json json, long maxBodyBytes, Deadlines deadlines) {
    this.table = List.copyOf(table);
    this.json = json;
    this.maxBodyBytes = maxBodyBytes;
    this.deadlines = deadlines;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    HttpString asked = exchange.getRequestMethod();
    HttpString method = asked.equals(Methods.HEAD) ? Methods.GET : asked;
    List<String> path = Route.segments(exchange.getRelativePath()).orElse(List.of());
    Set<HttpString> allowed = new LinkedHashSet<>();
    for (Route route : table) {
      Optional<Map<String, String>> parameters = route.match(path);
      if (parameters.isPresent()) {
        if (route.method().equals(method)) {
          new RoutedRequest(exchange, route, parameters.get(), json, maxBodyBytes, deadlines)
              .begin();
          return;
        }
        allowed.add(route.method());
        if (route.method().equals(Methods.GET)) {
          allowed.add(Methods.HEAD);
        }
      }
    }
    if (allowed.isEmpty()) {
      exchange.setStatusCode(StatusCodes.NOT_FOUND);
    } else {
      exchange.setStatusCode(StatusCodes.METHOD_NOT_ALLOWED);
      exchange
          .getResponseHeaders()
          .put(
              Headers.ALLOW,
              allowed.stream().map(HttpString::toString).collect(Collectors.joining(", ")));
    }
    exchange.setResponseContentLength(0);
    exchange.endExchange();
  }
}
