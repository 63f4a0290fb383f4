package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.session.BatchSettings;
import io.polybius.session.testing.ScriptedBatches.ScriptedBatch;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The routes of batches, over programs that end when the test says so. */
@Timeout(20)
class BatchesTest {

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void createdBatchIsStartingAndHasALocation() {
    HttpResponse<String> created = server.post("/batches", "{\"file\":\"/pi.jar\"}");

    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(created.headers().firstValue("Location")).hasValue("/batches/0");
    assertThat(created.body())
        .isEqualTo(
            "{\"id\":0,\"name\":null,\"owner\":null,\"proxyUser\":null,\"state\":\"starting\","
                + "\"appId\":null,\"appInfo\":{\"driverLogUrl\":null,\"sparkUiUrl\":null,"
                + "\"executorLogUrls\":null},\"log\":[\"stdout: \"]}");
  }

  @Test
  void everythingThatIsAskedForReachesTheLauncher() throws Exception {
    server.post(
        "/batches",
        "{\"file\":\"/pi.jar\",\"className\":\"Pi\",\"args\":[1,\"two\",true,null],"
            + "\"proxyUser\":\"alice\",\"jars\":[\"/a.jar\"],\"pyFiles\":[\"/c.py\"],"
            + "\"files\":[\"/d\"],\"archives\":[\"/e.zip\"],\"driverMemory\":\"1g\","
            + "\"driverCores\":\"2\",\"executorMemory\":\"3g\",\"executorCores\":4,"
            + "\"numExecutors\":5,\"queue\":\"q\",\"name\":\"n\",\"conf\":{\"spark.a\":7}}");
    BatchSettings asked = server.batchLauncher().next().spec().settings();

    assertThat(asked.file()).isEqualTo("/pi.jar");
    assertThat(asked.className()).hasValue("Pi");
    assertThat(asked.args()).containsExactly("1", "two", "true");
    assertThat(asked.application().toString())
        .contains("name=Optional[n]", "driverMemory=Optional[1g]", "driverCores=OptionalInt[2]")
        .contains("executorMemory=Optional[3g]", "numExecutors=OptionalInt[5]", "queue=Optional[q]")
        .contains("jars=[/a.jar]", "pyFiles=[/c.py]", "files=[/d]", "archives=[/e.zip]")
        .contains("conf={spark.a=7}", "proxyUser=Optional.empty");
  }

  @Test
  void lifeOfABatchAsItsClientsSeeIt() throws Exception {
    server.post("/batches", "{\"file\":\"/pi.jar\",\"name\":\"pi\"}");
    ScriptedBatch program = server.batchLauncher().next();
    awaitState(0, "running");
    program.print("one");
    program.print("two");

    assertThat(server.get("/batches/pi/state").body())
        .isEqualTo("{\"id\":0,\"state\":\"running\"}");
    assertThat(server.get("/batches/0/log?from=1&size=1").body())
        .isEqualTo("{\"id\":0,\"from\":1,\"total\":3,\"log\":[\"one\"]}");
    assertThat(server.get("/batches/0/logs").body())
        .isEqualTo("{\"id\":0,\"from\":0,\"total\":3,\"log\":[\"stdout: \",\"one\",\"two\"]}");
    program.exit(0);
    awaitState(0, "success");
    JsonNode batch = json(server.get("/batches/0"));
    assertThat(batch.get("name").asText()).isEqualTo("pi");
    assertThat(batch.get("log")).hasSize(4);
  }

  @Test
  void failedBatchIsDead() throws Exception {
    server.post("/batches", "{\"file\":\"/pi.jar\"}");
    server.batchLauncher().next().exit(1);

    awaitState(0, "dead");
    assertThat(server.get("/batches/0/log").body()).contains("exit code 1");
  }

  @Test
  void deleteKillsAndForgets() throws Exception {
    server.post("/batches", "{\"file\":\"/pi.jar\"}");
    ScriptedBatch program = server.batchLauncher().next();
    HttpResponse<String> deleted = server.delete("/batches/0");

    assertThat(deleted.statusCode()).isEqualTo(200);
    assertThat(deleted.body()).isEqualTo("{\"msg\":\"deleted\"}");
    assertThat(program.ended().toCompletableFuture()).isDone();
    assertThat(server.get("/batches/0").statusCode()).isEqualTo(404);
    assertThat(server.get("/batches/0").body()).isEqualTo("{\"msg\":\"Session '0' not found.\"}");
  }

  @Test
  void batchesAreListedUnderTheNameOfSessionsAndApartFromThem() {
    server.openIdleSession();
    for (int i = 0; i < 3; i++) {
      server.post("/batches", "{\"file\":\"/pi.jar\"}");
    }
    JsonNode page = json(server.get("/batches?from=1&size=1"));

    assertThat(page.get("from").asInt()).isEqualTo(1);
    assertThat(page.get("total").asInt()).isEqualTo(3);
    assertThat(page.get("sessions")).hasSize(1);
    assertThat(page.at("/sessions/0/id").asInt()).isEqualTo(1);
    assertThat(json(server.get("/sessions")).get("total").asInt()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|Rejected, Reason: requirement failed: File is required.",
        "{\"file\":\" \"}|Rejected, Reason: requirement failed: File is required.",
        "{\"file\":null}|Rejected, Reason: requirement failed: File is required.",
        "{\"file\":\"/a\",\"name\":\"12\"}|Rejected, Reason: Invalid session name: 12",
        "{\"file\":\"/a\",\"driverCores\":0}|Rejected, Reason: driverCores must be at least 1",
        "{\"file\":\"/a\",\"kind\":\"spark\"}|Unrecognized field \"kind\"",
        "{\"file\":[\"/a\"]}|file must be a text.",
        "{\"file\":\"/a\",\"args\":\"1\"}|args must be a list.",
      })
  void badRequestsLeaveNothing(String body, String message) {
    HttpResponse<String> answer = server.post("/batches", body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer).get("msg").asText()).startsWith(message);
    assertThat(json(server.get("/batches")).get("total").asInt()).isZero();
  }

  private void awaitState(int batch, String state) {
    await()
        .until(
            () -> json(server.get("/batches/" + batch + "/state")).get("state").asText(),
            state::equals);
  }
}
