package io.polybius.server.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Lets in only who knows the access token. It may come as {@code Authorization: token …} or {@code
 * Bearer …} (Jupyter's clients), as the password of Basic authentication with any user name (Livy's
 * clients), or as the query parameter {@code token} (browsers and WebSockets).
 */
public final class TokenGuard implements HttpHandler {

  private static final String PARAMETER = "token";

  private final AccessToken token;
  private final HttpHandler next;

  /** Makes a guard before a handler. */
  public TokenGuard(AccessToken token, HttpHandler next) {
    this.token = token;
    this.next = next;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    Optional<String> shown =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION))
            .flatMap(TokenGuard::inHeader)
            .or(() -> takeFromQuery(exchange));
    if (shown.map(token::isKnownAs).orElse(false)) {
      next.handleRequest(exchange);
      return;
    }
    exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Basic realm=\"Polybius\"");
    Refusal.send(
        exchange,
        StatusCodes.UNAUTHORIZED,
        shown.isEmpty() ? "This server asks for its access token." : "The access token is wrong.");
  }

  private static Optional<String> inHeader(String header) {
    String[] parts = header.strip().split(" +", 2);
    if (parts.length < 2) {
      return Optional.empty();
    }
    return switch (parts[0].toLowerCase(Locale.ROOT)) {
      case "token", "bearer" -> Optional.of(parts[1]);
      case "basic" -> password(parts[1]);
      default -> Optional.empty();
    };
  }

  private static Optional<String> password(String credentials) {
    try {
      String text = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
      int colon = text.indexOf(':');
      return colon < 0 ? Optional.empty() : Optional.of(text.substring(colon + 1));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Takes it out of the request, so that nothing behind this guard can log it. */
  private static Optional<String> takeFromQuery(HttpServerExchange exchange) {
    Deque<String> values = exchange.getQueryParameters().remove(PARAMETER);
    if (values == null) {
      return Optional.empty();
    }
    exchange.setQueryString(
        Arrays.stream(exchange.getQueryString().split("&"))
            .filter(part -> !part.startsWith(PARAMETER + "="))
            .collect(Collectors.joining("&")));
    return Optional.ofNullable(values.peekFirst());
  }
}
