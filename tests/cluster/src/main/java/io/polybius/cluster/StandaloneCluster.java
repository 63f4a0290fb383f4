package io.polybius.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Spark's own cluster manager: a master and a worker, in processes of their own that listen on the
 * loopback address only. Nothing is left of it when it is closed, or when the process that has
 * started it is gone. Safe for use by many threads.
 */
public final class StandaloneCluster implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";
  private static final String MASTER = "master";
  private static final String WORKER = "worker";
  private static final Pattern CORE_JAR = Pattern.compile("spark-core_(\\d+\\.\\d+)-.*\\.jar");
  private static final int PORTS = 3;

  private final Daemons daemons;
  private final Path jars;
  private final List<Integer> ports;
  private final Web web = new Web();

  /**
   * Something that the master knows.
   *
   * @param id for example {@code app-20260101000000-0000} or {@code driver-20260101000000-0000}
   * @param name the application's name, or the driver's class
   * @param state for example {@code RUNNING}
   */
  public record Submission(String id, String name, String state) {}

  private StandaloneCluster(Daemons daemons, Path jars, List<Integer> ports) {
    this.daemons = daemons;
    this.jars = jars;
    this.ports = ports;
  }

  /**
   * Starts a cluster, and waits until it takes applications.
   *
   * @param jars the folder with a Spark's jars
   */
  public static StandaloneCluster start(Path jars) throws IOException {
    Daemons daemons = Daemons.create("standalone");
    try {
      StandaloneCluster cluster =
          new StandaloneCluster(daemons, jars.toRealPath(), Ports.free(PORTS));
      cluster.startAll();
      return cluster;
    } catch (IOException | RuntimeException | Error e) {
      daemons.close();
      throw e;
    }
  }

  private void startAll() throws IOException {
    // The worker starts executors with the jars that it finds there.
    Path home = Files.createDirectory(daemons.folder().resolve("spark"));
    Files.createSymbolicLink(home.resolve("jars"), jars);
    Map<String, String> environment = new TreeMap<>();
    environment.put("SPARK_HOME", home.toString());
    environment.put("SPARK_SCALA_VERSION", scalaVersion());
    environment.put("SPARK_LOCAL_IP", LOOPBACK);
    start(
        MASTER,
        environment,
        List.of(
            "-Dspark.master.rest.enabled=true",
            "-Dspark.master.rest.port=" + ports.get(2),
            "org.apache.spark.deploy.master.Master",
            "--host",
            LOOPBACK,
            "--port",
            String.valueOf(ports.get(0)),
            "--webui-port",
            String.valueOf(ports.get(1))));
    daemons.await(MASTER, () -> state().has("url"));
    start(
        WORKER,
        environment,
        List.of(
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            LOOPBACK,
            "--port",
            "0",
            "--webui-port",
            "0",
            // What applications ask for is counted, not measured.
            "--cores",
            "16",
            "--memory",
            "16g",
            "--work-dir",
            daemons.folder().resolve("work").toString(),
            master()));
    daemons.await(WORKER, () -> state().path("aliveworkers").asInt() > 0);
  }

  private void start(String name, Map<String, String> environment, List<String> arguments)
      throws IOException {
    daemons.start(name, jars.resolve("*").toString(), environment, arguments);
  }

  private String scalaVersion() throws IOException {
    try (Stream<Path> files = Files.list(jars)) {
      return files
          .map(file -> CORE_JAR.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(matcher -> matcher.group(1))
          .findAny()
          .orElseThrow(() -> new IOException("there is no Spark in " + jars));
    }
  }

  private JsonNode state() throws IOException {
    return web.get(masterWeb().resolve("/json/"));
  }

  /** Returns where applications are submitted, such as {@code spark://127.0.0.1:7077}. */
  public String master() {
    return "spark://" + LOOPBACK + ":" + ports.get(0);
  }

  /** Returns where drivers are submitted through REST, also in the form of a master. */
  public String restMaster() {
    return "spark://" + LOOPBACK + ":" + ports.get(2);
  }

  /** Returns where the master shows itself to browsers. */
  public URI masterWeb() {
    return URI.create("http://" + LOOPBACK + ":" + ports.get(1));
  }

  /** Returns the applications that the master knows, those that have not ended first. */
  public List<Submission> applications() throws IOException {
    return submissions("activeapps", "completedapps", "name");
  }

  /** Returns the drivers that the master has started, those that have not ended first. */
  public List<Submission> drivers() throws IOException {
    return submissions("activedrivers", "completeddrivers", "mainclass");
  }

  private List<Submission> submissions(String active, String completed, String name)
      throws IOException {
    JsonNode state = state();
    List<Submission> submissions = new ArrayList<>();
    for (String list : List.of(active, completed)) {
      for (JsonNode each : state.path(list)) {
        submissions.add(
            new Submission(
                each.path("id").asText(), each.path(name).asText(), each.path("state").asText()));
      }
    }
    return submissions;
  }

  /** Has the master kill an application, as its operator can. Does not wait for it. */
  public void killApplication(String id) throws IOException {
    kill("app", id);
  }

  /** Has the master kill a driver, as its operator can. Does not wait for it. */
  public void killDriver(String id) throws IOException {
    kill("driver", id);
  }

  private void kill(String what, String id) throws IOException {
    web.send(
        "POST",
        masterWeb().resolve("/" + what + "/kill/"),
        "application/x-www-form-urlencoded",
        BodyPublishers.ofString("terminate=true&id=" + id));
  }

  /** Ends the cluster with everything that runs on it, and removes its files. */
  @Override
  public void close() throws IOException {
    daemons.close();
  }
}
