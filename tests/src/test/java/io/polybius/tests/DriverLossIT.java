package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One of the two processes dies in the middle of a statement. */
@Timeout(300)
class DriverLossIT {

  @Test
  void killedDriverLeavesADeadSessionWithItsHistory() throws Exception {
    try (RunningServer server = RunningServer.start()) {
      RestClient rest = server.rest();
      int session = rest.openSession();
      rest.run(session, "val kept = 1");
      JobPayloads payloads = JobPayloads.written();
      rest.uploadJar(session, payloads.jar());
      int job = rest.submitJob(session, payloads.job("Stubborn"));
      int running = rest.post(session, "println(\"working\"); Thread.sleep(120000)");
      int waiting = rest.post(session, "2");
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> rest.statement(session, running).get("state").asText().equals("running"));
      ProcessHandle driver = server.drivers().get(0);
      driver.destroyForcibly();

      await().atMost(20, TimeUnit.SECONDS).until(() -> rest.state(session).equals("dead"));
      JsonNode page = rest.call("GET", "/sessions/" + session, null);
      assertThat(page.get("log").toString()).contains("exit code 137");
      assertThat(driver.isAlive()).isFalse();
      assertThat(server.drivers()).isEmpty();
      await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> server.stateFiles().stream().allMatch(DriverLossIT::isLog));
      assertHistory(rest, session, running, waiting);
      JsonNode lost = rest.job(session, job);
      assertThat(lost.get("state").asText()).isEqualTo("FAILED");
      assertThat(lost.get("error").asText()).contains("The driver process ended: exit code 137");
      rest.call("DELETE", "/sessions/" + session, null);
      assertThat(rest.send("GET", "/sessions/" + session, null).statusCode()).isEqualTo(404);
      assertThat(server.stateFiles()).isEmpty();
      assertThat(server.stop()).isIn(0, 143);
    }
  }

  private static boolean isLog(Path file) {
    return file.getParent().endsWith("logs");
  }

  @Test
  void codeThatExitsTheProcessEndsTheSessionWithTheExitCode() throws Exception {
    try (RunningServer server = RunningServer.start()) {
      RestClient rest = server.rest();
      int session = rest.openSession();
      rest.post(session, "System.exit(3)");
      await().atMost(20, TimeUnit.SECONDS).until(() -> rest.state(session).equals("dead"));
      assertThat(rest.call("GET", "/sessions/" + session, null).get("log").toString())
          .contains("exit code 3");
    }
  }

  @Test
  void driverEndsItselfWhenTheServerIsGone() throws Exception {
    try (RunningServer server = RunningServer.start("livy.rsc.server.idle-timeout=3s")) {
      RestClient rest = server.rest();
      int session = rest.openSession();
      rest.post(session, "while (true) {}");
      List<ProcessHandle> drivers = server.drivers();
      assertThat(drivers).hasSize(1);
      server.kill();
      await().atMost(40, TimeUnit.SECONDS).until(() -> !drivers.get(0).isAlive());
      await()
          .atMost(20, TimeUnit.SECONDS)
          .until(
              () ->
                  server.stateFiles().stream()
                      .allMatch(file -> isLog(file) || !file.toString().contains("session-")));
    }
  }

  @Test
  void stoppedServerLeavesNothingBehind() throws Exception {
    try (RunningServer server = RunningServer.start()) {
      RestClient rest = server.rest();
      int session = rest.openSession();
      rest.post(session, "Thread.sleep(120000)");
      List<ProcessHandle> drivers = server.drivers();
      assertThat(drivers).hasSize(1);
      assertThat(server.stop()).isIn(0, 143);
      assertThat(drivers.get(0).isAlive()).isFalse();
      assertThat(server.stateFiles()).isEmpty();
    }
  }

  /** What was run, and what became of the rest, can still be read. */
  private static void assertHistory(RestClient rest, int session, int running, int waiting) {
    JsonNode output = rest.statement(session, running).get("output");
    assertThat(output.get("status").asText()).isEqualTo("error");
    assertThat(output.get("evalue").asText()).startsWith("Interpreter died:");
    assertThat(rest.statement(session, waiting).get("state").asText()).isEqualTo("cancelled");
    assertThat(rest.statement(session, 0).at("/output/data/text~1plain").asText())
        .isEqualTo("kept: Int = 1\n");
  }
}
