package io.polybius.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code bin/polybius bench yarn}: measures sessions on YARN, and in turn with them what they are
 * compared with: Spark's own shell for their starts, and local sessions for their statements.
 */
final class YarnBenchmarks {

  private static final List<String> MODES = List.of("client", "cluster");
  private static final String LOCAL = "local";
  private static final String WAITING = "waiting";
  private static final int STARTS = 3;
  private static final int WARM_UP = 600;
  private static final int ROUND_TRIPS = 300;
  private static final int SESSIONS = 20;
  private static final String STATEMENT = "1+1";

  /** Between two starts, so that the first one's processes are gone. */
  private static final Duration PAUSE = Duration.ofSeconds(4);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);
  private static final Duration SUBMIT_PATIENCE = Duration.ofMinutes(4);

  /** Both sides of the comparison of starts have these. */
  private static final Map<String, String> SPARK =
      Map.of(
          "spark.master", "yarn",
          "spark.driver.memory", "1g",
          "spark.executor.instances", "1",
          "spark.executor.memory", "512m");

  private final Path home;
  private final Path folder;

  YarnBenchmarks(Path home, Path folder) {
    this.home = home;
    this.folder = folder;
  }

  /** Runs all; takes some minutes. */
  void run() throws Exception {
    System.out.printf(
        Locale.ROOT,
        "Load of this machine: %.2f%n",
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    Samples.printHeading();
    try (ChildProcess server = Benchmarks.server(home, folder, settings())) {
      LivyClient rest = new LivyClient(Benchmarks.readyAddress(server));
      starts(rest);
      statements(rest);
      manyStarts(rest);
    }
  }

  private static Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("polybius.server.prespawned-drivers", "0");
    settings.put("polybius.yarn.staging-directory", "hdfs:///tmp/polybius-bench");
    settings.put("livy.rsc.server.connect.timeout", "5m");
    settings.put(profile(LOCAL) + "spark.master", "local[*]");
    for (String mode : MODES) {
      SPARK.forEach((key, value) -> settings.put(profile(mode) + key, value));
      settings.put(profile(mode) + "spark.submit.deployMode", mode);
    }
    SPARK.forEach((key, value) -> settings.put(profile(WAITING) + key, value));
    settings.put(profile(WAITING) + "spark.submit.deployMode", "cluster");
    settings.put(profile(WAITING) + "queue", "small");
    List.of(LOCAL, "client", "cluster", WAITING)
        .forEach(name -> settings.put(profile(name) + "polybius.spark", "embedded"));
    return settings;
  }

  private static String profile(String name) {
    return "polybius.profile." + name + ".";
  }

  private static Map<String, Object> session(String profile) {
    return Map.of("kind", "spark", "conf", Map.of("polybius.profile", profile));
  }

  /** Measures starts up to the end of a first statement, on both sides. */
  private void starts(LivyClient rest) throws Exception {
    SparkShell shell = new SparkShell(Benchmarks.libraries(home), Files.createDirectories(folder));
    for (String mode : MODES) {
      Map<String, String> spark = new LinkedHashMap<>(SPARK);
      spark.put("spark.submit.deployMode", mode);
      // The very first one brings all that later ones use.
      spark.put("spark.yarn.archive", firstSession(rest, mode));
      Samples idle = new Samples("session on YARN, " + mode + " mode: start to idle");
      Samples ours = new Samples("session on YARN, " + mode + " mode: start to first result");
      Samples theirs = new Samples("Spark's shell, " + mode + " mode: start to first result");
      for (int i = 0; i < STARTS; i++) {
        LockSupport.parkNanos(PAUSE.toNanos());
        long begin = System.nanoTime();
        int session = rest.openSession(session(mode));
        idle.add(System.nanoTime() - begin);
        rest.run(session, STATEMENT);
        ours.add(System.nanoTime() - begin);
        rest.call("DELETE", "/sessions/" + session, null);
        LockSupport.parkNanos(PAUSE.toNanos());
        theirs.add(shell.start(spark, STATEMENT));
      }
      List.of(idle, ours, theirs).forEach(Samples::print);
      printValue(
          "our share of a start on YARN, " + mode + " mode",
          100 * (1 - theirs.millis(0.5) / ours.millis(0.5)),
          "%");
    }
  }

  /** Opens and ends a session, and returns where the cluster has Spark's jars. */
  private static String firstSession(LivyClient rest, String mode) throws Exception {
    int session = rest.openSession(session(mode));
    JsonNode statement =
        rest.runWaiting(session, "println(sc.getConf.get(\"spark.yarn.archive\"))");
    rest.call("DELETE", "/sessions/" + session, null);
    return statement.at("/output/data").path("text/plain").asText().strip();
  }

  /** Measures statements on three warm sessions in turn. */
  private static void statements(LivyClient rest) throws Exception {
    Map<String, Integer> sessions = new LinkedHashMap<>();
    Map<String, Samples> samples = new LinkedHashMap<>();
    for (String profile : List.of(LOCAL, "client", "cluster")) {
      sessions.put(profile, rest.openSession(session(profile)));
      samples.put(profile, new Samples("REST statement " + STATEMENT + ", " + profile));
    }
    for (int session : sessions.values()) {
      for (int i = 0; i < WARM_UP; i++) {
        rest.run(session, STATEMENT);
      }
    }
    for (int i = 0; i < ROUND_TRIPS; i++) {
      for (Map.Entry<String, Integer> session : sessions.entrySet()) {
        samples
            .get(session.getKey())
            .add(Samples.nanos(() -> rest.run(session.getValue(), STATEMENT)));
      }
    }
    samples.values().forEach(Samples::print);
    for (String mode : MODES) {
      printValue(
          "REST statement " + STATEMENT + ", " + mode + " mode beside local, median",
          samples.get(mode).millis(0.5) - samples.get(LOCAL).millis(0.5),
          "ms");
    }
    for (int session : sessions.values()) {
      rest.call("DELETE", "/sessions/" + session, null);
    }
  }

  /** Measures answers while sessions start together, most of which wait in a queue in the end. */
  private static void manyStarts(LivyClient rest) throws Exception {
    List<Integer> sessions = new ArrayList<>();
    Samples posts = new Samples("REST POST /sessions, " + SESSIONS + " together");
    Samples list = new Samples("REST GET /sessions, while they start");
    Samples one = new Samples("REST GET /sessions/{id}, while they start");
    rest.call("GET", "/sessions", null);
    long begin = System.nanoTime();
    for (int i = 0; i < SESSIONS; i++) {
      long posted = System.nanoTime();
      sessions.add(rest.call("POST", "/sessions", session(WAITING)).get("id").asInt());
      posts.add(System.nanoTime() - posted);
    }
    Set<Integer> submitted = new HashSet<>();
    for (int i = 0; submitted.size() < SESSIONS; i++) {
      if (System.nanoTime() - begin > SUBMIT_PATIENCE.toNanos()) {
        throw new IOException("only " + submitted.size() + " sessions were submitted");
      }
      list.add(Samples.nanos(() -> rest.call("GET", "/sessions", null)));
      int session = sessions.get(i % SESSIONS);
      long asked = System.nanoTime();
      JsonNode state = rest.call("GET", "/sessions/" + session, null);
      one.add(System.nanoTime() - asked);
      if (state.path("appId").isTextual()) {
        submitted.add(session);
      }
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    }
    List.of(posts, list, one).forEach(Samples::print);
    printValue("until the last of them was submitted", (System.nanoTime() - begin) / 1e9, "s");
    for (int session : sessions) {
      rest.call("DELETE", "/sessions/" + session, null);
    }
  }

  private static void printValue(String name, double value, String unit) {
    System.out.printf(Locale.ROOT, "%-62s %5s %10.2f %s%n", name, "", value, unit);
  }
}
