package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies that are so large that the server has no memory for many of them at a time. */
@Timeout(30)
class LargeBodiesTest {

  /** Of a job of 2 MiB, of which one has room, and a second one has not. */
  private static final String LARGE = "{\"job\":\"" + "A".repeat(2 << 20) + "\"}";

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(300);

  private final ExecutorService clients = Executors.newCachedThreadPool();
  private TestingRestServer server = serverWithPatience(LONG);

  private static TestingRestServer serverWithPatience(Duration patience) {
    return new TestingRestServer(
        ScriptedLauncher.ready(Script.TINY),
        new Deadlines(LONG, patience, LONG, LONG, LONG),
        new BodyRoom(3 << 20));
  }

  @BeforeEach
  void open() {
    server.openIdleSession();
  }

  @AfterEach
  void stop() {
    clients.shutdownNow();
    server.close();
  }

  /** Sends the head of a request and half of its body, for which there is room. */
  private Socket sendHalf() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    OutputStream out = socket.getOutputStream();
    out.write(
        ("POST /sessions/0/submit-job HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + LARGE.length()
                + "\r\n\r\n"
                + LARGE.substring(0, LARGE.length() / 2))
            .getBytes(StandardCharsets.US_ASCII));
    out.flush();
    return socket;
  }

  private CompletableFuture<HttpResponse<String>> sendLarge() {
    return CompletableFuture.supplyAsync(
        () -> server.post("/sessions/0/submit-job", LARGE), clients);
  }

  private int jobs() {
    return json(server.get("/sessions/0/jobs?size=0")).get("total_jobs").asInt();
  }

  private void assertWaits(CompletableFuture<HttpResponse<String>> answer) {
    await()
        .during(SHORT)
        .atMost(LONG)
        .until(() -> !answer.isDone() && server.get("/version").statusCode() == 200);
    // What is small does not wait behind it.
    assertThat(server.post("/sessions/0/submit-job", "{\"job\":\"AAAA\"}").statusCode())
        .isEqualTo(201);
  }

  @Test
  void secondWaitsUntilTheFirstIsThroughAndBothAreServed() throws Exception {
    try (Socket first = sendHalf()) {
      CompletableFuture<HttpResponse<String>> second = sendLarge();
      assertWaits(second);

      first
          .getOutputStream()
          .write(LARGE.substring(LARGE.length() / 2).getBytes(StandardCharsets.US_ASCII));

      assertThat(second).succeedsWithin(LONG).returns(201, HttpResponse::statusCode);
      await().until(() -> jobs() == 3);
    }
  }

  @Test
  void clientThatGoesAwayLeavesItsRoom() throws Exception {
    Socket first = sendHalf();
    CompletableFuture<HttpResponse<String>> second = sendLarge();
    assertWaits(second);

    first.close();

    assertThat(second).succeedsWithin(LONG).returns(201, HttpResponse::statusCode);
    assertThat(jobs()).isEqualTo(2);
  }

  @Test
  void whoWaitsInVainIsToldWhy() throws Exception {
    server.close();
    server = serverWithPatience(SHORT);
    server.openIdleSession();
    try (Socket first = sendHalf()) {
      assertThat(first.isConnected()).isTrue();
      HttpResponse<String> refused = sendLarge().get();

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(json(refused).get("msg").asText())
          .contains("There was no room for a body of up to " + LARGE.length() + " bytes");
    }
  }

  @Test
  void manyAreServedOneAfterTheOther() {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.add(sendLarge());
    }

    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer).succeedsWithin(LONG).returns(201, HttpResponse::statusCode));
    assertThat(jobs()).isEqualTo(20);
  }
}
