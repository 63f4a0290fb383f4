package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compiled jobs on a real Spark, given by Livy's own client and by hand. */
@Timeout(500)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsIT {

  @TempDir private static Path folder;

  private RunningServer server;
  private RestClient rest;

  @BeforeAll
  void start() throws Exception {
    server = RunningServer.start();
    rest = server.rest();
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void livysOwnJavaClientGetsTheResultsOfItsJobs() throws Exception {
    String printed = new LivyClientProgram(folder).run(server.uri());
    assertThat(printed.lines())
        .as(printed)
        .contains(
            "sum 14",
            "lambda job 42",
            "frame 7",
            "null null",
            "run 5",
            "shared 3",
            "file veni vidi vici [14]",
            "cancelled CANCELLED",
            "done")
        .anyMatch(line -> line.startsWith("failed ") && line.contains("boom of a job"));
    assertThat(rest.call("GET", "/sessions", null).get("sessions")).isEmpty();
  }

  @Test
  void payloadsThatAreNoJobsFailAndHurtNobody() {
    int session = rest.openSession();
    int[] bombs = {0x00, 0x80, 0xac, 0xff};
    for (int first : bombs) {
      byte[] bytes = new byte[64];
      bytes[0] = (byte) first;
      Arrays.fill(bytes, 1, bytes.length, (byte) 0x7f);
      JsonNode end = rest.awaitJob(session, rest.submitJob(session, bytes));
      assertThat(end.get("state").asText()).isEqualTo("FAILED");
      assertThat(end.get("error").asText()).isNotBlank();
      assertThat(end.get("result").isNull()).isTrue();
    }
    assertThat(rest.shown(session, "spark", "1 + 1")).contains("2");
    HttpResponse<String> nothing =
        rest.send("POST", "/sessions/" + session + "/submit-job", "{\"jobType\": \"spark\"}");
    assertThat(nothing.statusCode()).isEqualTo(400);
    assertThat(nothing.body()).contains("no job provided");
    assertThat(rest.send("GET", "/sessions/" + session + "/jobs/999", null).statusCode())
        .isEqualTo(404);
    rest.call("DELETE", "/sessions/" + session, null);
  }
}
