package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.protocol.DriverEvent.DriverFailed;
import io.polybius.session.testing.ScriptedBatches.ScriptedBatch;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The conversations that known clients hold, and what each of them depends on. */
@Timeout(20)
class ClientsTest {

  private static final Set<String> BATCH_STATES_OF_AIRFLOW =
      Set.of(
          "not_started",
          "starting",
          "running",
          "idle",
          "busy",
          "shutting_down",
          "error",
          "dead",
          "killed",
          "success");

  private static final Set<String> STATES_OF_PYLIVY =
      Stream.concat(BATCH_STATES_OF_AIRFLOW.stream(), Stream.of("recovering"))
          .collect(Collectors.toSet());

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.slow(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> send(String method, String path, String body, String... headers) {
    HttpRequest.Builder request =
        server.to(path).method(method, HttpRequest.BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return server.send(request);
  }

  private void makeReady() throws InterruptedException {
    server.launcher().nextDriver().ready();
    server.awaitState(0, "idle");
  }

  @Test
  void sparkmagic() throws Exception {
    String[] headers = {
      "Content-Type", "application/json", "X-Requested-By", "sparkmagic", "Accept-Encoding", "*"
    };
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions",
            "{\"kind\": \"spark\", \"heartbeatTimeoutInSecond\": 60,"
                + " \"driverMemory\": \"1000M\", \"executorCores\": 2}",
            headers);
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).get("id").isInt()).isTrue();
    assertThat(json(created).get("state").asText()).isEqualTo("starting");
    assertThat(json(created).get("log").isArray()).isTrue();
    makeReady();
    JsonNode session = json(send("GET", "/sessions/0", "", headers));
    assertThat(session.get("state").asText()).isEqualTo("idle");
    assertThat(session.get("log").isArray()).isTrue();

    HttpResponse<String> posted =
        send("POST", "/sessions/0/statements", "{\"code\": \"spark\"}", headers);
    assertThat(posted.statusCode()).isEqualTo(201);
    JsonNode first = json(server.awaitEnd("/sessions/0/statements/0"));
    assertThat(first.get("output").get("status").asText()).isEqualTo("ok");
    assertThat(first.get("progress").isDouble()).isTrue();

    server.run("print {\"a\":1}\nprint {\"a\":2}");
    JsonNode rows = json(server.get("/sessions/0/statements/1"));
    assertThat(rows.get("output").get("data").get("text/plain").asText())
        .isEqualTo("{\"a\":1}\n{\"a\":2}\n");

    JsonNode failed = json(server.run("fail boom")).get("output");
    assertThat(failed.get("evalue").isTextual()).isTrue();
    assertThat(failed.get("traceback").isArray()).isTrue();

    send("POST", "/sessions/0/statements", "{\"code\": \"wait\"}", headers);
    HttpResponse<String> cancelled = send("POST", "/sessions/0/statements/3/cancel", "{}", headers);
    assertThat(cancelled.statusCode()).isEqualTo(200);
    assertThat(json(cancelled).isObject()).isTrue();
    server.awaitState(0, "idle");

