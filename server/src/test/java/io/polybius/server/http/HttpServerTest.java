package io.polybius.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.undertow.Handlers;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.websockets.core.WebSockets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class HttpServerTest {

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String TOKEN = "correct-horse-battery";

  private final CountDownLatch slowRequestCame = new CountDownLatch(1);
  private final CountDownLatch slowRequestMayEnd = new CountDownLatch(1);

  @TempDir Path folder;
  private HttpServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:%d",
        "127.0.0.1:%d",
        "[::1]:%d",
        "localhost:9",
        "127.0.0.1"
      })
  void namesOfThisMachinePass(String host) throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", "Host: " + host.formatted(port()))).startsWith("HTTP/1.1 200 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: evil.example",
        "Host: evil.example:8998",
        "Host: localhost.evil.example",
        "Host: 127.0.0.1.evil.example",
        "Host: localhost@evil.example",
        "Host: localhost:80/evil",
        "Host: 10.0.0.1",
        "Host: ",
        "Host: localhost\r\nHost: localhost",
        "X-Host: localhost"
      })
  void otherNamesAreRefusedOnLoopback(String headers) throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", headers)).matches("(?s)HTTP/1.1 40[03] .*").doesNotContain("handled");
  }

  @Test
  void refusalIsJsonForBothDoorsClients() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", "Host: evil.example"))
        .startsWith("HTTP/1.1 403 ")
        .contains("Content-Type: application/json")
        .contains("\"msg\":\"This server is for its own machine only")
        .contains("\"reason\":\"Forbidden\"")
        .contains("\"message\":\"This server is for its own machine only");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "http://localhost:1",
        "http://127.0.0.1:%d",
        "null",
        "",
        "http://localhost:%d\r\nOrigin: http://evil.example"
      })
  void requestsFromPagesOfOtherSitesAreRefused(String origin) throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(
            get("/here", "Host: localhost:" + port() + "\r\nOrigin: " + origin.formatted(port())))
        .startsWith("HTTP/1.1 403 ")
        .contains("other sites");
  }

  @Test
  void requestsFromOwnPagesPass() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(
            get("/here", "Host: localhost:%1$d\r\nOrigin: http://LOCALHOST:%1$d".formatted(port())))
        .startsWith("HTTP/1.1 200 ");
    assertThat(get("/here", "Host: localhost\r\nOrigin: http://localhost:80"))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void onOtherAddressesAnyHostPassesButNoForeignPage() throws Exception {
    start(InetAddress.getByName("0.0.0.0"), Optional.empty());

    assertThat(get("/here", "Host: spark.example")).startsWith("HTTP/1.1 200 ");
    assertThat(get("/here", "Host: spark.example\r\nOrigin: http://evil.example"))
        .startsWith("HTTP/1.1 403 ");
  }

  @Test
  void webSocketsFromPagesOfOtherSitesAreRefused() throws Exception {
    start(LOOPBACK, Optional.empty());
    HttpClient client = HttpClient.newHttpClient();
    URI uri = URI.create("ws://localhost:" + port() + "/socket");
    BlockingQueue<String> received = new LinkedBlockingQueue<>();

    assertThatThrownBy(
            () ->
                client
                    .newWebSocketBuilder()
                    .header("Origin", "http://evil.example")
                    .buildAsync(uri, collecting(received))
                    .join())
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("WebSocketHandshakeException");

    WebSocket socket = client.newWebSocketBuilder().buildAsync(uri, collecting(received)).join();
    assertThat(received.poll(5, TimeUnit.SECONDS)).isEqualTo("welcome");
    socket.abort();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Authorization: token " + TOKEN,
        "Authorization: Bearer " + TOKEN,
        "authorization: bearer   " + TOKEN,
        "Authorization: Basic {anybody:}"
      })
  void theTokenLetsInByHeader(String header) throws Exception {
    start(LOOPBACK, Optional.of(token()));
    String basic =
        Base64.getEncoder().encodeToString(("anybody:" + TOKEN).getBytes(StandardCharsets.UTF_8));

    assertThat(get("/here", "Host: localhost\r\n" + header.replace("{anybody:}", basic)))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void theTokenLetsInByQueryAndIsTakenOutOfIt() throws Exception {
    start(LOOPBACK, Optional.of(token()));

    assertThat(get("/here?from=1&token=" + TOKEN + "&size=2", "Host: localhost"))
        .startsWith("HTTP/1.1 200 ")
        .endsWith("handled /here?from=1&size=2 [from, size]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Authorization: token ", "Authorization: token anything"})
  void tokensDoNotMatterWhereNoneIsAskedFor(String header) throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", "Host: localhost\r\n" + header)).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void emptyTokenInAHeaderLeavesTheOneInTheQueryToLetIn() throws Exception {
    start(LOOPBACK, Optional.of(token()));

    assertThat(get("/here?token=" + TOKEN, "Host: localhost\r\nAuthorization: token "))
        .startsWith("HTTP/1.1 200 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Nothing: 1",
        "Authorization: token wrong",
        "Authorization: token",
        "Authorization: token " + TOKEN + "x",
        "Authorization: Digest " + TOKEN,
        "Authorization: Basic %%%",
        "Authorization: Basic " + TOKEN
      })
  void withoutTheTokenNobodyGetsIn(String header) throws Exception {
    start(LOOPBACK, Optional.of(token()));

    assertThat(get("/here?token=wrong", "Host: localhost\r\n" + header))
        .startsWith("HTTP/1.1 401 ")
        .contains("WWW-Authenticate: Basic")
        .contains("\"msg\":\"")
        .doesNotContain("handled")
        .doesNotContain(TOKEN);
  }

  @Test
  void hostIsCheckedBeforeTheToken() throws Exception {
    start(LOOPBACK, Optional.of(token()));

    assertThat(get("/here", "Host: evil.example\r\nAuthorization: token " + TOKEN))
        .startsWith("HTTP/1.1 403 ");
  }

  @Test
  void answersDoNotNameTheServersSoftware() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", "Host: localhost")).doesNotContainIgnoringCase("\nServer:");
  }

  @Test
  void longHeadersPass() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/here", "Host: localhost\r\nX-Long: " + "x".repeat(100_000)))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void eachAnswerNamesItsRequest() throws Exception {
    start(LOOPBACK, Optional.of(token()));
    String known = "Host: localhost\r\nAuthorization: token " + TOKEN;

    Set<String> ids =
        Set.of(
            requestId(get("/here", known)),
            requestId(get("/here", known)),
            requestId(get("/here", "Host: localhost")),
            requestId(get("/here", "Host: evil.example")));

    assertThat(ids).hasSize(4).allMatch(id -> id.matches("[0-9a-f]{1,16}"));
  }

  @Test
  void theClientsOwnNameOfARequestIsKept() throws Exception {
    start(LOOPBACK, Optional.empty());

    for (String id : new String[] {"a", "My-Request_7.2", "x".repeat(64)}) {
      assertThat(requestId(get("/here", "Host: localhost\r\nX-Request-Id: " + id))).isEqualTo(id);
    }
  }

  @Test
  void namesOfRequestsThatAreNotFitForALogAreReplaced() throws Exception {
    start(LOOPBACK, Optional.empty());

    for (String id : new String[] {"", "a b", "a;b", "<a>", "x".repeat(65), "\u00e9", "a\tb"}) {
      assertThat(requestId(get("/here", "Host: localhost\r\nX-Request-Id: " + id)))
          .matches("[0-9a-f]{1,16}");
    }
  }

  private static String requestId(String answer) {
    Matcher header = Pattern.compile("\r\nX-Request-Id: (.*)\r\n").matcher(answer);
    assertThat(header.find()).as(answer).isTrue();
    return header.group(1);
  }

  @Test
  void failureOfAHandlerIsAnErrorThatNamesTheRequestAndTellsNothingElse() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/failure", "Host: localhost\r\nX-Request-Id: r-1"))
        .startsWith("HTTP/1.1 500 ")
        .contains("{\"msg\":\"The server failed (request r-1); its log says how.\",")
        .doesNotContain("secret");
  }

  @Test
  void errorWithoutABodyGetsOneUnlessItIsMeantToBeEmpty() throws Exception {
    start(LOOPBACK, Optional.empty());

    assertThat(get("/status/409", "Host: localhost"))
        .startsWith("HTTP/1.1 409 ")
        .contains("{\"msg\":\"Conflict.\",");
    assertThat(get("/empty/404", "Host: localhost"))
        .startsWith("HTTP/1.1 404 ")
        .endsWith("\r\n\r\n");
    assertThat(get("/status/204", "Host: localhost"))
        .startsWith("HTTP/1.1 204 ")
        .endsWith("\r\n\r\n");
  }

  @Test
  void requestsThatComeWhileTheServerStopsAreToldSo() throws Exception {
    start(LOOPBACK, Optional.empty());
    int port = port();
    CompletableFuture<String> last = CompletableFuture.supplyAsync(() -> get(port, "/slow"));
    CompletableFuture<Void> closed;
    try {
      assertThat(slowRequestCame.await(5, TimeUnit.SECONDS)).isTrue();
      closed = CompletableFuture.runAsync(server::close);
      await()
          .untilAsserted(
              () ->
                  assertThat(get(port, "/here"))
                      .startsWith("HTTP/1.1 503 ")
                      .contains("{\"msg\":\"The server is shutting down.\","));
    } finally {
      slowRequestMayEnd.countDown();
    }

    assertThat(last).succeedsWithin(Duration.ofSeconds(5)).asString().endsWith("slow");
    assertThat(closed).succeedsWithin(Duration.ofSeconds(10));
  }

  private static String get(int port, String path) {
    try {
      return get(port, path, "Host: localhost");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPortInUseIsSaidInOneSentence() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
      assertThatThrownBy(
              () ->
                  new HttpServer(
                      Listener.on(LOOPBACK, taken.getLocalPort(), 1024),
                      Optional.empty(),
                      Optional.empty(),
                      handler()))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "Cannot listen on 127.0.0.1:%d: another program uses the port. Choose one with --port, or 0 for any free one.",
              taken.getLocalPort());
    }
  }

  @Test
  void closingFreesThePort() throws Exception {
    start(LOOPBACK, Optional.empty());
    int port = port();
    server.close();

    try (ServerSocket again = new ServerSocket(port, 1, LOOPBACK)) {
      assertThat(again.getLocalPort()).isEqualTo(port);
    }
  }

  @Test
  void tokenFilesThatOthersMayReadAreRefused() throws Exception {
    Path file = folder.resolve("token");
    Files.writeString(file, TOKEN);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

    assertThatThrownBy(() -> AccessToken.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 600 " + file)
        .hasMessageNotContaining(TOKEN);
  }

  @Test
  void tokenFilesWithoutAUsableTokenAreRefused() throws Exception {
    Path file = folder.resolve("token");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    for (String text :
        new String[] {"", "short", "two words that are long", "ümlaut-ümlaut-ümlaut"}) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> AccessToken.read(file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("at least 16 printable ASCII characters");
    }
    assertThatThrownBy(() -> AccessToken.read(folder.resolve("none")))
        .hasMessageContaining("does not exist");
  }

  private AccessToken token() throws IOException {
    Path file = folder.resolve("token");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, TOKEN + "\n");
    return AccessToken.read(file);
  }

  private void start(InetAddress host, Optional<AccessToken> token) throws IOException {
    server = new HttpServer(Listener.on(host, 0, 1024), token, Optional.empty(), handler());
  }

  private int port() {
    return server.uri().getPort();
  }

  private HttpHandler handler() {
    return Handlers.path(
            exchange ->
                exchange
                    .getResponseSender()
                    .send(
                        "handled %s?%s %s"
                            .formatted(
                                exchange.getRequestPath(),
                                exchange.getQueryString(),
                                exchange.getQueryParameters().keySet())))
        .addExactPath(
            "/failure",
            exchange -> {
              throw new IllegalStateException("secret");
            })
        .addPrefixPath("/status", exchange -> exchange.setStatusCode(statusInPath(exchange)))
        .addPrefixPath(
            "/empty",
            exchange -> {
              exchange.setStatusCode(statusInPath(exchange));
              exchange.setResponseContentLength(0);
            })
        .addExactPath(
            "/slow",
            new BlockingHandler(
                exchange -> {
                  slowRequestCame.countDown();
                  slowRequestMayEnd.await(5, TimeUnit.SECONDS);
                  exchange.getResponseSender().send("slow");
                }))
        .addExactPath(
            "/socket",
            Handlers.websocket(
                (exchange, channel) -> WebSockets.sendText("welcome", channel, null)));
  }

  private static int statusInPath(HttpServerExchange exchange) {
    return Integer.parseInt(exchange.getRelativePath().substring(1));
  }

  private static WebSocket.Listener collecting(BlockingQueue<String> received) {
    return new WebSocket.Listener() {
      @Override
      public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
        received.add(text.toString());
        socket.request(1);
        return null;
      }
    };
  }

  /** Sends exactly these headers, which no HTTP client would. */
  private String get(String path, String headers) throws IOException {
    return get(port(), path, headers);
  }

  private static String get(int port, String path, String headers) throws IOException {
    try (Socket socket = new Socket(LOOPBACK, port)) {
      socket.setSoTimeout(5000);
      OutputStream out = socket.getOutputStream();
      out.write(
          ("GET " + path + " HTTP/1.1\r\n" + headers + "\r\nConnection: close\r\n\r\n")
              .getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      socket.getInputStream().transferTo(answer);
      return answer.toString(StandardCharsets.UTF_8);
    }
  }
}
