package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.cluster.TestCluster;
import io.polybius.cluster.TestCluster.Application;
import io.polybius.cluster.TestCluster.Container;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sessions, notebooks and batches on YARN with HDFS. One cluster of real daemons and one server are
 * for all tests, and so is one session of each deploy mode.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class YarnIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** The number as Livy's clients read and write it. */
  private static final String FOURTEEN = Base64.getEncoder().encodeToString(new byte[] {9, 28});

  private static final String SLEEPING =
      """
      import time
      from pyspark.sql import SparkSession

      SparkSession.builder.getOrCreate()
      time.sleep(600)
      """;

  /** Where a driver runs; each is a launch profile of the server. */
  enum Mode {
    CLIENT,
    CLUSTER;

    String profile() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @TempDir private static Path folder;

  private final Map<Mode, Integer> sessions = new TreeMap<>();
  private TestCluster cluster;
  private RunningServer server;
  private RestClient rest;
  private URI jar;

  @BeforeAll
  void start() throws Exception {
    cluster = TestCluster.start();
    server = server();
    rest = server.rest();
    jar = cluster.put(program(), "/jobs/squares.jar");
    URI archive = cluster.put(archive(), "/jobs/words.zip");
    for (Mode mode : Mode.values()) {
      sessions.put(
          mode,
          create(mode, "\"jars\": [\"" + jar + "\"], \"archives\": [\"" + archive + "#words\"]"));
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
  @EnumSource
  void scalaPythonAndSqlShareASession(Mode mode) throws Exception {
    int session = idle(mode);
    assertThat(rest.shown(session, "spark", "sc.master + \" \" + sc.deployMode"))
        .contains("yarn " + mode.profile());
    assertThat(rest.shown(session, "spark", "sc.parallelize(1 to 100, 2).map(_ + 1).sum"))
        .endsWith("= 5150.0\n");
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
  }

  @ParameterizedTest
  @EnumSource
  void driverAndExecutorsAreWhereTheModeSays(Mode mode) throws Exception {
    int session = idle(mode);
    long driver = pid(rest.shown(session, "spark", "ProcessHandle.current.pid"));
    long executor =
        pid(
            rest.shown(
                session,
                "spark",
                "sc.parallelize(Seq(0)).map(_ => ProcessHandle.current.pid).first"));
    Map<Long, Boolean> containers = new HashMap<>();
    for (Container container : cluster.containers(applicationId("/sessions/" + session))) {
      containers.put(container.process().pid(), container.isApplicationMaster());
    }
    assertThat(containers).containsEntry(executor, false);
    List<Long> ofServer = server.processes().stream().map(ProcessHandle::pid).toList();
    if (mode == Mode.CLUSTER) {
      assertThat(containers).containsEntry(driver, true);
      assertThat(ofServer).doesNotContain(driver);
    } else {
      assertThat(containers).doesNotContainKey(driver);
      assertThat(ofServer).contains(driver);
    }
  }

  @ParameterizedTest
  @EnumSource
  void applicationIsShownAndTheLogTellsOfTheLaunch(Mode mode) throws Exception {
    int session = idle(mode);
    String id = applicationId("/sessions/" + session);
    assertThat(cluster.application(id)).matches(found -> isOf(session, found.orElseThrow()));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              JsonNode info = rest.call("GET", "/sessions/" + session, null).get("appInfo");
              assertThat(info.get("sparkUiUrl").asText()).startsWith("http://");
              assertThat(info.get("driverLogUrl").asText())
                  .startsWith("http://")
                  .contains(id.replace("application", "container"));
            });
    String log = rest.log("/sessions/" + session);
    assertThat(log)
        .startsWith("stdout: \n")
        .containsSubsequence(
            "\n\nstderr: ",
            "\n\nYARN Diagnostics: \n",
            id + " is ACCEPTED in queue default.\n",
            id + " is RUNNING in queue default.");
    assertThat(log.split("\n\nYARN Diagnostics: ")).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void jarsAndArchivesOfHdfsAreThere(Mode mode) throws Exception {
    int session = idle(mode);
    assertThat(rest.shown(session, "spark", "Squares.of(7)")).endsWith("= 49\n");
    assertThat(
            rest.shown(session, "spark", "sc.parallelize(1 to 3, 2).map(n => Squares.of(n)).sum"))
        .endsWith("= 14.0\n");
    assertThat(
            rest.shown(
                session,
                "pyspark",
                "sc.parallelize([0]).map(lambda _: open('words/words.txt').read()).first()"))
        .isEqualTo("'veni vidi vici'");
  }

  @ParameterizedTest
  @EnumSource
  void jobsAndTheirExecutorsFindTheClassesOfAnUploadedJar(Mode mode) throws Exception {
    int session = idle(mode);
    JobPayloads payloads = JobPayloads.written();
    rest.uploadJar(session, payloads.jar());
    JsonNode end = rest.awaitJob(session, rest.submitJob(session, payloads.job("OnExecutors")));
    assertThat(end.get("state").asText()).as(end.toString()).isEqualTo("SUCCEEDED");
    assertThat(end.get("result").asText()).isEqualTo(FOURTEEN);
    byte[] file = new byte[3 << 20];
    Arrays.fill(file, (byte) 7);
    HttpResponse<String> uploaded =
        rest.upload(session, "upload-file", "file", "sevens", new ByteArrayInputStream(file));
    assertThat(uploaded.statusCode()).as(uploaded.body()).isEqualTo(200);
    assertThat(
            rest.shown(
                session,
                "pyspark",
                "from pyspark import SparkFiles\n"
                    + "sc.parallelize([0]).map("
                    + "lambda _: open(SparkFiles.get('sevens'), 'rb').read() == b'\\x07' * (3 << 20))"
                    + ".first()"))
        .isEqualTo("True");
  }

  @Test
  void sessionsGoOnWhenTheResourceManagerIsRestarted() throws Exception {
    for (Mode mode : Mode.values()) {
      rest.shown(idle(mode), "spark", "val before = 41");
    }
    List<Integer> running = new ArrayList<>();
    for (int session : sessions.values()) {
      running.add(
          rest.post(
              session,
              "spark",
              "sc.parallelize(1 to 2, 1).map { n => Thread.sleep(4000); n }.sum + before"));
    }
    cluster.restartResourceManager();
    int index = 0;
    for (int session : sessions.values()) {
      JsonNode output = rest.await(session, running.get(index++)).get("output");
      assertThat(output.at("/data/text~1plain").asText())
          .as(output.toString())
          .endsWith("= 44.0\n");
      assertThat(rest.shown(session, "spark", "before + 1")).endsWith("= 42\n");
      assertThat(rest.state(session)).isEqualTo("idle");
      assertThat(application("/sessions/" + session).state()).isEqualTo("RUNNING");
    }
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void deletedSessionsLeaveNothing() throws Exception {
    List<String> ids = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      ids.add(applicationId("/sessions/" + idle(mode)));
    }
    for (int session : sessions.values()) {
      rest.call("DELETE", "/sessions/" + session, null);
    }
    for (String id : ids) {
      assertThat(awaitEnd(id).finalStatus()).isEqualTo("SUCCEEDED");
      await().atMost(PATIENCE).until(() -> cluster.containers(id).isEmpty());
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(cluster.applications())
                    .filteredOn(application -> !application.hasEnded())
                    .isEmpty());
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(server.processes()).isEmpty());
  }

  @Test
  void firstCellOfANotebookTellsOfTheLaunchAndRuns() throws Exception {
    Map<String, String> environment =
        new HashMap<>(RunningServer.clientEnvironment(folder.resolve("jupyter")));
    JupyterTools.installKernelspec(
        server.uri(), environment, "--profile", "cluster", "--title", "YARN");
    Commands.Result cell =
        Commands.run(
            PATIENCE.multipliedBy(2),
            folder,
            environment,
            List.of(
                PythonEnvironment.CLIENTS.programs().resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve("first_cell.py").toString(),
                "polybius-scala-cluster",
                "println(sc.deployMode + \" \" + sc.parallelize(1 to 4, 2).sum)"));
    assertThat(cell.exitCode()).as(cell.output()).isZero();
    assertThat(cell.output())
        .contains("Spark is starting", "application_", "cluster 10.0\n", "ended: ok\n");
    // Who shuts a kernel down ends its session.
    String id = cell.output().replaceFirst("(?s).*(application_\\d+_\\d+).*", "$1");
    assertThat(awaitEnd(id).finalStatus()).isEqualTo("SUCCEEDED");
  }

  @Test
  void killedApplicationsAndContainersEndTheirSessions() throws Exception {
    int killed = create(Mode.CLUSTER, "\"name\": \"killed\"");
    int killedHere = create(Mode.CLIENT, "\"name\": \"killed here\"");
    int lost = create(Mode.CLUSTER, "\"name\": \"lost\"");
    for (int session : List.of(killed, killedHere, lost)) {
      rest.awaitIdle(session);
    }
    String lostId = applicationId("/sessions/" + lost);
    for (int session : List.of(killed, killedHere)) {
      cluster.kill(applicationId("/sessions/" + session));
    }
    List<Container> containers = cluster.containers(lostId);
    assertThat(containers.get(0).isApplicationMaster()).isTrue();
    containers.get(0).process().destroyForcibly();

    for (int session : List.of(killed, killedHere)) {
      assertThat(rest.awaitEnd("/sessions/" + session))
          .as(rest.log("/sessions/" + session))
          .isEqualTo("killed");
      String id = applicationId("/sessions/" + session);
      assertThat(rest.log("/sessions/" + session))
          .contains(id + " is KILLED in queue default.", "killed by user");
      assertThat(awaitEnd(id).state()).isEqualTo("KILLED");
    }
    assertThat(rest.awaitEnd("/sessions/" + lost))
        .as(rest.log("/sessions/" + lost))
        .isEqualTo("dead");
    assertThat(rest.log("/sessions/" + lost))
        .contains(lostId + " is FAILED in queue default.", "137");
    assertThat(awaitEnd(lostId).state()).isEqualTo("FAILED");
    for (int session : List.of(killed, killedHere, lost)) {
      rest.call("DELETE", "/sessions/" + session, null);
    }
  }

  @Test
  void batchesEndAsTheirProgramsDo() throws Exception {
    String counting =
        put(
            "count.py",
            """
            from pyspark.sql import SparkSession

            spark = SparkSession.builder.getOrCreate()
            print(spark.sparkContext.parallelize(range(9), 2).map(lambda n: n + 1).sum())
            """);
    String python = batch(Mode.CLUSTER, counting, "\"name\": \"count\"");
    String here =
        batch(Mode.CLIENT, jar.toString(), "\"className\": \"Squares\", \"args\": [\"5\"]");
    String failing =
        batch(
            Mode.CLUSTER,
            jar.toString(),
            "\"className\": \"Squares\", \"args\": [\"five\"]",
            "spark.yarn.maxAppAttempts",
            "1");
    String raising =
        batch(
            Mode.CLUSTER,
            put("raise.py", "raise ValueError('a cause of its own')"),
            "\"name\": \"raise\"",
            "spark.yarn.maxAppAttempts",
            "1");

    for (String batch : List.of(python, here)) {
      assertThat(rest.awaitEnd(batch)).as(rest.log(batch)).isEqualTo("success");
      assertThat(application(batch).finalStatus()).isEqualTo("SUCCEEDED");
      assertThat(rest.log(batch))
          .contains("\n\nYARN Diagnostics: \n", applicationId(batch) + " is SUCCEEDED");
    }
    assertThat(rest.log(here)).contains("\n25\n");
    assertThat(rest.awaitEnd(failing)).as(rest.log(failing)).isEqualTo("dead");
    assertThat(rest.log(failing)).contains("NumberFormatException", "five");
    assertThat(application(failing).finalStatus()).isEqualTo("FAILED");
    assertThat(rest.awaitEnd(raising)).as(rest.log(raising)).isEqualTo("dead");
    assertThat(rest.log(raising)).contains("ValueError: a cause of its own");
  }

  @Test
  void sessionThatGetsNoPlaceInItsQueueIsDeadAndADeletedBatchIsKilled() throws Exception {
    String batch =
        batch(
            Mode.CLUSTER,
            put("sleep.py", SLEEPING),
            "\"queue\": \"" + TestCluster.SMALL_QUEUE + "\"");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster.applications().stream()
                    .anyMatch(
                        each ->
                            each.queue().equals(TestCluster.SMALL_QUEUE)
                                && each.state().equals("RUNNING")));
    int waiting =
        create(
            Mode.CLUSTER,
            "\"queue\": \"" + TestCluster.SMALL_QUEUE + "\"",
            "livy.rsc.server.connect.timeout",
            "10s");
    assertThat(rest.awaitEnd("/sessions/" + waiting)).isEqualTo("dead");
    String id = applicationId("/sessions/" + waiting);
    assertThat(rest.log("/sessions/" + waiting))
        .contains(
            id + " is ACCEPTED in queue small.",
            "AM resource limit exceeded",
            "livy.rsc.server.connect.timeout");
    assertThat(awaitEnd(id).state()).isEqualTo("KILLED");

    String batchId = applicationId(batch);
    assertThat(rest.call("GET", batch + "/state", null).get("state").asText()).isEqualTo("running");
    rest.call("DELETE", batch, null);
    assertThat(awaitEnd(batchId).state()).isEqualTo("KILLED");
    assertThat(rest.send("GET", batch, null).statusCode()).isEqualTo(404);
  }

  @Test
  void sessionsThatAreDeletedBeforeTheyHaveStartedLeaveNoApplication() throws Exception {
    int atOnce = create(Mode.CLUSTER, "\"name\": \"at once\"");
    rest.call("DELETE", "/sessions/" + atOnce, null);
    int accepted = create(Mode.CLUSTER, "\"name\": \"accepted\"");
    await()
        .atMost(PATIENCE)
        .until(() -> rest.call("GET", "/sessions/" + accepted, null).hasNonNull("appId"));
    String id = applicationId("/sessions/" + accepted);
    rest.call("DELETE", "/sessions/" + accepted, null);
    // Killed, or told to end while it starts.
    assertThat(awaitEnd(id).state()).isIn("KILLED", "FAILED");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(cluster.applications())
                    .filteredOn(application -> isOf(atOnce, application))
                    .allMatch(Application::hasEnded));
    // With its keys, which its master would have removed.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        cluster.list("/user/" + System.getProperty("user.name") + "/.sparkStaging"))
                    .doesNotContain(id));
  }

  @Test
  void launchesThatCannotWorkNameTheirCause() throws Exception {
    String missing = cluster.fileSystem().resolve("/jobs/missing.jar").toString();
    Map<String, String> causes =
        Map.of(
            "/sessions/" + create(Mode.CLUSTER, "\"queue\": \"nowhere\""),
            "nowhere",
            "/sessions/" + create(Mode.CLIENT, "\"queue\": \"nowhere\""),
            "nowhere",
            "/sessions/" + create(Mode.CLUSTER, "\"jars\": [\"" + missing + "\"]"),
            "missing.jar",
            "/sessions/" + create(Mode.CLUSTER, "\"driverMemory\": \"100g\""),
            "above the max threshold",
            batch(Mode.CLUSTER, missing, "\"className\": \"Squares\""),
            "missing.jar");
    causes.forEach(
        (path, cause) -> {
          assertThat(rest.awaitEnd(path)).as(rest.log(path)).isEqualTo("dead");
          assertThat(rest.log(path)).contains(cause);
          rest.call("DELETE", path, null);
        });
  }

  @Test
  void sessionsGoOnWhenTheServerIsKilledOrStoppedAndStartedAgain() throws Exception {
    try (RunningServer before = server("livy.server.recovery.mode=recovery")) {
      RestClient client = before.rest();
      List<Integer> kept = new ArrayList<>();
      for (Mode mode : Mode.values()) {
        kept.add(client.create("/sessions", request(mode, "\"kind\": \"shared\"")));
      }
      for (int session : kept) {
        client.awaitIdle(session);
        client.shown(session, "spark", "val before = 41");
      }
      before.kill();
      before.awaitEnd();
      RunningServer between = before.startAgain();
      for (int session : kept) {
        assertThat(client.shown(session, "spark", "before")).endsWith("= 41\n");
      }
      between.stop();
      try (RunningServer after = between.startAgain()) {
        for (int session : kept) {
          assertThat(client.shown(session, "spark", "sc.parallelize(Seq(1)).map(_ + before).first"))
              .endsWith("= 42\n");
          String id = client.call("GET", "/sessions/" + session, null).get("appId").asText();
          client.call("DELETE", "/sessions/" + session, null);
          assertThat(awaitEnd(id).finalStatus()).isEqualTo("SUCCEEDED");
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(after.processes()).isEmpty());
      }
    }
  }

  private RunningServer server(String... more) throws Exception {
    List<String> options = new ArrayList<>(Arrays.asList(more));
    options.add("livy.server.yarn.poll-interval=1s");
    options.add("livy.server.yarn.app-leakage.check-interval=1s");
    // A machine of tests is slow.
    options.add("livy.rsc.server.connect.timeout=180s");
    for (Mode mode : Mode.values()) {
      Map.of(
              "spark.master", "yarn",
              "spark.submit.deployMode", mode.profile(),
              "driver-memory", "768m",
              "executor-memory", "512m",
              "num-executors", "1")
          .forEach(
              (key, value) ->
                  options.add("polybius.profile." + mode.profile() + "." + key + "=" + value));
    }
    return RunningServer.start(
        Map.of(
            "HADOOP_CONF_DIR",
            cluster.configuration().toString(),
            // Of drivers in client mode.
            "SPARK_LOCAL_IP",
            "127.0.0.1"),
        options.toArray(String[]::new));
  }

  /** Returns the session of a mode when it has started. */
  private int idle(Mode mode) {
    int session = sessions.get(mode);
    rest.awaitIdle(session);
    return session;
  }

  private int create(Mode mode, String more, String... conf) {
    return rest.create("/sessions", request(mode, "\"kind\": \"shared\", " + more, conf));
  }

  private String batch(Mode mode, String file, String more, String... conf) {
    return "/batches/"
        + rest.create("/batches", request(mode, "\"file\": \"" + file + "\", " + more, conf));
  }

  private static String request(Mode mode, String body, String... conf) {
    return "{%s, \"conf\": {\"polybius.profile\": \"%s\"%s}}"
        .formatted(
            body,
            mode.profile(),
            conf.length == 0 ? "" : ", \"%s\": \"%s\"".formatted(conf[0], conf[1]));
  }

  private String applicationId(String path) {
    String id = rest.call("GET", path, null).get("appId").asText();
    assertThat(id).startsWith("application_");
    return id;
  }

  private Application application(String path) throws Exception {
    return cluster.application(applicationId(path)).orElseThrow();
  }

  /** Returns whether an application has the tag of a session. */
  private static boolean isOf(int session, Application application) {
    return application.tags().stream()
        .anyMatch(tag -> tag.startsWith("livy-session-" + session + "-"));
  }

  private Application awaitEnd(String id) {
    return await()
        .atMost(PATIENCE)
        .until(() -> cluster.application(id).orElseThrow(), Application::hasEnded);
  }

  private static long pid(String shown) {
    return Long.parseLong(shown.replaceFirst("(?s).*= (\\d+)\\s*", "$1"));
  }

  /** Puts a program into HDFS, and returns its address. */
  private String put(String name, String program) throws Exception {
    return cluster
        .put(Files.writeString(folder.resolve(name), program), "/jobs/" + name)
        .toString();
  }

  private static Path program() throws Exception {
    return SparkJob.jar(
        folder,
        "Squares",
        """
        import org.apache.spark.sql.SparkSession;

        public class Squares {
          public static void main(String[] arguments) {
            int n = Integer.parseInt(arguments[0]);
            SparkSession spark = SparkSession.builder().getOrCreate();
            System.out.println(of((int) spark.range(n).count()));
            spark.stop();
          }

          public static int of(int n) {
            return n * n;
          }
        }
        """);
  }

  private static Path archive() throws Exception {
    Path archive = folder.resolve("words.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
      zip.putNextEntry(new ZipEntry("words.txt"));
      zip.write("veni vidi vici".getBytes(StandardCharsets.UTF_8));
    }
    return archive;
  }
}
