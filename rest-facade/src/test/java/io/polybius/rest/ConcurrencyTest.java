package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many clients at once. */
@Timeout(30)
class ConcurrencyTest {

  private static final int CLIENTS = 16;

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));
  private final ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);

  @AfterEach
  void stop() {
    clients.shutdownNow();
    server.close();
  }

  @Test
  void eachClientSeesItsOwnStatementsEndWhileOthersPoll() throws Exception {
    server.openIdleSession();

    List<Future<List<Integer>>> all = new ArrayList<>();
    for (int client = 0; client < CLIENTS; client++) {
      int number = client;
      all.add(clients.submit(() -> runTwenty(number)));
    }
    List<Integer> ids = new ArrayList<>();
    for (Future<List<Integer>> one : all) {
      List<Integer> ofClient = one.get(20, TimeUnit.SECONDS);
      assertThat(ofClient).isSorted();
      ids.addAll(ofClient);
    }

    assertThat(ids)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, CLIENTS * 20).boxed().collect(Collectors.toList()));
    server.awaitState(0, "idle");
  }

  private List<Integer> runTwenty(int client) {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String code = "print " + client + "/" + i;
      JsonNode posted = json(server.post("/sessions/0/statements", "{\"code\":\"" + code + "\"}"));
      int id = posted.get("id").asInt();
      JsonNode ended = json(server.awaitEnd("/sessions/0/statements/" + id));
      assertThat(ended.get("code").asText()).isEqualTo(code);
      assertThat(ended.get("output").get("data").get("text/plain").asText())
          .isEqualTo(client + "/" + i + "\n");
      ids.add(id);
    }
    return ids;
  }

  @Test
  void sessionsOpenedAndDeletedTogetherHaveTheirOwnIds() throws Exception {
    List<Future<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 3 * CLIENTS; i++) {
      all.add(
          clients.submit(
              () -> {
                HttpResponse<String> opened = server.post("/sessions", "{}");
                int id = json(opened).get("id").asInt();
                assertThat(server.get("/sessions").statusCode()).isEqualTo(200);
                assertThat(server.delete("/sessions/" + id).statusCode()).isEqualTo(200);
                return id;
              }));
    }
    Set<Integer> ids = new HashSet<>();
    for (Future<Integer> one : all) {
      ids.add(one.get(20, TimeUnit.SECONDS));
    }

    assertThat(ids).hasSize(3 * CLIENTS);
    assertThat(json(server.get("/sessions")).get("total").asInt()).isZero();
  }

  @Test
  void statementsPostedInARowRunInOrder() {
    server.openIdleSession();
    for (int i = 0; i < 20; i++) {
      HttpResponse<String> posted =
          server.post("/sessions/0/statements", "{\"code\":\"value " + i + "\"}");
      assertThat(json(posted).get("id").asInt()).isEqualTo(i);
    }

    for (int i = 0; i < 20; i++) {
      assertThat(server.awaitEnd("/sessions/0/statements/" + i))
          .contains("res" + i + ": Int = " + i);
    }
  }
}
