package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverCommand.SendMoreResult;
import io.polybius.driver.protocol.DriverCommand.SendResult;
import io.polybius.driver.protocol.DriverCommand.StopResult;
import io.polybius.driver.protocol.DriverEvent.ResultEnded;
import io.polybius.driver.protocol.DriverEvent.ResultFailed;
import io.polybius.driver.protocol.DriverEvent.ResultPart;
import io.polybius.driver.protocol.ResultFailure;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The route of whole results, on a real port. */
@Timeout(60)
class ResultsTest {

  private static final String RESULT = "/sessions/0/statements/0/result";

  /** A piece that no compression makes smaller. */
  private static final byte[] NOISE = new byte[ResultPart.MAX_BYTES];

  static {
    new Random(1).nextBytes(NOISE);
  }

  /** A driver whose tables have no end, and which counts what it may send. */
  private static final class EndlessTables implements Script {

    private final AtomicInteger sent = new AtomicInteger();
    private final ConcurrentHashMap.KeySetView<Integer, Boolean> stopped =
        ConcurrentHashMap.newKeySet();

    @Override
    public void onCommand(ScriptedDriver driver, DriverCommand command) {
      if (command instanceof SendResult first) {
        send(driver, first.downloadId(), first.parts());
      } else if (command instanceof SendMoreResult more) {
        send(driver, more.downloadId(), more.parts());
      } else if (command instanceof StopResult stop) {
        stopped.add(stop.downloadId());
      } else {
        Script.TINY.onCommand(driver, command);
      }
    }

    private void send(ScriptedDriver driver, int download, int parts) {
      for (int i = 0; i < parts; i++) {
        sent.incrementAndGet();
        driver.say(new ResultPart(download, NOISE));
      }
    }
  }

