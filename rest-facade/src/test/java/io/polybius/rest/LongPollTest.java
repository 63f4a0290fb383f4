package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that wait for the end of a statement. */
@Timeout(30)
class LongPollTest {

  private static final String STATEMENT = "/sessions/0/statements/0";

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));
  private final ExecutorService clients = Executors.newCachedThreadPool();

  @BeforeEach
  void run() {
    server.openIdleSession();
    server.post("/sessions/0/statements", "{\"code\":\"print a\\nwait\"}");
    server.awaitState(0, "busy");
  }

  @AfterEach
  void stop() {
    clients.shutdownNow();
    server.close();
  }

  private CompletableFuture<HttpResponse<String>> getLater(String path) {
    return CompletableFuture.supplyAsync(() -> server.get(path), clients);
  }

  private void awaitWaiting(int count) {
    await().until(server::lastingRequests, waiting -> waiting == count);
  }

  @Test
  void answerComesWhenTheStatementHasEnded() {
    CompletableFuture<HttpResponse<String>> answer = getLater(STATEMENT + "?wait=5m");
    awaitWaiting(1);
    assertThat(answer).isNotDone();

    server.post("/sessions/0/interrupt", "");

    assertThat(answer)
        .succeedsWithin(Duration.ofSeconds(10))
        .satisfies(
            ended -> {
              assertThat(ended.statusCode()).isEqualTo(200);
              assertThat(json(ended).get("state").asText()).isEqualTo("cancelled");
              assertThat(ended.body()).isEqualTo(server.get(STATEMENT).body());
            });
    awaitWaiting(0);
  }

  @Test
  void afterTheTimeItIsAnsweredAsItIs() {
    HttpResponse<String> answer = server.get(STATEMENT + "?wait=100ms");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).get("state").asText()).isEqualTo("running");
    assertThat(json(answer).get("output").isNull()).isTrue();
    awaitWaiting(0);
  }

  @Test
  void endedStatementsAreNotWaitedFor() {
    server.post("/sessions/0/interrupt", "");
    server.awaitEnd(STATEMENT);

    assertThat(server.get(STATEMENT + "?wait=1d").body()).contains("\"state\":\"cancelled\"");
  }

  @Test
  void manyClientsHoldNoThread() {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      answers.add(getLater(STATEMENT + "?wait=60s"));
    }
    awaitWaiting(50);
    assertThat(server.get("/sessions").statusCode()).isEqualTo(200);

    server.post("/sessions/0/interrupt", "");

    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer)
                    .succeedsWithin(Duration.ofSeconds(10))
                    .returns(200, HttpResponse::statusCode));
  }

  @Test
  void closingAnswersAtOnce() {
    CompletableFuture<HttpResponse<String>> answer = getLater(STATEMENT + "?wait=5m");
    awaitWaiting(1);

    server.rest().close();

    assertThat(answer)
        .succeedsWithin(Duration.ofSeconds(10))
        .returns(503, HttpResponse::statusCode)
        .returns("{\"msg\":\"The server is shutting down.\"}", HttpResponse::body);
    assertThat(server.get(STATEMENT + "?wait=5m").statusCode()).isEqualTo(503);
    awaitWaiting(0);
  }

  @ParameterizedTest
  @CsvSource({
    "soon, Invalid time string: soon",
    "-1s, Invalid time string: -1s",
    "'', 'Invalid time string: '",
    "5weeks, 'Invalid suffix: \\\"weeks\\\"'",
  })
  void timesThatAreNone(String time, String message) {
    HttpResponse<String> answer = server.get(STATEMENT + "?wait=" + time);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).isEqualTo("{\"msg\":\"" + message + "\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/sessions/0/statements/7", "/sessions/7/statements/0"})
  void whatIsNotThereIsNotFoundAtOnce(String path) {
    assertThat(server.get(path + "?wait=5m").statusCode()).isEqualTo(404);
  }
}
