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
  private final ServerMetrics metrics;
  private final Json json;
  private final BodyLimits bodies;
  private final Deadlines deadlines;

  Router(
      List<Route> table, ServerMetrics metrics, Json json, BodyLimits bodies, Deadlines deadlines) {
    this.table = List.copyOf(table);
    this.metrics = metrics;
    this.json = json;
    this.bodies = bodies;
    this.deadlines = deadlines;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    long began = System.nanoTime();
    HttpString asked = exchange.getRequestMethod();
    HttpString method = asked.equals(Methods.HEAD) ? Methods.GET : asked;
    Optional<List<String>> path = Route.segments(exchange.getRelativePath());
    Set<HttpString> allowed = new LinkedHashSet<>();
    for (Route route : table) {
      Optional<Map<String, String>> parameters = path.flatMap(route::match);
      if (parameters.isPresent()) {
        if (route.method().equals(method)) {
          timer(route, exchange).ifPresent(timer -> measure(exchange, timer, began));
          new RoutedRequest(exchange, route, parameters.get(), json, bodies, deadlines).begin();
          return;
        }
        allowed.add(route.method());
        if (route.method().equals(Methods.GET)) {
          allowed.add(Methods.HEAD);
        }
      }
    }
    measure(exchange, "other", began);
    refuse(exchange, allowed);
  }

  /** Those that last as long as their clients want would hide how long the others take. */
  private static Optional<String> timer(Route route, HttpServerExchange exchange) {
    return switch (route.speed()) {
      case STREAMED, UPLOADED -> Optional.empty();
      case AS_ASKED ->
          Optional.of(
              exchange.getQueryParameters().containsKey(LongPoll.WAIT)
                  ? route + "?" + LongPoll.WAIT
                  : route.toString());
      case AT_ONCE, QUICK, UNTIL_ADDED, UNTIL_STOPPED -> Optional.of(route.toString());
    };
  }

  private void measure(HttpServerExchange exchange, String route, long began) {
    exchange.addExchangeCompleteListener(
        (ended, next) -> {
          metrics.answered(route, ended.getStatusCode(), System.nanoTime() - began);
          next.proceed();
        });
  }

  private static void refuse(HttpServerExchange exchange, Set<HttpString> allowed) {
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
