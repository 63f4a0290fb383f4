package io.polybius.server.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps web pages of other sites out. A browser that runs such a page can be made to send requests
 * here, but not to lie about where they come from:
 *
 * <ul>
 *   <li>A request whose {@code Origin} is not the host that it is sent to comes from another site's
 *       page. This holds for WebSockets too, which browsers let every page open.
 *   <li>On a loopback address, a {@code Host} that is no name of the loopback address comes from a
 *       site whose name was made to point there (DNS rebinding).
 * </ul>
 *
 * Programs send no {@code Origin}, and are not affected.
 */
public final class HostGuard implements HttpHandler {

  private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  private final Set<String> hosts;
  private final HttpHandler next;

  private HostGuard(Set<String> hosts, HttpHandler next) {
    this.hosts = hosts;
    this.next = next;
  }

  /**
   * Makes a guard for a server that only this machine can reach.
   *
   * @param address the address that it listens on, as a URL has it
   */
  public static HostGuard forLoopback(String address, HttpHandler next) {
    Set<String> names = new HashSet<>(LOOPBACK_NAMES);
    names.add(address);
    return new HostGuard(Set.copyOf(names), next);
  }

  /** Makes a guard for a server that others reach by names that it does not know. */
  public static HostGuard forAnyHost(HttpHandler next) {
    return new HostGuard(Set.of(), next);
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    Optional<Authority> host = host(exchange);
    if (!hosts.isEmpty() && !host.map(given -> hosts.contains(given.name())).orElse(false)) {
      Refusal.send(
          exchange,
          StatusCodes.FORBIDDEN,
          "This server is for its own machine only: the Host header must be localhost, 127.0.0.1 or"
              + " [::1].");
      return;
    }
    HeaderValues origins = exchange.getRequestHeaders().get(Headers.ORIGIN);
    if (origins != null && (host.isEmpty() || !isAt(origins, host.get()))) {
      Refusal.send(
          exchange, StatusCodes.FORBIDDEN, "Requests from pages of other sites are refused.");
      return;
    }
    next.handleRequest(exchange);
  }

  private static Optional<Authority> host(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    return headers.count(Headers.HOST) == 1
        ? authority(exchange.getRequestScheme() + "://" + headers.getFirst(Headers.HOST))
        : Optional.empty();
  }

  private static boolean isAt(HeaderValues origins, Authority host) {
    return origins.size() == 1
        && authority(origins.getFirst()).map(origin -> origin.equals(host)).orElse(false);
  }

  /** Reads {@code scheme://host:port} and nothing more. */
  private static Optional<Authority> authority(String text) {
    try {
      URI uri = new URI(text);
      if (uri.getHost() == null
          || uri.getRawUserInfo() != null
          || !uri.getRawPath().isEmpty()
          || uri.getRawQuery() != null
          || uri.getRawFragment() != null) {
        return Optional.empty();
      }
      int defaultPort = "https".equals(uri.getScheme()) ? 443 : 80;
      return Optional.of(
          new Authority(
              uri.getHost().toLowerCase(Locale.ROOT),
              uri.getPort() < 0 ? defaultPort : uri.getPort()));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private record Authority(String name, int port) {}
}