    JsonNode log = json(send("GET", "/sessions/0/log?from=0", "", headers));
    assertThat(log.get("log").isArray()).isTrue();
    JsonNode all = json(send("GET", "/sessions", "", headers));
    assertThat(all.get("sessions").get(0).get("kind").asText()).isEqualTo("spark");
    assertThat(send("DELETE", "/sessions/0", "", headers).statusCode()).isIn(200, 404);
    assertThat(send("DELETE", "/sessions/0", "", headers).statusCode()).isIn(200, 404);
  }

  @Test
  void zeppelin() throws Exception {
    assertThat(json(server.get("/version")).get("version").asText()).matches("0\\.9\\.\\d");
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions",
            "{\"kind\":\"spark\",\"proxyUser\":\"anonymous\",\"conf\":{\"spark.app.name\":\"z\"}}",
            "Content-Type",
            "application/json",
            "X-Requested-By",
            "zeppelin");
    assertThat(created.statusCode()).isIn(200, 201);
    ScriptedDriver driver = server.launcher().nextDriver();
    driver.ready();
    server.awaitState(0, "idle");
    assertThat(json(server.get("/sessions/0/log?size=1000")).get("log").isArray()).isTrue();

    server.post("/sessions/0/statements", "{\"code\":\"wait\",\"kind\":\"spark\"}");
    assertThat(
            send("POST", "/sessions/0/statements/0/cancel", "", "Content-Type", "application/json")
                .statusCode())
        .isEqualTo(200);
    server.awaitEnd("/sessions/0/statements/0");

    HttpResponse<String> unknown = server.get("/sessions/5");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(
            Pattern.compile("(.*)\"?Session '\\d+' not found.\"?(.*)")
                .matcher(unknown.body())
                .matches())
        .isTrue();

    driver.say(new DriverFailed("gone"));
    server.awaitState(0, "dead");
    HttpResponse<String> dead = server.post("/sessions/0/statements", "{\"code\":\"1\"}");
    assertThat(dead.statusCode()).isBetween(500, 599);
    assertThat(dead.body()).contains("Session is in state dead");
  }

  @Test
  void sparklyr() throws Exception {
    JsonNode none = json(server.get("/sessions"));
    assertThat(none.get("sessions").isArray()).isTrue();
    assertThat(none.get("total").isInt()).isTrue();
    JsonNode created =
        json(
            send(
                "POST",
                "/sessions",
                "{\"kind\":\"spark\",\"conf\":{\"spark.a\":1},\"jars\":[\"https://x/y.jar\"]}",
                "X-Requested-By",
                "sparklyr"));
    assertThat(created.get("kind").asText()).isEqualTo("spark");

    String before = json(server.get("/sessions/0")).get("state").asText();
    server.launcher().nextDriver().ready();
    String state = before;
    while (state.equals("starting")) {
      state = json(server.get("/sessions/0")).get("state").asText();
    }
    assertThat(before).isEqualTo("starting");
    assertThat(state).isEqualTo("idle");

    JsonNode output =
        json(server.run("print loading\ndisplay application/json \"value\"")).get("output");
    assertThat(output.get("data").size()).isEqualTo(1);
    assertThat(output.get("data").get("application/json").asText()).isEqualTo("value");
    assertThat(json(server.delete("/sessions/0")).get("msg").asText()).isEqualTo("deleted");
  }

  @Test
  void livysJavaClient() throws Exception {
    String[] headers = {
      "User-Agent", "livy-client-http",
      "Accept", "application/json",
      "Content-Type", "application/json",
      "Content-Encoding", "UTF-8",
      "X-Requested-By", "livy"
    };
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions/",
            "{\"conf\":{\"livy.uri\":\"http://x\",\"livy.client.http.connection.timeout\":\"1s\"}}",
            headers);
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).fieldNames())
        .toIterable()
        .containsExactly("id", "owner", "proxyUser", "state", "kind", "log");
    makeReady();

    HttpResponse<String> connected = send("POST", "/sessions/0/connect", "", headers);
    assertThat(connected.statusCode()).isEqualTo(200);
    assertThat(json(connected).size()).isEqualTo(6);
    assertThat(json(send("DELETE", "/sessions/0", "", headers)).isObject()).isTrue();
    assertThat(send("GET", "/sessions/0", "", headers).statusCode()).isEqualTo(404);
  }

  @Test
  void pylivy() throws Exception {
    String version = json(server.get("/version")).get("version").asText();
    assertThat(version.compareTo("0.5.0")).isPositive();
    send(
        "POST",
        "/sessions",
        "{\"kind\":\"spark\",\"proxyUser\":null,\"jars\":null,\"conf\":null,\"driverCores\":null,"
            + "\"name\":null}");
    assertThat(STATES_OF_PYLIVY).contains(json(server.get("/sessions/0")).get("state").asText());
    makeReady();

    JsonNode statement = json(server.run("print a"));
    assertThat(statement.fieldNames()).toIterable().contains("id", "code", "state", "output");
    assertThat(json(server.get("/sessions/0/log")).fieldNames())
        .toIterable()
        .contains("id", "from", "total");
    assertThat(json(server.get("/sessions/0/statements")).get("statements").size()).isEqualTo(1);
    assertThat(json(server.delete("/sessions/0")).isObject()).isTrue();
  }

  @Test
  void hue() throws Exception {
    server.post("/sessions", "{\"kind\":\"scala\"}");
    makeReady();
    server.post("/sessions/0/statements", "{\"code\":\"wait\"}");
    server.awaitState(0, "busy");

    assertThat(server.post("/sessions/0/interrupt", "{}").statusCode()).isEqualTo(200);
    server.awaitState(0, "idle");
    assertThat(json(server.run("print still here")).get("output").get("status").asText())
        .isEqualTo("ok");
  }

  @Test
  void airflow() throws Exception {
    String[] headers = {"Content-Type", "application/json", "Accept", "application/json"};
    HttpResponse<String> created =
        send(
            "POST",
            "/batches",
            "{\"file\": \"/jobs/etl.py\", \"args\": [\"2026-01-01\", \"7\"], \"driverCores\": \"2\","
                + " \"conf\": {\"spark.executor.instances\": 3, \"spark.ui.enabled\": \"false\"}}",
            headers);
    assertThat(created.statusCode()).isBetween(200, 299);
    int id = json(created).get("id").asInt(-1);
    assertThat(id).isNotNegative();
    String batch = "/batches/" + id;
    ScriptedBatch program = server.batchLauncher().next();
    for (int i = 0; i < 250; i++) {
      program.print("line " + i);
    }
    assertThat(BATCH_STATES_OF_AIRFLOW)
        .contains(json(send("GET", batch + "/state", "", headers)).get("state").asText());
    assertThat(json(send("GET", batch, "", headers)).has("appId")).isTrue();
    program.exit(0);
    await()
        .until(
            () -> json(send("GET", batch + "/state", "", headers)).get("state").asText(),
            "success"::equals);

    List<String> lines = new ArrayList<>();
    int total = 1;
    for (int from = 0; from <= total; from += 100) {
      JsonNode page = json(send("GET", batch + "/log?from=" + from + "&size=100", "", headers));
      assertThat(page.get("total").isInt()).isTrue();
      total = page.get("total").asInt();
      page.get("log").forEach(line -> lines.add(line.asText()));
    }
    assertThat(lines).hasSize(total).contains("line 0", "line 99", "line 100", "line 249");
    assertThat(json(send("DELETE", batch, "", headers)).isObject()).isTrue();
  }

  @Test
  void dbt() throws Exception {
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions",
            "{\"kind\": \"sql\", \"conf\": {\"spark.sql.shuffle.partitions\": \"2\"}}",
            "Content-Type",
            "application/json");
    assertThat(json(created).get("kind").asText()).isEqualTo("sql");
    makeReady();
    String answer =
        "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"name\":\"n\",\"type\":\"integer\","
            + "\"nullable\":false,\"metadata\":{}}]},\"data\":[[1]]}";
    JsonNode statement = json(server.run("display application/json " + answer));

    assertThat(statement.get("state").asText()).isEqualTo("available");
    JsonNode table = statement.get("output").get("data").get("application/json");
    assertThat(table.at("/schema/fields/0/name").asText()).isEqualTo("n");
    assertThat(table.at("/data/0/0").asInt()).isEqualTo(1);
    JsonNode failed = json(server.run("fail no such table")).get("output");
    assertThat(failed.get("status").asText()).isEqualTo("error");
    assertThat(failed.get("evalue").asText()).contains("no such table");
  }

  @Test
  void dbtIsToldThatASessionCouldNotStart() throws Exception {
    server.post("/sessions", "{\"kind\": \"sql\"}");
    server.launcher().nextDriver().say(new DriverFailed("no memory"));

    // It would wait for ever in any other state than this one.
    server.awaitState(0, "dead");
  }

  @Test
  void livysPythonClient() throws Exception {
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions/",
            "{\"kind\": \"pyspark\", \"conf\": {\"livy.client.http.spnego.enable\": \"false\"}}",
            "Content-Type",
            "application/json",
            "X-Requested-By",
            "livy",
            "User-Agent",
            "python-requests/2.32.0");
    assertThat(created.statusCode()).isEqualTo(201);
    int id = json(created).get("id").asInt(-1);
    makeReady();
    HttpResponse<String> connected =
        send("POST", "/sessions/" + id + "/connect", "", "X-Requested-By", "livy");
    assertThat(connected.statusCode()).isEqualTo(200);
    assertThat(json(connected).get("id").asInt(-1)).isEqualTo(id);
    assertThat(send("DELETE", "/sessions/" + id, "", "X-Requested-By", "livy").statusCode())
        .isBetween(200, 299);
    assertThat(server.get("/sessions/" + id).statusCode()).isEqualTo(404);
  }

  @Test
  void curl() throws Exception {
    HttpResponse<String> created =
        send(
            "POST",
            "/sessions",
            "{\"kind\":\"spark\"}",
            "Content-Type",
            "application/x-www-form-urlencoded",
            "User-Agent",
            "curl/7.88.1",
            "Accept",
            "*/*");
    assertThat(created.statusCode()).isEqualTo(201);
    makeReady();
    String location =
        send(
                "POST",
                created.headers().firstValue("Location").orElseThrow() + "/statements",
                "{\"code\":\"value 2\"}",
                "Content-Type",
                "application/x-www-form-urlencoded")
            .headers()
            .firstValue("Location")
            .orElseThrow();
    assertThat(json(server.awaitEnd(location)).get("output").get("data").get("text/plain").asText())
        .isEqualTo("res0: Int = 2\n");
  }
}
