package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverEvent.DriverFailed;
import io.polybius.session.ErrorCode;
import io.polybius.session.SessionException;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients are told when something is wrong, to the letter. */
@Timeout(20)
class ErrorsTest {

  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private void serveWith(ScriptedLauncher launcher) {
    server.close();
    server = new TestingRestServer(launcher);
  }

  private static void assertMessage(HttpResponse<String> response, int status, String message) {
    assertThat(response.body()).isEqualTo("{\"msg\":\"" + message.replace("\"", "\\\"") + "\"}");
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValue("application/json;charset=utf-8");
  }

  private static void assertEmpty(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).isEmpty();
    assertThat(response.headers().firstValue("Content-Type")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/state", "/log", "/logs", "/statements", "/statements/0", "/statements/0/"})
  void unknownSessionIsNotFound(String rest) {
    assertMessage(server.get("/sessions/7" + rest), 404, "Session '7' not found.");
    assertMessage(server.get("/sessions/joe" + rest), 404, "Session 'joe' not found.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/connect", "/interrupt", "/statements", "/statements/0/cancel"})
  void unknownSessionIsNotFoundForPosts(String rest) {
    assertMessage(
        server.post("/sessions/7" + rest, "{\"code\":\"1\"}"), 404, "Session '7' not found.");
  }

  @Test
  void deletingTwiceIsNotFound() {
    server.openIdleSession();
    server.delete("/sessions/0");

    assertMessage(server.delete("/sessions/0"), 404, "Session '0' not found.");
  }

  @ParameterizedTest
  @CsvSource({
    "/sessions?from=abc, abc",
    "/sessions?size=1.5, 1.5",
    "/sessions?from=, ''",
    "/sessions/99999999999, 99999999999",
    "/sessions/99999999999/state, 99999999999",
    "/sessions/0/log?from=x, x",
    "/sessions/0/log?size=0x10, 0x10",
    "/sessions/0/statements?from=-, -",
    "/sessions/0/statements?size=99999999999, 99999999999",
    "/sessions/0/statements/one, one",
  })
  void numbersThatAreNone(String path, String number) {
    server.openIdleSession();

    assertMessage(server.get(path), 400, "For input string: \"" + number + "\"");
  }

  @Test
  void cancelOfAStatementIdThatIsNoNumber() {
    server.openIdleSession();

    assertMessage(
        server.post("/sessions/0/statements/x/cancel", ""), 400, "For input string: \"x\"");
  }

  @Test
  void unknownStatementIsNotFound() {
    server.openIdleSession();

    assertMessage(server.get("/sessions/0/statements/3"), 404, "Statement not found");
    assertMessage(server.get("/sessions/0/statements/-1"), 404, "Statement not found");
  }

  @Test
  void statementsNeedADriver() {
    serveWith(ScriptedLauncher.slow(Script.TINY));
    server.post("/sessions", "{\"kind\":\"spark\"}");

    assertMessage(
        server.post("/sessions/0/statements", "{\"code\":\"1\"}"),
        500,
        "java.lang.IllegalStateException: Session is in state starting");
  }

  @Test
  void statementsOfADeadSessionAreRefusedInTheWordsThatZeppelinLooksFor() throws Exception {
    serveWith(ScriptedLauncher.slow(Script.TINY));
    server.post("/sessions", "{\"kind\":\"spark\"}");
    server.launcher().nextDriver().say(new DriverFailed("no memory"));
    server.awaitState(0, "dead");

    assertMessage(
        server.post("/sessions/0/statements", "{\"code\":\"1\"}"),
        500,
        "java.lang.IllegalStateException: Session is in state dead");
    assertMessage(
        server.post("/sessions/0/statements/0/cancel", "{}"),
        500,
        "java.lang.IllegalStateException: Session is in state dead");
    assertThat(server.get("/sessions/0/statements").statusCode()).isEqualTo(200);
  }

  @Test
  void launchThatFailsLeavesADeadSessionWithItsLog() {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    launcher.failWith("There is no Spark here.");
    serveWith(launcher);

    assertThat(server.post("/sessions", "{\"kind\":\"spark\"}").statusCode()).isEqualTo(201);
    server.awaitState(0, "dead");
    assertThat(server.get("/sessions/0/log").body()).contains("There is no Spark here.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"code\":null}", "{\"kind\":\"spark\"}"})
  void codeIsRequired(String body) {
    server.openIdleSession();

    assertMessage(
        server.post("/sessions/0/statements", body), 400, "requirement failed: no code provided.");
  }

  @Test
  void codeThatIsTooLong() {
    server.openIdleSession();

    HttpResponse<String> answer =
        server.post("/sessions/0/statements", "{\"code\":\"" + "x".repeat(100_001) + "\"}");

    assertMessage(
        answer, 413, "The code is longer than 100000 characters; put it into a file or a jar.");
    assertThat(server.post("/sessions/0/statements", "{\"code\":\"" + "x".repeat(100_000) + "\"}"))
        .extracting(HttpResponse::statusCode)
        .isEqualTo(201);
  }

  @Test
  void unknownKinds() {
    server.openIdleSession();

    assertMessage(server.post("/sessions", "{\"kind\":\"cobol\"}"), 400, "Invalid kind: cobol");
    assertMessage(
        server.post("/sessions/0/statements", "{\"code\":\"1\",\"kind\":\"Spark\"}"),
        400,
        "Invalid kind: Spark");
  }

  @Test
  void statementsOfASharedSessionNameTheirKind() {
    server.post("/sessions", "{}");
    server.awaitState(0, "idle");

    assertMessage(
        server.post("/sessions/0/statements", "{\"code\":\"1\"}"),
        400,
        "Code type should be specified if session kind is shared");
    assertThat(
            server.post("/sessions/0/statements", "{\"code\":\"1\",\"kind\":\"sql\"}").statusCode())
        .isEqualTo(201);
  }

  @ParameterizedTest
  @CsvSource({
    "ttl, soon, Invalid time string: soon",
    "ttl, '', 'Invalid time string: '",
    "ttl, 1.5h, Invalid time string: 1.5h",
    "idleTimeout, 5 m, Invalid time string: 5 m",
    "idleTimeout, 5weeks, 'Invalid suffix: \"weeks\"'",
    "idleTimeout, 99999999999999999999s, Invalid time string: 99999999999999999999s",
    "name, 123, Invalid session name: 123",
    "name, '', 'Invalid session name: '",
  })
  void textsThatAreChecked(String field, String text, String message) {
    assertMessage(
        server.post("/sessions", "{\"" + field + "\":\"" + text + "\"}"),
        400,
        "Rejected, Reason: " + message);
    assertThat(server.get("/sessions").body()).contains("\"total\":0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1000", "5us", "5ms", "90s", "10m", "10min", "2H", "1d"})
  void timesThatAreRight(String time) {
    HttpResponse<String> answer = server.post("/sessions", "{\"ttl\":\"" + time + "\"}");

    assertThat(answer.statusCode()).isEqualTo(201);
    assertThat(answer.body()).contains("\"ttl\":\"" + time + "\"");
  }

  @Test
  void whatTheOperatorDoesNotAllowIsRejected() {
    SessionException refused =
        new SessionException(ErrorCode.REJECTED, "requirement failed: File is required.");

    assertThat(ErrorMapper.answer(new CompletionException(refused), "id"))
        .isEqualTo(Answer.message(400, "Rejected, Reason: requirement failed: File is required."));
  }

  @Test
  void duplicateNameBurnsAnId() {
    server.post("/sessions", "{\"name\":\"foo\"}");

    assertMessage(
        server.post("/sessions", "{\"name\":\"foo\"}"),
        400,
        "Rejected, Reason: Duplicate session name: Some(foo) for session 1");
    assertThat(server.post("/sessions", "{\"kind\":\"spark\"}").headers().firstValue("Location"))
        .hasValue("/sessions/2");
  }

  @Test
  void unknownFieldIsNamedWithThoseThereAre() {
    HttpResponse<String> answer = server.post("/sessions", "{\"master\":\"yarn\"}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body())
        .startsWith("{\"msg\":\"Unrecognized field \\\"master\\\"")
        .contains("\\\"driverMemory\\\"", "\\\"idleTimeout\\\"")
        .endsWith("[\\\"master\\\"])\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'driverCores':'abc'} | driverCores must be a whole number.",
        "{'jars':'a.jar'}      | jars must be a list.",
        "{'conf':[]}           | conf must be a JSON object.",
        "{'jars':[{}]}         | jars[0] must be a text.",
        "[]                    | The body must be a JSON object.",
      },
      quoteCharacter = '^')
  void wrongTypesAreNamedAsInJson(String body, String message) {
    assertMessage(server.post("/sessions", body.replace('\'', '"')), 400, message);
  }

  @Test
  void memoryIsASize() {
    assertMessage(
        server.post("/sessions", "{\"driverMemory\":\"lots\"}"),
        400,
        "Rejected, Reason: driverMemory must be a size such as 512m or 2g, and not 'lots'.");
  }

  @Test
  void emptyBodySaysSo() {
    server.openIdleSession();

    assertMessage(
        server.post("/sessions", ""),
        400,
        "No content to map due to end-of-input at line 1, column 0");
    assertMessage(
        server.post("/sessions/0/statements", ""),
        400,
        "No content to map due to end-of-input at line 1, column 0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/session",
        "//",
        "/sessions/0/nothing",
        "/sessions//state",
        "/sessions/0//",
        "//sessions",
        "/sessions/0/statements/0/cancel/now",
        "/ui",
        "/version/2"
      })
  void unknownPathIsNotFoundWithoutABody(String path) {
    server.openIdleSession();

    assertEmpty(server.get(path), 404);
    assertEmpty(server.post(path, "{}"), 404);
  }

  @ParameterizedTest
  @CsvSource({
    "PUT, /sessions, 'GET, HEAD, POST'",
    "DELETE, /sessions, 'GET, HEAD, POST'",
    "POST, /version, 'GET, HEAD'",
    "PATCH, /sessions/0, 'GET, HEAD, DELETE'",
    "POST, /sessions/0, 'GET, HEAD, DELETE'",
    "DELETE, /sessions/0/statements/0, 'GET, HEAD'",
    "GET, /sessions/0/interrupt, POST",
    "OPTIONS, /sessions/0/statements/0/cancel, POST",
  })
  void otherMethodIsNotAllowed(String method, String path, String allowed) {
    HttpResponse<String> answer =
        server.send(server.to(path).method(method, HttpRequest.BodyPublishers.ofString("{}")));

    assertEmpty(answer, 405);
    assertThat(answer.headers().firstValue("Allow")).hasValue(allowed);
  }

  @Test
  void otherVersionsOfTheApiAreNotAcceptable() {
    assertMessage(accepting("application/vnd.livy.v9.9+json"), 406, "No value found for '9.9'");
    assertThat(accepting("application/vnd.livy.v0.1+json").statusCode()).isEqualTo(200);
    assertThat(accepting("text/html, application/vnd.livy.v9.9+json").statusCode()).isEqualTo(200);
    assertThat(accepting("image/png").statusCode()).isEqualTo(200);
  }

  private HttpResponse<String> accepting(String type) {
    return server.send(server.to("/version").header("Accept", type).GET());
  }

  @Test
  void failureOfTheServerTellsNothingOfItsInside() {
    Answer answer = ErrorMapper.answer(new IllegalStateException("/etc/secret is missing"), "7f");

    assertThat(answer)
        .isEqualTo(Answer.message(500, "The server failed (request 7f); its log says how."));
  }

  @Test
  void closedServiceIsUnavailable() {
    server.sessions().close();

    assertMessage(
        server.post("/sessions", "{\"kind\":\"spark\"}"), 503, "The server is shutting down.");
  }
}
