package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.cluster.StandaloneCluster;
import io.polybius.cluster.StandaloneCluster.Submission;
import io.polybius.server.Installation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions and batches on Spark's own cluster manager: one cluster and one server for all tests,
 * and one session of each deploy mode.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandaloneIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> MODES = List.of("client", "cluster");

  @TempDir private static Path folder;

  private final Map<String, Integer> sessions = new TreeMap<>();
  private StandaloneCluster cluster;
  private RunningServer server;
  private RestClient rest;

  @BeforeAll
  void start() throws Exception {
    cluster = StandaloneCluster.start(Installation.at(Commands.HOME).embeddedSpark());
    List<String> options = new ArrayList<>();
    options.add("livy.file.local-dir-whitelist=" + folder);
    // A machine of tests is slow.
    options.add("livy.rsc.server.connect.timeout=180s");
    for (String mode : MODES) {
      Map.of(
              "spark.master", cluster.master(),
              "spark.submit.deployMode", mode,
              "spark.cores.max", "2",
              "driver-memory", "768m",
              "executor-memory", "512m")
          .forEach(
              (key, value) -> options.add("polybius.profile." + mode + "." + key + "=" + value));
    }
    server =
        RunningServer.start(
            // Of drivers in client mode.
            Map.of("SPARK_LOCAL_IP", "127.0.0.1"), options.toArray(String[]::new));
    rest = server.rest();
    for (String mode : MODES) {
      sessions.put(mode, rest.create("/sessions", request(mode, "\"kind\": \"shared\"")));
    }
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "cluster"})
  void scalaPythonAndSqlShareASession(String mode) throws Exception {
    int session = idle(mode);
    assertThat(rest.shown(session, "spark", "sc.master + \" \" + sc.deployMode"))
        .contains(cluster.master() + " " + mode);
    rest.shown(
        session,
        "spark",
        """
        case class Point(x: Int, y: Int)
        val points = spark.createDataset(Seq(Point(1, 2), Point(3, 4))).repartition(2)
        points.createOrReplaceTempView("points")
        """);
    assertThat(rest.shown(session, "spark", "points.map(p => p.x * p.y).collect.sum"))
        .endsWith("= 14\n");
    assertThat(
            rest.shown(
                session, "pyspark", "sc.parallelize(range(10), 2).map(lambda n: n * n).sum()"))
        .isEqualTo("285");
    assertThat(rest.shown(session, "sql", "SELECT sum(x) AS total FROM points"))
        .contains("\"total\"", "[[4]]");
    String id = rest.call("GET", "/sessions/" + session, null).get("appId").asText();
    assertThat(cluster.applications()).extracting(Submission::id).contains(id);
    assertThat(cluster.drivers())
        .filteredOn(driver -> driver.state().equals("RUNNING"))
        .as("drivers that the cluster runs")
        .hasSize(1);
  }

  @Test
  void batchesEndAsTheirProgramsDo() throws Exception {
    Path jar =
        SparkJob.jar(
            folder,
            "Count",
            """
            import org.apache.spark.sql.SparkSession;

            public class Count {
              public static void main(String[] arguments) {
                SparkSession spark = SparkSession.builder().getOrCreate();
                System.out.println("counted " + spark.range(9).count());
                spark.stop();
                if (arguments.length > 0) {
                  throw new IllegalArgumentException(arguments[0]);
                }
              }
            }
            """);
    List<String> good = new ArrayList<>();
    List<String> bad = new ArrayList<>();
    for (String mode : MODES) {
      String program = "\"file\": \"" + jar + "\", \"className\": \"Count\"";
      good.add("/batches/" + rest.create("/batches", request(mode, program)));
      bad.add(
          "/batches/"
              + rest.create("/batches", request(mode, program + ", \"args\": [\"unwanted\"]")));
    }
    for (String batch : good) {
      assertThat(rest.awaitEnd(batch)).as(rest.log(batch)).isEqualTo("success");
    }
    for (String batch : bad) {
      assertThat(rest.awaitEnd(batch)).as(rest.log(batch)).isEqualTo("dead");
    }
    assertThat(rest.log(good.get(0))).contains("\ncounted 9\n");
    assertThat(rest.log(bad.get(0))).contains("IllegalArgumentException: unwanted", "exit code 1");
    assertThat(rest.log(bad.get(1))).contains("The program failed: its driver is FAILED");
  }

  @Test
  void deletedBatchIsKilled() throws Exception {
    Path jar =
        SparkJob.jar(
            folder,
            "Sleep",
            """
            public class Sleep {
              public static void main(String[] arguments) throws Exception {
                Thread.sleep(600_000);
              }
            }
            """);
    String program = "\"file\": \"" + jar + "\", \"className\": \"Sleep\"";
    String batch = "/batches/" + rest.create("/batches", request("cluster", program));
    await().atMost(PATIENCE).until(() -> states("Sleep").equals(List.of("RUNNING")));
    rest.call("DELETE", batch, null);
    awaitEnd("Sleep");

    // One that has no driver yet gets none that stays.
    String another = "/batches/" + rest.create("/batches", request("cluster", program));
    rest.call("DELETE", another, null);
    awaitEnd("Sleep");
  }

  /** The worker may see an end before the master asks for it, as all are on this machine. */
  private void awaitEnd(String program) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(states(program)).isSubsetOf("KILLED", "FAILED"));
  }

  private List<String> states(String program) throws IOException {
    return cluster.drivers().stream()
        .filter(driver -> driver.name().equals(program))
        .map(Submission::state)
        .toList();
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void deletedSessionsLeaveNothing() throws Exception {
    for (String mode : MODES) {
      idle(mode);
    }
    for (int session : sessions.values()) {
      rest.call("DELETE", "/sessions/" + session, null);
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        Stream.concat(cluster.applications().stream(), cluster.drivers().stream()))
                    .extracting(Submission::state)
                    .isNotEmpty()
                    .isSubsetOf("FINISHED", "KILLED", "FAILED"));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(server.processes()).isEmpty());
  }

  /** Returns the session of a mode when it has started. */
  private int idle(String mode) {
    int session = sessions.get(mode);
    rest.awaitIdle(session);
    return session;
  }

  private static String request(String mode, String body) {
    return "{%s, \"conf\": {\"polybius.profile\": \"%s\"}}".formatted(body, mode);
  }
}
