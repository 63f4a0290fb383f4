package io.polybius.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** A server that answers what a test tells it to, and remembers what it was asked. */
final class FakeServer implements AutoCloseable {

  /** How a request is answered. */
  interface Handler {
    void answer(HttpExchange exchange, byte[] body) throws IOException;
  }

  /** A request that has come. */
  record Asked(String method, String path, Map<String, List<String>> headers, byte[] body) {
    String header(String name) {
      return headers.getOrDefault(name, List.of("")).get(0);
    }

    String text() {
      return new String(body, StandardCharsets.ISO_8859_1);
    }
  }

  final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final Map<String, Queue<Handler>> answers = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final String base;

  private FakeServer(HttpServer server, String base) {
    this.server = server;
    this.base = base;
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  static FakeServer start() throws IOException {
    return new FakeServer(HttpServer.create(anyPort(), 0), "http://127.0.0.1:");
  }

  static FakeServer start(SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return new FakeServer(server, "https://localhost:");
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  String address() {
    return base + server.getAddress().getPort();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Says how the next request of a path is answered; the last answer holds for all that follow. */
  FakeServer on(String request, Handler handler) {
    answers.computeIfAbsent(request, key -> new ArrayDeque<>()).add(handler);
    return this;
  }

  FakeServer on(String request, int status, String body) {
    return on(request, (exchange, asked) -> send(exchange, status, body));
  }

  /** Takes sessions, all of number 7. */
  FakeServer withSession() {
    return on("POST /sessions", 201, "{\"id\": 7, \"state\": \"starting\"}")
        .on("POST /sessions/etl/connect", 200, "{\"id\": 7, \"state\": \"idle\"}")
        .on("GET /sessions/7/state", 200, "{\"id\": 7, \"state\": \"idle\"}")
        .on("DELETE /sessions/7", 200, "{\"msg\": \"deleted\"}");
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(bytes);
      }
    }
    exchange.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().getRawPath();
    asked.add(
        new Asked(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            Map.copyOf(exchange.getRequestHeaders()),
            body));
    Queue<Handler> queue = answers.get(exchange.getRequestMethod() + " " + path);
    Handler handler = (other, nothing) -> send(other, 404, "");
    if (queue != null) {
      synchronized (queue) {
        handler = queue.size() > 1 ? queue.remove() : queue.peek();
      }
    }
    handler.answer(exchange, body);
  }

  List<Asked> askedOf(String path) {
    return asked.stream().filter(each -> each.path().startsWith(path)).toList();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
