package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real driver waits before there is a session. */
@Timeout(300)
class PrespawnedDriversIT {

  private static final String ONE = "polybius.server.prespawned-drivers=1";

  @Test
  void aSessionGetsTheWaitingDriverWithItsOwnSettings() throws Exception {
    try (RunningServer server = RunningServer.start(ONE)) {
      ProcessHandle waiting = waitingDriver(server);
      RestClient rest = server.rest();
      int session =
          rest.openSession(
              """
              {"kind": "spark", "name": "mine",
               "conf": {"spark.sql.shuffle.partitions": "7", "spark.driver.memory": "1g"}}
              """);

      assertThat(server.drivers()).containsExactly(waiting);
      assertThat(value(rest, session, "ProcessHandle.current.pid"))
          .contains(String.valueOf(waiting.pid()));
      assertThat(value(rest, session, "spark.conf.get(\"spark.sql.shuffle.partitions\")"))
          .contains("= 7");
      assertThat(value(rest, session, "sc.appName")).contains("= mine");
      assertThat(
              value(
                  rest,
                  session,
                  "case class P(x: Int); Seq(P(1), P(2)).toDS.map(p => p.x * 2).collect.sum"))
          .contains("= 6");
      rest.call("DELETE", "/sessions/" + session, null);
      await().atMost(Duration.ofSeconds(20)).until(() -> !waiting.isAlive());
    }
  }

  @Test
  void aSessionThatNeedsAnotherProcessStartsItsOwnAndStoppingEndsBoth() throws Exception {
    try (RunningServer server = RunningServer.start(ONE)) {
      ProcessHandle waiting = waitingDriver(server);
      RestClient rest = server.rest();
      int session = rest.openSession("{\"kind\": \"spark\", \"driverMemory\": \"700m\"}");

      assertThat(value(rest, session, "ProcessHandle.current.pid"))
          .doesNotContain(String.valueOf(waiting.pid()));
      assertThat(value(rest, session, "Runtime.getRuntime.maxMemory >> 20")).contains("= 7");
      List<ProcessHandle> drivers = server.drivers();
      assertThat(drivers).hasSize(2).contains(waiting);
      assertThat(server.stop()).isIn(0, 143);
      assertThat(drivers).noneMatch(ProcessHandle::isAlive);
      assertThat(server.stateFiles()).isEmpty();
    }
  }

  @Test
  void theWaitingDriverEndsItselfWhenTheServerIsGone() throws Exception {
    try (RunningServer server = RunningServer.start(ONE, "livy.rsc.server.idle-timeout=3s")) {
      ProcessHandle waiting = waitingDriver(server);
      // It dials when its settings are read, and has taken them with it then.
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  server.stateFiles().stream()
                      .noneMatch(file -> file.endsWith("driver.properties")));
      server.kill();
      await().atMost(Duration.ofSeconds(60)).until(() -> !waiting.isAlive());
    }
  }

  private static String value(RestClient rest, int session, String code) {
    return rest.run(session, code).at("/output/data/text~1plain").asText();
  }

  private static ProcessHandle waitingDriver(RunningServer server) {
    await().atMost(Duration.ofSeconds(30)).until(() -> server.drivers().size() == 1);
    return server.drivers().get(0);
  }
}
