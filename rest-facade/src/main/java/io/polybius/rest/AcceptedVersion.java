package io.polybius.rest;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refuses clients that ask for a version of the API that there is not. Whatever else an {@code
 * Accept} header says does not matter.
 */
final class AcceptedVersion implements HttpHandler {

  private static final Pattern VERSIONED =
      Pattern.compile("application/vnd\\.livy\\.v([0-9.]+)\\+json");
  private static final String ONLY_VERSION = "0.1";

  private final HttpHandler next;
  private final Json json;

  AcceptedVersion(HttpHandler next, Json json) {
    this.next = next;
    this.json = json;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    String accepted = exchange.getRequestHeaders().getFirst(Headers.ACCEPT);
    Matcher asked = VERSIONED.matcher(accepted == null ? "" : accepted);
    if (asked.matches() && !asked.group(1).equals(ONLY_VERSION)) {
      Answer.message(StatusCodes.NOT_ACCEPTABLE, "No value found for '" + asked.group(1) + "'")
          .send(exchange, json);
    } else {
      next.handleRequest(exchange);
    }
  }
}