  /** Sends nothing by itself. */
  private static final Script BY_HAND =
      (driver, command) -> {
        if (!(command instanceof SendResult)) {
          Script.TINY.onCommand(driver, command);
        }
      };

  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private ScriptedDriver serveWith(Script script, Duration heartbeat) throws Exception {
    server.close();
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(script),
            TestingRestServer.SETTINGS,
            new Deadlines(
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                heartbeat),
            handler -> handler,
            Clock.systemUTC());
    server.openIdleSession();
    server.run("value 1");
    return server.launcher().nextDriver();
  }

  private ScriptedDriver serveWith(Script script) throws Exception {
    return serveWith(script, Duration.ofSeconds(15));
  }

  private static <T extends DriverCommand> T next(ScriptedDriver driver, Class<T> type)
      throws InterruptedException {
    DriverCommand command = driver.nextCommand();
    while (!type.isInstance(command)) {
      command = driver.nextCommand();
    }
    return type.cast(command);
  }

  private Socket connected(String request) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private void awaitLasting(int count) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(server::lastingRequests, lasting -> lasting == count);
  }

  @Test
  void eachFormatHasItsType() {
    server.openIdleSession();
    server.run("value 1");

    HttpResponse<String> csv = server.get(RESULT);
    assertThat(csv.statusCode()).isEqualTo(200);
    assertThat(csv.body()).isEqualTo("CSV of statement 0\n");
    assertThat(csv.headers().map())
        .containsEntry("content-type", List.of("text/csv; charset=utf-8"))
        .containsEntry(
            "content-disposition", List.of("attachment; filename=\"session-0-statement-0.csv\""))
        .containsEntry("cache-control", List.of("no-store"))
        .containsEntry("transfer-encoding", List.of("chunked"));
    HttpResponse<String> rows = server.get(RESULT + "?format=json");
    assertThat(rows.body()).isEqualTo("JSON of statement 0\n");
    assertThat(rows.headers().firstValue("Content-Type")).contains("application/json");
    HttpResponse<String> arrow = server.get(RESULT + "?format=arrow");
    assertThat(arrow.body()).isEqualTo("ARROW of statement 0\n");
    assertThat(arrow.headers().firstValue("Content-Type"))
        .contains("application/vnd.apache.arrow.stream");
    awaitLasting(0);
  }

  @Test
  void textsAreCompressedForThoseWhoAcceptIt() throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);
    String row = "0123456789,abcdefghij\r\n";
    for (String format : List.of("csv", "json")) {
      CompletableFuture<HttpResponse<byte[]>> answer =
          CompletableFuture.supplyAsync(
              () ->
                  server.send(
                      server.to(RESULT + "?format=" + format).header("Accept-Encoding", "gzip"),
                      BodyHandlers.ofByteArray()));
      int number = next(driver, SendResult.class).downloadId();
      byte[] part = row.repeat(1000).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 100; i++) {
        driver.say(new ResultPart(number, part));
      }
      driver.say(new ResultEnded(number));
      HttpResponse<byte[]> whole = answer.get(30, TimeUnit.SECONDS);

      assertThat(whole.headers().firstValue("Content-Encoding")).contains("gzip");
      assertThat(whole.body()).hasSizeLessThan(part.length * 10);
      try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(whole.body()))) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII))
            .isEqualTo(row.repeat(100_000));
      }
    }
    awaitLasting(0);
  }

  @Test
  void arrowAndErrorsAreNotCompressed() {
    server.openIdleSession();
    server.run("value 1");
    HttpResponse<String> arrow =
        server.send(server.to(RESULT + "?format=arrow").header("Accept-Encoding", "gzip"));
    assertThat(arrow.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(arrow.body()).isEqualTo("ARROW of statement 0\n");
    HttpResponse<String> none =
        server.send(server.to("/sessions/0/statements/7/result").header("Accept-Encoding", "gzip"));
    assertThat(none.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(json(none).get("msg").asText()).isNotEmpty();
  }

  @Test
  void nameOfASharedValueIsUnescaped() throws Exception {
    server.close();
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(
                (driver, command) -> {
                  if (command instanceof SendResult send) {
                    driver.say(
                        new ResultFailed(
                            send.downloadId(), ResultFailure.NOT_SHARED, send.source().toString()));
                  } else {
                    Script.TINY.onCommand(driver, command);
                  }
                }));
    server.openIdleSession();

    HttpResponse<String> answer = server.get("/sessions/0/shared/a%2Fb%20c");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(json(answer).get("msg").asText()).contains("a/b c");
  }

  @Test
  void headSaysWhatWouldComeAndStopsIt() throws Exception {
    ScriptedDriver driver = serveWith(new EndlessTables());
    HttpResponse<String> head =
        server.send(server.to(RESULT).method("HEAD", HttpRequest.BodyPublishers.noBody()));

    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(next(driver, StopResult.class)).isNotNull();
  }

  @Test
  void wrongRequestsAreTold() throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);

    HttpResponse<String> format = server.get(RESULT + "?format=xlsx");
    assertThat(format.statusCode()).isEqualTo(400);
    assertThat(json(format).get("msg").asText())
        .isEqualTo("Invalid format: xlsx; it is one of csv, json, arrow.");
    assertThat(server.get("/sessions/7/statements/0/result").statusCode()).isEqualTo(404);
    assertThat(server.get("/sessions/0/statements/7/result").statusCode()).isEqualTo(404);
    server.post("/sessions/0/statements", "{\"code\":\"wait\"}");
    await()
        .until(
            () -> json(server.get("/sessions/0/statements/1")).get("state").asText(),
            "running"::equals);
    HttpResponse<String> running = server.get("/sessions/0/statements/1/result");
    assertThat(running.statusCode()).isEqualTo(409);
    assertThat(json(running).get("msg").asText()).startsWith("Statement 1 is running");
    driver.exit("killed");
    server.awaitState(0, "dead");
    HttpResponse<String> dead = server.get(RESULT);
    assertThat(dead.statusCode()).isEqualTo(410);
    assertThat(json(dead).get("msg").asText())
        .isEqualTo("The driver that ran statement 0 is gone, and its result too.");
  }

  @Test
  void whatTheDriverRefusesIsTold() throws Exception {
    Script refusing =
        (driver, command) -> {
          if (command instanceof SendResult send) {
            driver.say(
                new ResultFailed(
                    send.downloadId(), ResultFailure.values()[send.downloadId()], "because"));
          } else {
            Script.TINY.onCommand(driver, command);
          }
        };
    serveWith(refusing);

    for (int status : List.of(400, 410, 429, 500, 404)) {
      HttpResponse<String> refused = server.get(RESULT);
      assertThat(refused.statusCode()).isEqualTo(status);
      assertThat(json(refused).get("msg").asText()).isEqualTo("because");
      assertThat(refused.headers().map())
          .containsEntry("content-type", List.of("application/json;charset=utf-8"))
          .doesNotContainKeys("content-disposition", "transfer-encoding");
    }
    awaitLasting(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "gzip"})
  void resultThatFailsHalfWayIsBrokenOff(String encoding) throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);
    try (Socket socket =
        connected(
            "GET "
                + RESULT
                + " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: "
                + encoding
                + "\r\n\r\n")) {
      int number = next(driver, SendResult.class).downloadId();
      driver.say(new ResultPart(number, "a\r\n1\r\n".getBytes(StandardCharsets.US_ASCII)));
      driver.say(new ResultFailed(number, ResultFailure.FAILED, "boom"));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      // The last chunk of an answer is empty.
      assertThat(answer).doesNotEndWith("0\r\n\r\n").doesNotContain("boom");
    }
    awaitLasting(0);
  }

  @Test
  void wholeResultEndsAsAnAnswerDoes() throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);
    for (String more : List.of("", "Connection: close\r\n")) {
      try (Socket socket =
          connected("GET " + RESULT + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n")) {
        int number = next(driver, SendResult.class).downloadId();
        driver.say(new ResultPart(number, "a\r\n1\r\n".getBytes(StandardCharsets.US_ASCII)));
        driver.say(new ResultEnded(number));
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

        assertThat(answer).contains("6\r\na\r\n1\r\n\r\n").endsWith("0\r\n\r\n");
      }
    }
  }

  @Test
  void clientsThatCouldNotSeeABreakAreRefused() throws Exception {
    ScriptedDriver driver = serveWith(new EndlessTables());
    try (Socket socket = connected("GET " + RESULT + " HTTP/1.0\r\n\r\n")) {
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .contains(" 505 ")
          .contains("proxy_http_version 1.1");
    }
    assertThat(next(driver, StopResult.class)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "gzip"})
  void slowClientHoldsTheDriverBack(String encoding) throws Exception {
    EndlessTables tables = new EndlessTables();
    serveWith(tables);
    HttpResponse<InputStream> response =
        server.send(
            server.to(RESULT).header("Accept-Encoding", encoding), BodyHandlers.ofInputStream());
    assertThat(response.headers().firstValue("Content-Encoding").orElse("identity"))
        .isEqualTo(encoding);
    // Some of it is in the sockets, and in the client, which takes what nobody reads.
    AtomicInteger before = new AtomicInteger(-1);
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(300))
        .until(() -> before.getAndSet(tables.sent.get()) == tables.sent.get());
    int stalled = tables.sent.get();
    assertThat(stalled).isLessThan(200);

    try (InputStream body = response.body()) {
      assertThat(body.readNBytes(60 * ResultPart.MAX_BYTES)).hasSize(60 * ResultPart.MAX_BYTES);
    }
    assertThat(tables.sent.get()).isGreaterThan(60);
    await().atMost(Duration.ofSeconds(30)).until(() -> !tables.stopped.isEmpty());
    awaitLasting(0);
  }

  @Test
  void clientThatTakesNothingIsCutOff() throws Exception {
    EndlessTables tables = new EndlessTables();
    serveWith(tables, Duration.ofMillis(100));
    try (Socket socket = connected("GET " + RESULT + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      await().atMost(Duration.ofSeconds(30)).until(() -> !tables.stopped.isEmpty());
    }
    awaitLasting(0);
  }

  @Test
  void clientThatGoesAwayBeforeTheFirstRowEndsTheDownload() throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);
    try (Socket socket = connected("GET " + RESULT + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
      int number = next(driver, SendResult.class).downloadId();
      driver.say(new ResultPart(number, new byte[1]));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
    }

    assertThat(next(driver, StopResult.class)).isNotNull();
    awaitLasting(0);
  }

  @Test
  void serverThatStopsBreaksResultsOff() throws Exception {
    ScriptedDriver driver = serveWith(BY_HAND);
    try (Socket socket = connected("GET " + RESULT + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
      int number = next(driver, SendResult.class).downloadId();
      driver.say(new ResultPart(number, new byte[1]));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      server.rest().close();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      assertThat(answer).doesNotEndWith("0\r\n\r\n");
    }
    assertThat(next(driver, StopResult.class)).isNotNull();
  }
}
