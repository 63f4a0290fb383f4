package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that cannot be right are the client's fault and change nothing. */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadRequestsTest {

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @BeforeAll
  void openSession() {
    server.openIdleSession();
  }

  @AfterEach
  void nothingHasChanged() {
    assertThat(json(server.get("/sessions")).get("total").asInt()).isEqualTo(1);
    assertThat(json(server.get("/sessions/0/statements")).get("total_statements").asInt()).isZero();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static void assertRefused(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer).get("msg").asText()).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "true",
        "17",
        "\"\"",
        "\"spark\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{]",
        "{\"kind\"}",
        "{kind:\"spark\"}",
        "{'kind':'spark'}",
        "kind=spark",
        "<session/>",
        "\u0000",
        "{\"kind\":\"spark\"",
        "{\"kind\":\"spark",
        "{\"kind\":\"\\x\"}",
        "{\"kind\":{}}",
        "{\"kind\":[]}",
        "{\"kind\":\"\"}",
        "{\"kind\":1}",
        "{\"Kind\":\"spark\"}",
        "{\"code\":\"1\"}",
        "{\"jars\":\"a.jar\"}",
        "{\"jars\":{}}",
        "{\"jars\":[[\"a\"]]}",
        "{\"jars\":[{}]}",
        "{\"conf\":[]}",
        "{\"conf\":\"spark.a=b\"}",
        "{\"conf\":{\"spark.a\":{}}}",
        "{\"conf\":{\"spark.a\":[1]}}",
        "{\"driverCores\":\"two\"}",
        "{\"driverCores\":99999999999}",
        "{\"driverCores\":[1]}",
        "{\"driverCores\":true}",
        "{\"numExecutors\":{}}",
        "{\"heartbeatTimeoutInSecond\":\"1m\"}",
        "{\"driverMemory\":{}}",
        "{\"driverMemory\":\"lots\"}",
        "{\"driverMemory\":\"0\"}",
        "{\"executorMemory\":\"-2g\"}",
        "{\"driverCores\":-4}",
        "{\"executorCores\":0}",
        "{\"numExecutors\":-1}",
        "{\"name\":[]}",
        "{\"ttl\":-}",
        "{\"ttl\":\"--1s\"}",
        "{\"name\":\"7\"}",
        "{}{}",
        "{} x",
      })
  void sessions(String body) {
    assertRefused(server.post("/sessions", body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "\"1+1\"",
        "1+1",
        "{}",
        "{\"code\":null}",
        "{\"code\":{}}",
        "{\"code\":[\"1\"]}",
        "{\"code\":\"1\",\"kind\":\"x\"}",
        "{\"code\":\"1\",\"kind\":\"\"}",
        "{\"code\":\"1\",\"kind\":\"shared\"}",
        "{\"code\":\"1\",\"kind\":{}}",
        "{\"code\":\"1\",\"cursor\":0}",
        "{\"Code\":\"1\"}",
        "{\"code\":\"1",
        "{\"code\":\"1\"}]",
        "{\"code\":\"a\nb\"}",
      })
  void statements(String body) {
    assertRefused(server.post("/sessions/0/statements", body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"deep arrays", "deep objects", "long number", "long name", "bad UTF-8"})
  void attacksOnTheParser(String attack) {
    String body =
        switch (attack) {
          case "deep arrays" -> "{\"jars\":" + "[".repeat(500_000);
          case "deep objects" -> "{\"conf\":" + "{\"a\":".repeat(100_000);
          case "long number" -> "{\"driverCores\":" + "9".repeat(100_000) + "}";
          case "long name" -> "{\"" + "x".repeat(200_000) + "\":1}";
          default -> "{\"name\":\"\ud800\"";
        };
    assertRefused(server.post("/sessions", body));
  }
}
