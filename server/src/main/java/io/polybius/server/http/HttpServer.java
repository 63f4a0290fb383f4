package io.polybius.server.http;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.Options;

/** The port on which HTTP and WebSocket requests arrive, with the guards before its handler. */
public final class HttpServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  private static final Duration HEAD_TIME = Duration.ofMinutes(1);
  private static final Duration KEEP_ALIVE = Duration.ofMinutes(5);
  private static final Duration LAST_REQUESTS = Duration.ofSeconds(5);

  private final Undertow undertow;
  private final GracefulShutdownHandler requests;
  private final InetAddress host;

  /**
   * Starts to listen.
   *
   * @param listener where, and how
   * @param token what clients must know, if anything
   * @param accessLog notes all requests; not closed with the server
   * @param handler gets the requests that passed the guards
   * @throws IOException if the port cannot be bound; the message is a sentence for the operator
   */
  public HttpServer(
      Listener listener,
      Optional<AccessToken> token,
      Optional<AccessLog> accessLog,
      HttpHandler handler)
      throws IOException {
    this.host = listener.host();
    HttpHandler authenticated =
        token.<HttpHandler>map(known -> new TokenGuard(known, handler)).orElse(handler);
    this.requests =
        new GracefulShutdownHandler(
            host.isLoopbackAddress()
                ? HostGuard.forLoopback(inUrl(host), authenticated)
                : HostGuard.forAnyHost(authenticated));
    HttpHandler explained = new ErrorBodies(requests);
    HttpHandler logged = accessLog.map(noted -> noted.around(explained)).orElse(explained);
    this.undertow =
        Undertow.builder()
            .addHttpListener(listener.port(), host.getHostAddress())
            .setSocketOption(Options.TCP_NODELAY, true)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, listener.maxHeaderBytes())
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, listener.maxBodyBytes())
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, (int) HEAD_TIME.toMillis())
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, (int) KEEP_ALIVE.toMillis())
            .setServerOption(UndertowOptions.SHUTDOWN_TIMEOUT, (int) LAST_REQUESTS.toMillis())
            .setHandler(new RequestIds(named(listener, logged)))
            .build();
    try {
      undertow.start();
    } catch (RuntimeException e) {
      undertow.stop();
      throw new IOException(whyNot(host, listener.port(), e), e);
    }
  }

  private static HttpHandler named(Listener listener, HttpHandler next) {
    return listener
        .product()
        .<HttpHandler>map(product -> Handlers.header(next, Headers.SERVER_STRING, product))
        .orElse(next);
  }

  /** Returns where clients of this machine reach the server. */
  public URI uri() {
    InetSocketAddress bound = (InetSocketAddress) undertow.getListenerInfo().get(0).getAddress();
    String name = host.isAnyLocalAddress() ? "127.0.0.1" : inUrl(host);
    return URI.create("http://" + name + ":" + bound.getPort());
  }

  /** Lets the requests under way end, for some seconds, refuses others, and frees the port. */
  @Override
  public void close() {
    requests.shutdown();
    try {
      if (!requests.awaitShutdown(LAST_REQUESTS.toMillis())) {
        log.warn("some requests did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    undertow.stop();
  }

  private static String inUrl(InetAddress address) {
    String text = address.getHostAddress();
    if (!(address instanceof Inet6Address)) {
      return text;
    }
    return address.isLoopbackAddress() ? "[::1]" : "[" + text + "]";
  }

  private static String whyNot(InetAddress host, int port, RuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof BindException)) {
      cause = cause.getCause();
    }
    String where = inUrl(host) + ":" + port;
    return cause instanceof BindException && cause.getMessage().contains("in use")
        ? "Cannot listen on %s: another program uses the port. Choose one with --port, or 0 for any free one."
            .formatted(where)
        : "Cannot listen on %s: %s".formatted(where, cause.getMessage());
  }
}
