package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that depend on a driver come in time, or say why not. */
@Timeout(20)
class DeadlinesTest {

  private TestingRestServer server;

  @AfterEach
  void stop() {
    server.close();
  }

  private void serveWith(Duration untilStopped) {
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(Script.COLLECT),
            TestingRestServer.SETTINGS,
            new Deadlines(
                Duration.ofSeconds(5), Duration.ofSeconds(5), untilStopped, Duration.ofSeconds(5)),
            handler -> handler);
  }

  @Test
  void deleteIsAnsweredWhenTheDriverHasEnded() throws Exception {
    serveWith(Duration.ofSeconds(10));
    server.openIdleSession();
    ScriptedDriver driver = server.launcher().nextDriver();

    CompletableFuture<HttpResponse<String>> deleted =
        CompletableFuture.supplyAsync(() -> server.delete("/sessions/0"));
    server.awaitState(0, "shutting_down");
    assertThat(deleted).isNotDone();
    driver.exit("exit code 0");

    assertThat(deleted)
        .succeedsWithin(Duration.ofSeconds(5))
        .extracting(HttpResponse::body)
        .isEqualTo("{\"msg\":\"deleted\"}");
  }

  @Test
  void deleteThatTakesTooLongSaysSoAndGoesOn() throws Exception {
    serveWith(Duration.ofMillis(50));
    server.openIdleSession();

    HttpResponse<String> answer = server.delete("/sessions/0");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("the server goes on with it");
    await().until(() -> server.get("/sessions/0").statusCode() == 404);
  }
}
