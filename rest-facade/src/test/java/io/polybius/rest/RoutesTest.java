package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent.DriverFailed;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each route answers, to the letter. */
@Timeout(20)
class RoutesTest {

  private static final String IDLE_SESSION =
      "{\"id\":0,\"name\":null,\"appId\":\"local-1\",\"owner\":null,\"proxyUser\":null,"
          + "\"state\":\"idle\",\"kind\":\"spark\",\"appInfo\":{\"driverLogUrl\":null,"
          + "\"sparkUiUrl\":\"http://localhost:4040\",\"executorLogUrls\":null},"
          + "\"log\":[\"stdout: \",\"\\nstderr: \"],\"ttl\":null,\"idleTimeout\":null,"
          + "\"driverMemory\":null,\"driverCores\":0,\"executorMemory\":null,\"executorCores\":0,"
          + "\"conf\":{},\"archives\":[],\"files\":[],\"heartbeatTimeoutInSecond\":0,\"jars\":[],"
          + "\"numExecutors\":0,\"pyFiles\":[],\"queue\":null}";

  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private void serveWith(ScriptedLauncher launcher) {
    server.close();
    server = new TestingRestServer(launcher);
  }

  private static void assertAnswer(HttpResponse<String> response, int status, String body) {
    assertThat(response.body()).isEqualTo(body);
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("application/json;charset=utf-8");
  }

  @Test
  void version() {
    assertAnswer(
        server.get("/version"),
        200,
        "{\"version\":\"0.9.1\",\"user\":\"builder\",\"revision\":\"abc123\",\"branch\":\"main\","
            + "\"date\":\"2026-01-01\",\"url\":\"http://example.org\"}");
  }

  @Test
  void createdSessionIsStartingAndHasALocation() {
    serveWith(ScriptedLauncher.slow(Script.TINY));

    HttpResponse<String> created = server.post("/sessions", "{\"kind\":\"spark\"}");

    assertAnswer(
        created,
        201,
        IDLE_SESSION
            .replace("\"idle\"", "\"starting\"")
            .replace("\"local-1\"", "null")
            .replace("\"http://localhost:4040\"", "null"));
    assertThat(created.headers().firstValue("Location")).hasValue("/sessions/0");
  }

