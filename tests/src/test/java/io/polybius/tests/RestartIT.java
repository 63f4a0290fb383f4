package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server ends, or is killed, under a running statement, and another takes its place. */
@Timeout(400)
class RestartIT {

  private static final String RECOVERY = "livy.server.recovery.mode=recovery";
  private static final String ONE_AHEAD = "polybius.server.prespawned-drivers=1";
  private static final Duration LONG = Duration.ofSeconds(90);
  private static final int LINES = 60;
  private static final String CELL =
      "for (i <- 1 to " + LINES + ") { println(s\"line $i\"); Thread.sleep(200) }";
  private static final String ALL_LINES =
      IntStream.rangeClosed(1, LINES).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
  private static final List<String> FILES_OF_THE_SERVER =
      List.of("lock", "next-session", "port", "server.p12", "server.password");

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sessionsGoOn(boolean killed) throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY)) {
      RestClient rest = before.rest();
      int session = rest.openSession("{\"kind\": \"spark\", \"name\": \"mine\"}");
      rest.run(session, "val kept = 41");
      int running = rest.post(session, CELL);
      int waiting = rest.post(session, "kept + 1");
      await()
          .atMost(LONG)
          .until(() -> rest.statement(session, running).get("state").asText().equals("running"));
      end(before, killed);
      List<ProcessHandle> drivers = before.processes();
      assertThat(drivers).hasSize(1);

      try (RunningServer after = before.startAgain()) {
        assertThat(rest.state(session)).isEqualTo("busy");
        assertThat(rest.call("GET", "/sessions/mine", null).get("id").asInt()).isEqualTo(session);
        assertThat(text(rest, session, 0)).isEqualTo("kept: Int = 41\n");
        await()
            .atMost(LONG)
            .until(
                () -> rest.statement(session, waiting).get("state").asText().equals("available"));
        assertThat(text(rest, session, running).strip()).isEqualTo(ALL_LINES);
        assertThat(text(rest, session, waiting)).endsWith("= 42\n");
        assertThat(value(rest, session, "kept + 2")).endsWith("= 43\n");
        assertThat(rest.openSession()).isEqualTo(session + 1);
        assertThat(after.processes()).hasSize(2);

        for (int each : List.of(session, session + 1)) {
          rest.call("DELETE", "/sessions/" + each, null);
        }
        await().atMost(LONG).until(() -> after.processes().isEmpty());
        await()
            .atMost(LONG)
            .untilAsserted(
                () -> assertThat(names(after.stateFiles())).isEqualTo(FILES_OF_THE_SERVER));
        assertThat(after.stop()).isIn(0, 143);
      }
    }
  }

  @Test
  void driverThatWasStartedAheadGoesOnWithItsSession() throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY, ONE_AHEAD)) {
      await().atMost(LONG).until(() -> before.processes().size() == 1);
      ProcessHandle taken = before.processes().get(0);
      RestClient rest = before.rest();
      int session = rest.openSession();
      assertThat(value(rest, session, "val pid = ProcessHandle.current.pid"))
          .contains(String.valueOf(taken.pid()));
      end(before, true);

      try (RunningServer after = before.startAgain()) {
        assertThat(value(rest, session, "pid")).contains(String.valueOf(taken.pid()));
        rest.call("DELETE", "/sessions/" + session, null);
        await().atMost(LONG).until(() -> !taken.isAlive());
        assertThat(after.stop()).isIn(0, 143);
        assertThat(after.processes()).isEmpty();
        assertThat(names(after.stateFiles())).isEqualTo(FILES_OF_THE_SERVER);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void driverThatWaitsForASessionEnds(boolean killed) throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY, ONE_AHEAD)) {
      await().atMost(LONG).until(() -> before.processes().size() == 1);
      ProcessHandle waiting = before.processes().get(0);
      end(before, killed);

      try (RunningServer after = before.startAgain()) {
        await().atMost(LONG).until(() -> !waiting.isAlive());
        assertThat(after.stop()).isIn(0, 143);
        await().atMost(LONG).until(() -> after.processes().isEmpty());
      }
    }
  }

  private static void end(RunningServer server, boolean killed) throws InterruptedException {
    if (killed) {
      server.kill();
      server.awaitEnd();
    } else {
      assertThat(server.stop()).isIn(0, 143);
    }
  }

  private static String value(RestClient rest, int session, String code) {
    return rest.run(session, code).at("/output/data/text~1plain").asText();
  }

  private static String text(RestClient rest, int session, int statement) {
    return rest.statement(session, statement).at("/output/data/text~1plain").asText();
  }

  private static List<String> names(List<Path> files) {
    return files.stream().map(file -> file.getFileName().toString()).sorted().toList();
  }
}
