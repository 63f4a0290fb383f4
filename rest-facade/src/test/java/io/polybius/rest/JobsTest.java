package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.rest.EventReader.Event;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiled jobs, as Livy's clients send them and ask for them. */
@Timeout(60)
class JobsTest {

  private static final String JOB = "/sessions/0/jobs/1";

  private final ExecutorService clients = Executors.newCachedThreadPool();
  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    clients.shutdownNow();
    server.close();
  }

  private void serve(TestingRestServer other) {
    server.close();
    server = other;
  }

  private static RestSettings settings(long maxBodyBytes) {
    return new RestSettings(
        TestingRestServer.VERSION, false, maxBodyBytes, TestingRestServer.SECURITY_HEADERS);
  }

  private static TestingRestServer withBodiesUpTo(long bytes, Script script) {
    return new TestingRestServer(
        ScriptedLauncher.ready(script), settings(bytes), Deadlines.DEFAULT, handler -> handler);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String body(String program) {
    return body(program, "spark");
  }

  private static String body(String program, String jobType) {
    return "{\"job\":\"" + base64(program) + "\",\"jobType\":\"" + jobType + "\"}";
  }

  private HttpResponse<String> submit(String program) {
    HttpResponse<String> answer = server.post("/sessions/0/submit-job", body(program));
    assertThat(answer.statusCode()).isEqualTo(201);
    return answer;
  }

  private static void assertMessage(HttpResponse<String> answer, int status, String message) {
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer).get("msg").asText()).contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"submit-job", "run-job", "submit-job/"})
  void answersAreLivysToTheLetter(String route) {
    server.openIdleSession();

    HttpResponse<String> sent = server.post("/sessions/0/" + route, body("return forty-two"));

    assertThat(sent.statusCode()).isEqualTo(201);
    assertThat(sent.body())
        .isEqualTo("{\"id\":1,\"state\":\"SENT\",\"result\":null,\"error\":null}");
    assertThat(sent.headers().firstValue("Location")).hasValue(JOB);
    HttpResponse<String> ended = server.get(JOB + "?wait=10s");
    assertThat(ended.statusCode()).isEqualTo(200);
    assertThat(ended.body())
        .isEqualTo(
            "{\"id\":1,\"state\":\"SUCCEEDED\",\"result\":\""
                + base64("forty-two")
                + "\",\"error\":null}");
    assertThat(server.get(JOB).body()).isEqualTo(ended.body());
  }

  @Test
  void resultThatIsNullIsNull() {
    server.openIdleSession();
    submit("nothing");

    assertThat(server.get(JOB + "?wait=10s").body())
        .isEqualTo("{\"id\":1,\"state\":\"SUCCEEDED\",\"result\":null,\"error\":null}");
  }

  @Test
  void failureHasItsWholeText() {
    server.openIdleSession();
    submit("fail java.lang.RuntimeException: boom");

    assertThat(server.get(JOB + "?wait=10s").body())
        .isEqualTo(
            "{\"id\":1,\"state\":\"FAILED\",\"result\":null,"
                + "\"error\":\"java.lang.RuntimeException: boom\"}");
  }

  @Test
  void runningJobIsStartedAtOnceAndTheSessionStaysIdle() {
    server.openIdleSession();
    submit("wait");

    assertThat(server.get(JOB).body())
        .isEqualTo("{\"id\":1,\"state\":\"STARTED\",\"result\":null,\"error\":null}");
    assertThat(json(server.get("/sessions/0/state")).get("state").asText()).isEqualTo("idle");
  }

  @ParameterizedTest
  @CsvSource({
    "spark, spark, spark",
    "spark, scala, spark",
    "spark, pyspark, pyspark",
    "shared, python, pyspark",
    "spark, , spark",
    "pyspark, , pyspark",
    "shared, , spark",
    "sql, , spark"
  })
  void jobTypeIsTheLanguage(String session, String jobType, String kind) {
    server.post("/sessions", "{\"kind\":\"" + session + "\"}");
    server.awaitState(0, "idle");
    String type = jobType == null ? "" : ",\"jobType\":\"" + jobType + "\"";

    assertThat(
            server
                .post("/sessions/0/submit-job", "{\"job\":\"" + base64("wait") + "\"" + type + "}")
                .statusCode())
        .isEqualTo(201);

    assertThat(json(server.get("/sessions/0/jobs")).at("/jobs/0/kind").asText()).isEqualTo(kind);
  }

  @Test
  void jobsOfAStartingSessionWait() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.TINY);
    serve(new TestingRestServer(launcher));
    server.post("/sessions", "{}");
    submit("return a");
    submit("return b");

    assertThat(json(server.get(JOB)).get("state").asText()).isEqualTo("QUEUED");
    assertThat(server.post("/sessions/0/jobs/2/cancel", "").statusCode()).isEqualTo(200);
    launcher.nextDriver().ready();

    assertThat(json(server.get(JOB + "?wait=10s")).get("result").asText()).isEqualTo(base64("a"));
    assertThat(json(server.get("/sessions/0/jobs/2")).get("state").asText()).isEqualTo("CANCELLED");
  }

  @Test
  void cancelHasNoBodyAndTheJobIsCancelledThen() {
    server.openIdleSession();
    submit("wait");

    HttpResponse<String> cancelled = server.post(JOB + "/cancel", "");

    assertThat(cancelled.statusCode()).isEqualTo(200);
    assertThat(cancelled.body()).isEmpty();
    assertThat(cancelled.headers().firstValue("Content-Length")).hasValue("0");
    assertThat(server.get(JOB + "?wait=10s").body())
        .isEqualTo("{\"id\":1,\"state\":\"CANCELLED\",\"result\":null,\"error\":null}");
    assertThat(server.post(JOB + "/cancel", "").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                       | requirement failed: no job provided.",
        "{\"job\":null,\"jobType\":\"spark\"}     | requirement failed: no job provided.",
        "{\"job\":\"\",\"jobType\":\"spark\"}     | requirement failed: no job provided.",
        "{\"job\":\"a$b=\",\"jobType\":\"spark\"} | job must be a text in base64, with its padding.",
        "{\"job\":\"YWI\",\"jobType\":\"spark\"}  | job must be a text in base64, with its padding.",
        "{\"job\":7,\"jobType\":\"spark\"}        | job must be a text in base64, with its padding.",
        "{\"job\":\"YWJj\",\"jobType\":\"cobol\"} | Invalid kind: cobol",
        "{\"job\":\"YWJj\",\"jobType\":\"sql\"}   | Invalid kind: sql (jobs are spark or pyspark)",
        "{\"job\":\"YWJj\",\"type\":\"spark\"}    | Unrecognized field \"type\"",
      })
  void whatIsNoJobIsRefused(String body, String message) {
    server.openIdleSession();

    assertMessage(server.post("/sessions/0/submit-job", body), 400, message);
    assertThat(json(server.get("/sessions/0/jobs")).get("total_jobs").asInt()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "/sessions/0/jobs/7, 404, Job 7 not found.",
    "/sessions/0/jobs/7?wait=5m, 404, Job 7 not found.",
    "/sessions/0/jobs/7/events, 404, Job 7 not found.",
    "/sessions/0/jobs/0, 404, Job 0 not found.",
    "/sessions/0/jobs/x, 400, 'For input string: \"x\"'",
    "/sessions/7/jobs/1, 404, Session '7' not found.",
    "/sessions/7/jobs, 404, Session '7' not found.",
    "/sessions/0/jobs/1?wait=soon, 400, Invalid time string: soon",
  })
  void whatIsNotThereIsNotFound(String path, int status, String message) {
    server.openIdleSession();

    assertMessage(server.get(path), status, message);
  }

  @Test
  void jobsThatAreNotThereCannotBeCancelled() {
    server.openIdleSession();

    assertMessage(server.post("/sessions/0/jobs/7/cancel", ""), 404, "Job 7 not found.");
  }

  @Test
  void endedSessionTakesNoJobsButStillHasItsOwn() {
    server.openIdleSession();
    submit("return a");
    submit("wait");
    server.post("/sessions/0/stop", "");

    assertMessage(
        server.post("/sessions/0/submit-job", body("return b")),
        400,
        "requirement failed: Session isn't active.");
    assertMessage(
        server.post(JOB + "/cancel", ""), 400, "requirement failed: Session isn't active.");
    assertThat(json(server.get(JOB)).get("result").asText()).isEqualTo(base64("a"));
    assertThat(json(server.get("/sessions/0/jobs/2")).get("error").asText())
        .isEqualTo("The session was stopped.");
  }

  @Test
  void largestJobAndResultPassAndLargerOnesAreRefused() {
    byte[][] received = new byte[1][];
    byte[] result = new byte[DriverEvent.JobSucceeded.MAX_BYTES];
    new Random(1).nextBytes(result);
    serve(
        withBodiesUpTo(
            48 << 20,
            (driver, command) -> {
              if (command instanceof DriverCommand.RunJob job) {
                received[0] = job.payload();
                driver.say(new DriverEvent.JobSucceeded(job.jobId(), true, result));
              } else if (command instanceof DriverCommand.Shutdown) {
                driver.exit("exit code 0");
              }
            }));
    server.openIdleSession();
    byte[] largest = new byte[DriverCommand.RunJob.MAX_BYTES];
    new Random(2).nextBytes(largest);

    HttpResponse<String> sent =
        server.post("/sessions/0/submit-job", "{\"job\":\"" + base64(largest) + "\"}");
    assertThat(sent.statusCode()).isEqualTo(201);
    String ended = server.get(JOB + "?wait=30s").body();
    assertThat(received[0]).isEqualTo(largest);
    boolean whole =
        ended.equals(
            "{\"id\":1,\"state\":\"SUCCEEDED\",\"result\":\""
                + base64(result)
                + "\",\"error\":null}");
    assertThat(whole).isTrue();
    assertMessage(
        server.post(
            "/sessions/0/submit-job", "{\"job\":\"" + base64(new byte[largest.length + 1]) + "\"}"),
        413,
        "The job is larger than 33554432 bytes; put its data into a file");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        JobStream.LARGE - 1,
        JobStream.LARGE,
        JobStream.LARGE + 1,
        JobStream.LARGE + 2,
        3_000_000,
        3_000_001
      })
  void largeResultsAreTheSameOnTheirWay(int bytes) {
    byte[] result = new byte[bytes];
    new Random(3).nextBytes(result);
    serve(
        new TestingRestServer(
            ScriptedLauncher.ready(
                (driver, command) -> {
                  if (command instanceof DriverCommand.RunJob job) {
                    driver.say(new DriverEvent.JobSucceeded(job.jobId(), true, result));
                  } else {
                    Script.TINY.onCommand(driver, command);
                  }
                })));
    server.openIdleSession();
    submit("a");

    for (String query : List.of("?wait=10s", "")) {
      HttpResponse<String> answer = server.get(JOB + query);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Type"))
          .hasValue("application/json;charset=utf-8");
      assertThat(answer.body())
          .isEqualTo(
              "{\"id\":1,\"state\":\"SUCCEEDED\",\"result\":\""
                  + base64(result)
                  + "\",\"error\":null}");
    }
    await().until(server::lastingRequests, lasting -> lasting == 0);
  }

  @Test
  void waitingClientIsAnsweredAtTheEnd() {
    server.openIdleSession();
    submit("wait");
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      answers.add(CompletableFuture.supplyAsync(() -> server.get(JOB + "?wait=5m"), clients));
    }
    await().until(server::lastingRequests, waiting -> waiting == 50);

    server.post(JOB + "/cancel", "");

    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer)
                    .succeedsWithin(Duration.ofSeconds(10))
                    .satisfies(
                        ended ->
                            assertThat(json(ended).get("state").asText()).isEqualTo("CANCELLED")));
    await().until(server::lastingRequests, waiting -> waiting == 0);
  }

  @Test
  void afterTheTimeTheJobIsAnsweredAsItIs() {
    server.openIdleSession();
    submit("wait");

    assertThat(json(server.get(JOB + "?wait=100ms")).get("state").asText()).isEqualTo("STARTED");
    assertThat(json(server.get(JOB + "?wait=0")).get("state").asText()).isEqualTo("STARTED");
    await().until(server::lastingRequests, waiting -> waiting == 0);
  }

  @Test
  void closingAnswersThoseWhoWait() {
    server.openIdleSession();
    submit("wait");
    CompletableFuture<HttpResponse<String>> answer =
        CompletableFuture.supplyAsync(() -> server.get(JOB + "?wait=5m"), clients);
    await().until(server::lastingRequests, waiting -> waiting == 1);

    server.rest().close();

    assertThat(answer)
        .succeedsWithin(Duration.ofSeconds(10))
        .satisfies(ended -> assertMessage(ended, 503, "The server is shutting down."));
  }

  @Test
  void listHasAllButResults() {
    server.openIdleSession();
    submit("return secret");
    submit("fail java.lang.RuntimeException: boom");
    submit("jobs 1 4 0 1\nwait");
    server.get("/sessions/0/jobs/2?wait=10s");
    await()
        .until(
            () -> json(server.get("/sessions/0/jobs")).at("/jobs/2/progress").asDouble() == 0.25);
    long now = TestingRestServer.NOW;

    assertThat(server.get("/sessions/0/jobs").body())
        .isEqualTo(
            "{\"total_jobs\":3,\"jobs\":["
                + ("{\"id\":1,\"kind\":\"spark\",\"state\":\"SUCCEEDED\",\"progress\":1.0,"
                        + "\"error\":null,\"submitted\":NOW,\"started\":NOW,\"completed\":NOW},"
                        + "{\"id\":2,\"kind\":\"spark\",\"state\":\"FAILED\",\"progress\":1.0,"
                        + "\"error\":\"java.lang.RuntimeException: boom\","
                        + "\"submitted\":NOW,\"started\":NOW,\"completed\":NOW},"
                        + "{\"id\":3,\"kind\":\"spark\",\"state\":\"STARTED\",\"progress\":0.25,"
                        + "\"error\":null,\"submitted\":NOW,\"started\":NOW,\"completed\":0}]}")
                    .replace("NOW", String.valueOf(now)));
  }

  @ParameterizedTest
  @CsvSource({
    "'', 1 2 3",
    "?size=2, 1 2",
    "?from=1, 2 3",
    "?from=2&size=5, 3",
    "?from=9, ''",
    "?order=desc&size=1, 3",
  })
  void listHasPages(String query, String ids) {
    server.openIdleSession();
    for (int i = 0; i < 3; i++) {
      submit("return a");
    }
    JsonNode page = json(server.get("/sessions/0/jobs" + query));

    List<String> found = new ArrayList<>();
    page.get("jobs").forEach(job -> found.add(job.get("id").asText()));
    assertThat(String.join(" ", found)).isEqualTo(ids);
    assertThat(page.get("total_jobs").asInt()).isEqualTo(3);
  }

  @Test
  void errorsInTheListAreTheirFirstLines() {
    serve(
        withBodiesUpTo(
            1 << 20,
            (driver, command) -> {
              if (command instanceof DriverCommand.RunJob job) {
                driver.say(
                    new DriverEvent.JobFailed(job.jobId(), "x".repeat(600) + "\n\tat A.call"));
              } else {
                Script.TINY.onCommand(driver, command);
              }
            }));
    server.openIdleSession();
    submit("a");
    assertThat(json(server.get(JOB + "?wait=10s")).get("error").asText()).endsWith("at A.call");

    assertThat(json(server.get("/sessions/0/jobs")).at("/jobs/0/error").asText())
        .isEqualTo("x".repeat(500) + "...");
  }

  @Test
  void jobIsToldFromItsBeginningToItsEnd() throws Exception {
    server.openIdleSession();
    submit("jobs 1 4 0 1\nreturn a");

    try (EventReader reader = EventReader.of(server, JOB + "/events")) {
      List<Event> events = reader.rest();

      assertThat(events.stream().map(Event::summary))
          .containsExactly("job 1 SENT", "job 1 STARTED", "job 1 STARTED", "job 1 SUCCEEDED");
      assertThat(events.get(2).data().get("progress").asDouble()).isEqualTo(0.25);
      assertThat(events.get(3).data())
          .isEqualTo(json(server.get("/sessions/0/jobs")).at("/jobs/0"));
      long last = events.get(3).id();
      assertThat(server.get(JOB + "/events?lastEventId=" + last).statusCode()).isEqualTo(204);
    }
  }

  @Test
  void sessionsEventsHaveItsJobs() throws Exception {
    server.openIdleSession();
    submit("return a");
    server.get(JOB + "?wait=10s");
    server.post("/sessions/0/stop", "");

    try (EventReader reader = EventReader.of(server, "/sessions/0/events")) {
      assertThat(reader.rest().stream().map(Event::summary))
          .containsSubsequence(
              "session 0 idle", "job 1 SENT", "job 1 STARTED", "job 1 SUCCEEDED", "session 0 dead");
    }
  }

  @Test
  void jobsAreCounted() {
    server.openIdleSession();
    submit("wait");
    submit("return a");

    await()
        .until(
            () -> {
              JsonNode gauges = json(server.get("/metrics/metrics")).get("gauges");
              return Map.of(
                  "started", gauges.at("/jobs.started/value").asInt(),
                  "queued", gauges.at("/jobs.queued/value").asInt());
            },
            Map.of("started", 1, "queued", 0)::equals);
  }
}