  @Test
  void sessionEchoesAllThatWasAskedFor() {
    HttpResponse<String> created =
        server.post(
            "/sessions",
            "{\"kind\":\"scala\",\"proxyUser\":\"alice\",\"jars\":[\"/a.jar\",\"/b.jar\"],"
                + "\"pyFiles\":[\"/c.py\"],\"files\":[\"/d\"],\"archives\":[\"/e.zip#e\"],"
                + "\"driverMemory\":\"1g\",\"driverCores\":2,\"executorMemory\":\"3g\","
                + "\"executorCores\":\"4\",\"numExecutors\":5,\"queue\":\"q\",\"name\":\"n\","
                + "\"conf\":{\"spark.b\":true,\"spark.a\":7,\"spark.my.password\":\"x\"},"
                + "\"heartbeatTimeoutInSecond\":60,\"ttl\":\"8h\",\"idleTimeout\":\"10m\"}");

    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).get("kind").asText()).isEqualTo("spark");
    assertThat(json(created).get("proxyUser").isNull()).isTrue();
    assertThat(created.body())
        .contains("\"name\":\"n\"")
        .endsWith(
            "\"ttl\":\"8h\",\"idleTimeout\":\"10m\",\"driverMemory\":\"1g\",\"driverCores\":2,"
                + "\"executorMemory\":\"3g\",\"executorCores\":4,\"conf\":{\"spark.a\":\"7\","
                + "\"spark.b\":\"true\",\"spark.my.password\":\"*********(redacted)\"},"
                + "\"archives\":[\"/e.zip#e\"],\"files\":[\"/d\"],\"heartbeatTimeoutInSecond\":60,"
                + "\"jars\":[\"/a.jar\",\"/b.jar\"],\"numExecutors\":5,\"pyFiles\":[\"/c.py\"],"
                + "\"queue\":\"q\"}");
  }

  @Test
  void nullMeansAbsentEverywhere() {
    HttpResponse<String> created =
        server.post(
            "/sessions",
            "{\"kind\":null,\"proxyUser\":null,\"jars\":null,\"pyFiles\":null,\"files\":[null],"
                + "\"archives\":null,\"driverMemory\":null,\"driverCores\":null,"
                + "\"executorMemory\":null,\"executorCores\":null,\"numExecutors\":null,"
                + "\"queue\":null,\"name\":null,\"conf\":{\"spark.a\":null},"
                + "\"heartbeatTimeoutInSecond\":null,\"ttl\":null,\"idleTimeout\":null}");
    server.awaitState(0, "idle");

    assertThat(created.statusCode()).isEqualTo(201);
    assertAnswer(server.get("/sessions/0"), 200, IDLE_SESSION.replace("\"spark\"", "\"shared\""));
  }

  @Test
  void sessionByIdAndByName() {
    server.post("/sessions", "{\"kind\":\"spark\",\"name\":\"my session\"}");
    server.awaitState(0, "idle");

    String named = IDLE_SESSION.replace("\"name\":null", "\"name\":\"my session\"");
    assertAnswer(server.get("/sessions/0"), 200, named);
    assertAnswer(server.get("/sessions/my%20session"), 200, named);
    assertAnswer(server.get("/sessions/my%20session/state"), 200, "{\"id\":0,\"state\":\"idle\"}");
  }

  @Test
  void sessionsInPages() {
    for (int i = 0; i < 4; i++) {
      server.openIdleSession();
    }

    assertAnswer(
        server.get("/sessions?from=3"),
        200,
        "{\"from\":3,\"total\":4,\"sessions\":["
            + IDLE_SESSION.replace("\"id\":0", "\"id\":3")
            + "]}");
    assertThat(ids(server.get("/sessions"))).containsExactly(0, 1, 2, 3);
    assertThat(ids(server.get("/sessions?from=1&size=2"))).containsExactly(1, 2);
    assertThat(ids(server.get("/sessions?from=-2&size=1"))).containsExactly(0);
    assertThat(ids(server.get("/sessions?size=-1"))).isEmpty();
    assertThat(ids(server.get("/sessions?from=1&size=2147483647"))).containsExactly(1, 2, 3);
    assertAnswer(server.get("/sessions?from=9"), 200, "{\"from\":9,\"total\":4,\"sessions\":[]}");
  }

  private static List<Integer> ids(HttpResponse<String> list) {
    return json(list).get("sessions").findValues("id").stream().map(id -> id.asInt()).toList();
  }

  @Test
  void livysJavaClientGetsOnlyFieldsOfTheOldestRelease() {
    server.openIdleSession();

    String oldest =
        "{\"id\":0,\"owner\":null,\"proxyUser\":null,\"state\":\"idle\",\"kind\":\"spark\","
            + "\"log\":[\"stdout: \",\"\\nstderr: \"]}";
    assertAnswer(
        server.send(server.to("/sessions/0").header("User-Agent", "livy-client-http").GET()),
        200,
        oldest);
  }

  @Test
  void connectAnswersTheSession() {
    server.openIdleSession();

    assertAnswer(server.post("/sessions/0/connect", ""), 200, IDLE_SESSION);
  }

  @Test
  void state() {
    server.openIdleSession();

    assertAnswer(server.get("/sessions/0/state"), 200, "{\"id\":0,\"state\":\"idle\"}");
  }

  @Test
  void log() throws Exception {
    serveWith(ScriptedLauncher.slow(Script.TINY));
    server.post("/sessions", "{}");
    server.launcher().nextDriver().say(new DriverFailed("no memory"));
    server.awaitState(0, "dead");

    String all = "[\"stdout: \",\"\\nstderr: \",\"no memory\"]";
    assertAnswer(
        server.get("/sessions/0/log"),
        200,
        "{\"id\":0,\"from\":0,\"total\":3,\"log\":" + all + "}");
    assertAnswer(
        server.get("/sessions/0/logs"),
        200,
        "{\"id\":0,\"from\":0,\"total\":3,\"log\":" + all + "}");
    assertAnswer(
        server.get("/sessions/0/log?size=-1"),
        200,
        "{\"id\":0,\"from\":0,\"total\":3,\"log\":" + all + "}");
    assertAnswer(
        server.get("/sessions/0/log?size=1"),
        200,
        "{\"id\":0,\"from\":2,\"total\":3,\"log\":[\"no memory\"]}");
    assertAnswer(
        server.get("/sessions/0/log?from=1&size=1"),
        200,
        "{\"id\":0,\"from\":1,\"total\":3,\"log\":[\"\\nstderr: \"]}");
    assertAnswer(
        server.get("/sessions/0/log?from=3"), 200, "{\"id\":0,\"from\":3,\"total\":3,\"log\":[]}");
    assertThat(json(server.get("/sessions/0")).get("log").toString()).isEqualTo(all);
  }

  @Test
  void deletedSessionIsGone() {
    server.openIdleSession();

    assertAnswer(server.delete("/sessions/0"), 200, "{\"msg\":\"deleted\"}");
    assertAnswer(server.get("/sessions/0"), 404, "{\"msg\":\"Session '0' not found.\"}");
    assertAnswer(server.get("/sessions"), 200, "{\"from\":0,\"total\":0,\"sessions\":[]}");
  }

  @Test
  void postedStatementWaitsAndHasALocation() {
    server.openIdleSession();

    HttpResponse<String> posted =
        server.post("/sessions/0/statements", "{\"code\":\"value 2\",\"kind\":\"spark\"}");

    assertAnswer(
        posted,
        201,
        "{\"id\":0,\"code\":\"value 2\",\"state\":\"waiting\",\"output\":null,\"progress\":0.0,"
            + "\"started\":0,\"completed\":0}");
    assertThat(posted.headers().firstValue("Location")).hasValue("/sessions/0/statements/0");
    assertThat(server.awaitEnd("/sessions/0/statements/0"))
        .isEqualTo(
            "{\"id\":0,\"code\":\"value 2\",\"state\":\"available\",\"output\":{\"status\":\"ok\","
                + "\"execution_count\":0,\"data\":{\"text/plain\":\"res0: Int = 2\\n\"}},"
                + "\"progress\":1.0,\"started\":1767225600000,\"completed\":1767225600000}");
  }

  @Test
  void locationOfAStatementOfANamedSessionHasTheId() {
    server.post("/sessions", "{\"kind\":\"spark\",\"name\":\"etl\"}");
    server.awaitState(0, "idle");

    HttpResponse<String> posted = server.post("/sessions/etl/statements", "{\"code\":\"print a\"}");

    assertThat(posted.headers().firstValue("Location")).hasValue("/sessions/0/statements/0");
  }

  @Test
  void runningStatementHasNoOutputYet() throws Exception {
    server.openIdleSession();
    server.post("/sessions/0/statements", "{\"code\":\"print a\\nwait\"}");
    server.awaitState(0, "busy");

    assertAnswer(
        server.get("/sessions/0/statements/0"),
        200,
        "{\"id\":0,\"code\":\"print a\\nwait\",\"state\":\"running\",\"output\":null,"
            + "\"progress\":0.0,\"started\":1767225600000,\"completed\":0}");
  }

  @Test
  void statementsInPagesAndBothOrders() {
    server.openIdleSession();
    assertAnswer(
        server.get("/sessions/0/statements"), 200, "{\"total_statements\":0,\"statements\":[]}");
    for (String code : List.of("print a", "print b", "print c")) {
      server.run(code);
    }

    assertThat(statementIds("")).containsExactly(0, 1, 2);
    assertThat(statementIds("?order=asc")).containsExactly(0, 1, 2);
    assertThat(statementIds("?order=DESC")).containsExactly(2, 1, 0);
    assertThat(statementIds("?order=desc&from=1&size=1")).containsExactly(1);
    assertThat(statementIds("?from=1")).containsExactly(1, 2);
    assertThat(statementIds("?from=-1&size=1")).containsExactly(0);
    assertThat(json(server.get("/sessions/0/statements?from=3")).toString())
        .isEqualTo("{\"total_statements\":3,\"statements\":[]}");
  }

  private List<Integer> statementIds(String query) {
    return json(server.get("/sessions/0/statements" + query))
        .get("statements")
        .findValues("id")
        .stream()
        .map(id -> id.asInt())
        .toList();
  }

  @Test
  void statementsOfAStartingSessionAreNoneAtOnce() {
    serveWith(ScriptedLauncher.slow(Script.TINY));
    server.post("/sessions", "{}");

    assertAnswer(
        server.get("/sessions/0/statements"), 200, "{\"total_statements\":0,\"statements\":[]}");
  }

  @Test
  void cancelStopsAStatement() {
    server.openIdleSession();
    server.post("/sessions/0/statements", "{\"code\":\"wait\"}");
    server.post("/sessions/0/statements", "{\"code\":\"print never\"}");
    server.awaitState(0, "busy");

    assertAnswer(
        server.post("/sessions/0/statements/1/cancel", "{}"), 200, "{\"msg\":\"canceled\"}");
    assertAnswer(server.post("/sessions/0/statements/0/cancel", ""), 200, "{\"msg\":\"canceled\"}");
    assertThat(server.awaitEnd("/sessions/0/statements/1"))
        .contains("\"state\":\"cancelled\",\"output\":null,\"progress\":1.0,\"started\":0,");
    assertThat(server.awaitEnd("/sessions/0/statements/0"))
        .contains(
            "\"state\":\"cancelled\",\"output\":{\"status\":\"error\",\"execution_count\":0,"
                + "\"ename\":\"Error\",\"evalue\":\"Interrupted: The statement was interrupted.\","
                + "\"traceback\":[]},\"progress\":1.0");
    server.awaitState(0, "idle");
  }

  @Test
  void cancelOfAnEndedOrUnknownStatementChangesNothing() {
    server.openIdleSession();
    String ended = server.run("value 1");

    assertAnswer(
        server.post("/sessions/0/statements/0/cancel", "{}"), 200, "{\"msg\":\"canceled\"}");
    assertAnswer(
        server.post("/sessions/0/statements/7/cancel", "{}"), 200, "{\"msg\":\"canceled\"}");
    assertThat(server.get("/sessions/0/statements/0").body()).isEqualTo(ended);
  }

  @Test
  void interruptStopsTheRunningStatementOnly() {
    server.openIdleSession();
    server.post("/sessions/0/statements", "{\"code\":\"wait\"}");
    server.post("/sessions/0/statements", "{\"code\":\"value 5\"}");
    server.awaitState(0, "busy");

    assertAnswer(server.post("/sessions/0/interrupt", ""), 200, "{\"msg\":\"interrupted\"}");
    assertThat(server.awaitEnd("/sessions/0/statements/0")).contains("\"state\":\"cancelled\"");
    assertThat(server.awaitEnd("/sessions/0/statements/1")).contains("res1: Int = 5");
    server.awaitState(0, "idle");
  }

  @Test
  void statementsOutliveTheDriver() throws Exception {
    server.openIdleSession();
    ScriptedDriver driver = server.launcher().nextDriver();
    server.run("value 1");
    server.post("/sessions/0/statements", "{\"code\":\"print half\\nwait\"}");
    server.post("/sessions/0/statements", "{\"code\":\"print never\"}");
    server.awaitState(0, "busy");

    driver.exit("killed by signal 9");
    server.awaitState(0, "dead");

    assertThat(server.get("/sessions/0/statements/2").body())
        .contains("\"state\":\"cancelled\",\"output\":null");

    assertThat(server.get("/sessions/0/statements/0").body()).contains("res0: Int = 1");
    assertThat(json(server.get("/sessions/0/statements/1")).get("output"))
        .isEqualTo(
            json(
                "{\"status\":\"error\",\"execution_count\":1,\"ename\":\"Error\",\"evalue\":"
                    + "\"Interpreter died:\\nThe driver process ended: killed by signal 9\","
                    + "\"traceback\":[],\"data\":{\"text/plain\":\"half\\n\"}}"));
  }

  @Test
  void lineEndsOfCodeAreNormalised() throws Exception {
    serveWith(ScriptedLauncher.ready(Script.COLLECT));
    server.openIdleSession();
    server.post("/sessions/0/statements", "{\"code\":\"a\\r\\nb\"}");

    DriverCommand.Execute execute =
        server.launcher().nextDriver().nextCommand(DriverCommand.Execute.class);

    assertThat(execute.code()).isEqualTo("a\nb");
    assertThat(execute.kind()).isEqualTo("spark");
  }

  @Test
  void eachPathMayEndInASlash() {
    for (Route route : server.routes()) {
      String path = route.path().replaceAll("\\{[a-z]+\\}", "7");
      if (!path.equals("/")) {
        HttpResponse<String> without = send(route, path);
        HttpResponse<String> with = send(route, path + "/");

        assertThat(with.statusCode()).as(route.toString()).isEqualTo(without.statusCode());
        assertThat(with.body().isEmpty()).as(route.toString()).isEqualTo(without.body().isEmpty());
      }
    }
  }

  private HttpResponse<String> send(Route route, String path) {
    return server.send(
        server
            .to(path)
            .method(route.method().toString(), HttpRequest.BodyPublishers.ofString("{}")));
  }

  @Test
  void whomARequestIsForDoesNotMatterWithoutImpersonation() {
    HttpResponse<String> created =
        server.post("/sessions?doAs=alice", "{\"kind\":\"spark\",\"proxyUser\":\"bob\"}");
    server.awaitState(0, "idle");

    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).get("proxyUser").isNull()).isTrue();
    assertThat(json(created).get("owner").isNull()).isTrue();
    for (String path :
        List.of("/sessions", "/sessions/0", "/sessions/0/log", "/sessions/0/state")) {
      assertThat(server.get(path + "?doAs=alice").body()).isEqualTo(server.get(path).body());
    }
    assertThat(server.delete("/sessions/0?doAs=alice").body()).isEqualTo("{\"msg\":\"deleted\"}");
  }

  @Test
  void whoMayImpersonateNamesTheUserToRunAs() {
    try (TestingRestServer open =
        new TestingRestServer(
            ScriptedLauncher.ready(Script.TINY),
            new RestSettings(
                TestingRestServer.VERSION,
                false,
                true,
                10 << 20,
                RestSettings.MAX_UPLOAD_BYTES,
                TestingRestServer.SECURITY_HEADERS),
            Deadlines.DEFAULT,
            handler -> handler)) {
      HttpResponse<String> body = open.post("/sessions", "{\"proxyUser\":\"bob\"}");
      assertThat(json(body).get("proxyUser").asText()).isEqualTo("bob");
      HttpResponse<String> query =
          open.post("/batches?doAs=alice", "{\"file\":\"hdfs:/a.jar\",\"proxyUser\":\"bob\"}");
      assertThat(json(query).get("proxyUser").asText()).isEqualTo("alice");
      assertThat(open.post("/sessions", "{\"proxyUser\":\"--conf\"}").statusCode()).isEqualTo(400);
    }
  }

  @Test
  void pathsMayEndInASlash() {
    server.openIdleSession();

    assertThat(server.post("/sessions/", "{}").statusCode()).isEqualTo(201);
    assertThat(server.get("/sessions/").statusCode()).isEqualTo(200);
    assertThat(server.get("/sessions/0/").statusCode()).isEqualTo(200);
    assertThat(server.get("/version/").statusCode()).isEqualTo(200);
    assertThat(server.post("/sessions/0/statements/", "{\"code\":\"\"}").statusCode())
        .isEqualTo(201);
  }
}
