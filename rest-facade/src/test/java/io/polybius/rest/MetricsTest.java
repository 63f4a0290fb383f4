package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says about itself. */
@Timeout(20)
class MetricsTest {

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private JsonNode metrics() {
    HttpResponse<String> answer = server.get("/metrics/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValue("application/json;charset=utf-8");
    return json(answer);
  }

  private long gauge(String name) {
    return metrics().at("/gauges").get(name).get("value").asLong();
  }

  @Test
  void rootLeadsToTheMenu() {
    HttpResponse<String> answer = server.get("/");

    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(answer.headers().firstValue("Location")).hasValue("/metrics");
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void menuIsAPageWhoseLinksWork() {
    HttpResponse<String> page = server.get("/metrics");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
    String[] links = page.body().split("href=\"");
    assertThat(links).hasSize(5);
    for (int i = 1; i < links.length; i++) {
      assertThat(server.get(links[i].substring(0, links[i].indexOf('"'))).statusCode())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/ping", "/metrics/ping", "/metrics/ping/"})
  void pingIsAnsweredByPong(String path) {
    HttpResponse<String> answer = server.get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("pong");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain;charset=utf-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/threads", "/metrics/threads"})
  void threadsAreNamedWithWhatTheyDo(String path) {
    HttpResponse<String> answer = server.get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain;charset=utf-8");
    assertThat(answer.body()).contains("XNIO", "java.lang.Thread.run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthcheck", "/metrics/healthcheck"})
  void serverWithoutDeadlocksIsHealthy(String path) {
    HttpResponse<String> answer = server.get(path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer).at("/deadlocks/healthy").asBoolean()).isTrue();
  }

  @Test
  void sessionsBatchesAndStatementsAreCountedByState() {
    assertThat(gauge("sessions.idle")).isZero();
    server.openIdleSession();
    server.openIdleSession();
    server.openIdleSession();
    server.run("value 1");
    server.post("/sessions/1/statements", "{\"code\":\"wait\"}");
    server.post("/sessions/1/statements", "{\"code\":\"print 1\"}");
    server.post("/sessions/1/statements", "{\"code\":\"print 2\"}");
    server.post("/batches", "{\"file\":\"/a.jar\"}");

    await().untilAsserted(() -> assertThat(gauge("sessions.idle")).isEqualTo(2));
    assertThat(gauge("sessions.busy")).isEqualTo(1);
    assertThat(gauge("sessions.dead")).isZero();
    assertThat(gauge("statements.running")).isEqualTo(1);
    assertThat(gauge("statements.waiting")).isEqualTo(2);
    await().untilAsserted(() -> assertThat(gauge("batches.running")).isEqualTo(1));
  }

  @Test
  void requestsAreMeasuredByRouteAndOutcome() {
    server.get("/sessions/7");
    server.get("/sessions/joe");
    server.get("/sessions/joe/");
    server.openIdleSession();
    server.get("/sessions/0");
    server.send(server.to("/sessions/0").method("HEAD", HttpRequest.BodyPublishers.noBody()));
    server.post("/sessions", "[");
    server.get("/no/such/path");
    server.delete("/version");

    await()
        .untilAsserted(
            () -> {
              JsonNode timers = metrics().get("timers");
              assertThat(count(timers, "requests.GET /sessions/{session}.4xx")).isEqualTo(3);
              assertThat(count(timers, "requests.GET /sessions/{session}.2xx")).isEqualTo(2);
              assertThat(count(timers, "requests.POST /sessions.2xx")).isEqualTo(1);
              assertThat(count(timers, "requests.POST /sessions.4xx")).isEqualTo(1);
              assertThat(count(timers, "requests.other.4xx")).isEqualTo(2);
            });
    assertThat(metrics().get("timers").get("requests.POST /sessions.2xx").get("max").asDouble())
        .isPositive();
  }

  @Test
  void requestsThatLastAreNotAmongTheQuickOnes() throws Exception {
    server.openIdleSession();
    server.run("value 1");
    server.get("/sessions/0/statements/0?wait=1s");
    try (EventReader reader = EventReader.of(server, "/sessions/0/statements/0/events")) {
      reader.rest();
    }

    String statement = "requests.GET /sessions/{session}/statements/{statement}";
    await()
        .untilAsserted(
            () -> assertThat(count(metrics().get("timers"), statement + "?wait.2xx")).isOne());
    JsonNode timers = metrics().get("timers");
    assertThat(count(timers, statement + ".2xx")).isPositive();
    assertThat(timers.fieldNames()).toIterable().noneMatch(name -> name.contains("/events"));
  }

  private static int count(JsonNode timers, String name) {
    return timers.path(name).path("count").asInt();
  }

  @Test
  void whatClientsSendMakesNoNewNames() {
    for (int i = 0; i < 20; i++) {
      server.get("/sessions/" + i + "/statements/" + i);
      server.get("/" + i);
    }

    assertThat(metrics().get("timers").size()).isLessThan(5);
  }

  @Test
  void theJvmIsMeasured() {
    JsonNode gauges = metrics().get("gauges");

    assertThat(gauges.at("/jvm.memory.heap.used/value").asLong()).isPositive();
    assertThat(gauges.at("/jvm.threads.count/value").asInt()).isPositive();
    assertThat(gauges.at("/jvm.threads.deadlock.count/value").asInt()).isZero();
    assertThat(gauges.fieldNames())
        .toIterable()
        .anyMatch(name -> name.startsWith("jvm.gc.") && name.endsWith(".count"));
  }
}
