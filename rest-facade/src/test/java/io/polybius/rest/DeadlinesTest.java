package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ScriptedBatches.ScriptedBatch;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that depend on a driver come in time, or say why not. */
@Timeout(20)
class DeadlinesTest {

  private final Queue<String> completed = new ConcurrentLinkedQueue<>();
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
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                untilStopped,
                Duration.ofMillis(500),
                Duration.ofSeconds(5)),
            handler ->
                exchange -> {
                  exchange.addExchangeCompleteListener(
                      (ended, next) -> {
                        completed.add(ended.getRequestPath());
                        next.proceed();
                      });
                  handler.handleRequest(exchange);
                });
  }

  @Test
  void clientThatDoesNotTakeItsAnswerIsCutOff() throws Exception {
    serveWith(Duration.ofSeconds(10));
    server.post("/batches", "{\"file\":\"/a.jar\"}");
    ScriptedBatch program = server.batchLauncher().next();
    for (int i = 0; i < 2_000; i++) {
      program.print("x".repeat(10_000));
    }

    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket
          .getOutputStream()
          .write(
              "GET /batches/0/log?from=0&size=-1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));

      await().until(() -> completed.contains("/batches/0/log"));
      socket.setSoTimeout(10_000);
      // What was on its way, and no more.
      assertThat(taken(socket)).isBetween(1L, 14_000_000L);
    }
    assertThat(server.get("/version").statusCode()).isEqualTo(200);
  }

  private static long taken(Socket socket) {
    CountingOutputStream counted = new CountingOutputStream();
    try {
      socket.getInputStream().transferTo(counted);
    } catch (IOException reset) {
      // It may be cut off like that, too.
    }
    return counted.count;
  }

  private static final class CountingOutputStream extends OutputStream {
    private long count;

    @Override
    public void write(int one) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      count += length;
    }
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
