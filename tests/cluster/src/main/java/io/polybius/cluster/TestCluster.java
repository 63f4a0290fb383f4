package io.polybius.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * YARN with HDFS, in processes of their own that listen on the loopback address only. Nothing is
 * left of it when it is closed, or when the process that has started it is gone. Safe for use by
 * many threads.
 */
public final class TestCluster implements AutoCloseable {

  /** The queue of applications that name none. */
  public static final String DEFAULT_QUEUE = "default";

  /** A queue in which only one application runs at a time; others wait. */
  public static final String SMALL_QUEUE = "small";

  private static final String HDFS = "hdfs";
  private static final String RESOURCE_MANAGER = "resourcemanager";
  private static final String NODE_MANAGER = "nodemanager";
  private static final Pattern CONTAINER =
      Pattern.compile("\0CONTAINER_ID=(container_(?:e\\d+_)?(\\d+_\\d+)_\\d+_\\d+)\0");

  /** Spark's own ports stay on this machine too. */
  private static final Map<String, String> ENVIRONMENT = Map.of("SPARK_LOCAL_IP", "127.0.0.1");

  private final Daemons daemons;
  private final HadoopConfiguration configuration;
  private final String classPath;
  private final Web web = new Web();

  /**
   * An application that the resource manager knows.
   *
   * @param id for example {@code application_1700000000000_0001}
   * @param name as its user named it
   * @param user whose it is
   * @param queue where it runs or waits
   * @param state for example {@code ACCEPTED}
   * @param finalStatus how it has ended, or {@code UNDEFINED}
   * @param tags by which it can be found
   * @param diagnostics what YARN says of it
   */
  public record Application(
      String id,
      String name,
      String user,
      String queue,
      String state,
      String finalStatus,
      List<String> tags,
      String diagnostics) {

    /** Copies the list. */
    public Application {
      tags = List.copyOf(tags);
    }

    /** Returns whether it has come to an end. */
    public boolean hasEnded() {
      return List.of("FINISHED", "FAILED", "KILLED").contains(state);
    }
  }

  /**
   * A container with a running program.
   *
   * @param id for example {@code container_1700000000000_0001_01_000001}
   * @param process the program's JVM
   */
  public record Container(String id, ProcessHandle process) {

    /** Returns whether it holds the application master, and in cluster mode the driver. */
    public boolean isApplicationMaster() {
      return id.endsWith("_000001");
    }
  }

  private TestCluster(Daemons daemons, HadoopConfiguration configuration, String classPath) {
    this.daemons = daemons;
    this.configuration = configuration;
    this.classPath = classPath;
  }

  /**
   * Starts a cluster with the daemons that the build has put beside these classes, and waits until
   * all of them serve.
   */
  public static TestCluster start() throws IOException {
    return start(Daemons.ownClasses().resolveSibling("daemons"));
  }

  /**
   * Starts a cluster, and waits until all of it serves.
   *
   * @param jars the folder with the jars of the daemons
   */
  static TestCluster start(Path jars) throws IOException {
    Daemons daemons = Daemons.create("yarn");
    try {
      HadoopConfiguration configuration = new HadoopConfiguration(daemons.folder());
      Set<String> containerEnvironment = new TreeSet<>(daemons.mark().keySet());
      containerEnvironment.addAll(ENVIRONMENT.keySet());
      configuration.write(containerEnvironment);
      String classPath =
          String.join(
              File.pathSeparator,
              configuration.classPath(),
              Daemons.ownClasses().toString(),
              jars.resolve("*").toString());
      TestCluster cluster = new TestCluster(daemons, configuration, classPath);
      cluster.startAll();
      return cluster;
    } catch (IOException | RuntimeException | Error e) {
      daemons.close();
      throw e;
    }
  }

  private void startAll() throws IOException {
    start(HDFS, HdfsMain.class.getName());
    startResourceManager();
    start(NODE_MANAGER, "org.apache.hadoop.yarn.server.nodemanager.NodeManager");
    daemons.await(HDFS, () -> hasFile(HdfsMain.USERS));
    awaitResourceManager();
    daemons.await(NODE_MANAGER, this::hasNode);
  }

  private void startResourceManager() throws IOException {
    start(RESOURCE_MANAGER, "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager");
  }

  private void awaitResourceManager() throws IOException {
    daemons.await(RESOURCE_MANAGER, () -> !resourceManager("info").isEmpty());
  }

  private void start(String name, String program) throws IOException {
    daemons.start(
        name,
        classPath,
        environment(),
        List.of("-Dlog4j.configuration=" + configuration.log4j().toUri(), program));
  }

  private boolean hasFile(String path) throws IOException {
    return web.get(URI.create(webHdfs(path) + "?op=GETFILESTATUS")).has("FileStatus");
  }

  private boolean hasNode() throws IOException {
    return resourceManager("nodes").at("/nodes/node").findValuesAsText("state").contains("RUNNING");
  }

  private JsonNode resourceManager(String path) throws IOException {
    return web.get(resourceManagerWeb().resolve("/ws/v1/cluster/" + path));
  }

  private String webHdfs(String path) {
    return "http://" + configuration.nameNodeWeb() + "/webhdfs/v1" + path;
  }

  /** Returns the folder with Hadoop's configuration files: the {@code HADOOP_CONF_DIR}. */
  public Path configuration() {
    return configuration.folder();
  }

  /** Returns what programs need in their environment to use the cluster, and to end with it. */
  Map<String, String> environment() {
    Map<String, String> environment = new TreeMap<>(ENVIRONMENT);
    environment.put("HADOOP_CONF_DIR", configuration.folder().toString());
    environment.putAll(daemons.mark());
    return environment;
  }

  /** Returns where HDFS is, such as {@code hdfs://127.0.0.1:8020}. */
  public URI fileSystem() {
    return URI.create("hdfs://" + configuration.nameNode());
  }

  /** Returns where the resource manager shows itself to browsers. */
  public URI resourceManagerWeb() {
    return URI.create("http://" + configuration.resourceManagerWeb());
  }

  /** Returns all applications that the resource manager knows, the oldest first. */
  public List<Application> applications() throws IOException {
    List<Application> applications = new ArrayList<>();
    for (JsonNode each : resourceManager("apps").at("/apps/app")) {
      applications.add(
          new Application(
              each.path("id").asText(),
              each.path("name").asText(),
              each.path("user").asText(),
              each.path("queue").asText(),
              each.path("state").asText(),
              each.path("finalStatus").asText(),
              Pattern.compile(",")
                  .splitAsStream(each.path("applicationTags").asText())
                  .filter(tag -> !tag.isEmpty())
                  .toList(),
              each.path("diagnostics").asText()));
    }
    applications.sort(Comparator.comparing(Application::id));
    return applications;
  }

  /** Returns an application, if the resource manager knows it. */
  public Optional<Application> application(String id) throws IOException {
    return applications().stream().filter(each -> each.id().equals(id)).findAny();
  }

  /** Has the resource manager kill an application, as its operator can. Does not wait for it. */
  public void kill(String applicationId) throws IOException {
    web.send(
        "PUT",
        resourceManagerWeb()
            .resolve(
                "/ws/v1/cluster/apps/%s/state?user.name=%s"
                    .formatted(applicationId, System.getProperty("user.name"))),
        "application/json",
        BodyPublishers.ofString("{\"state\": \"KILLED\"}"));
  }

  /** Kills the resource manager and starts it again; running applications go on. */
  public synchronized void restartResourceManager() throws IOException {
    daemons.kill(RESOURCE_MANAGER);
    startResourceManager();
    awaitResourceManager();
    daemons.await(NODE_MANAGER, this::hasNode);
  }

  /** Returns the containers of an application whose programs run now, the first one first. */
  public List<Container> containers(String applicationId) {
    List<Container> containers = new ArrayList<>();
    ProcessHandle.allProcesses()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .forEach(
            process -> {
              Matcher matcher = CONTAINER.matcher(environment(process));
              if (matcher.find() && applicationId.endsWith("_" + matcher.group(2))) {
                containers.add(new Container(matcher.group(1), process));
              }
            });
    containers.sort(Comparator.comparing(Container::id));
    return containers;
  }

  /** Returns what the system shows of a process's environment. */
  private static String environment(ProcessHandle process) {
    try {
      return "\0"
          + Files.readString(
              Path.of("/proc", String.valueOf(process.pid()), "environ"),
              StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      // It is gone, or another user's.
      return "";
    }
  }

  /**
   * Puts a file into HDFS, in place of one that was there.
   *
   * @param file a file of this machine
   * @param path where to put it, such as {@code /jobs/job.jar}
   * @return its address
   */
  public URI put(Path file, String path) throws IOException {
    web.send(
        "PUT",
        URI.create(asThisUser(path, "CREATE") + "&overwrite=true"),
        "application/octet-stream",
        BodyPublishers.ofFile(file));
    return fileSystem().resolve(path);
  }

  /**
   * Returns the names of what is in a folder of HDFS, which must be there.
   *
   * @param path such as {@code /jobs}
   */
  public List<String> list(String path) throws IOException {
    return web.get(URI.create(asThisUser(path, "LISTSTATUS")))
        .at("/FileStatuses/FileStatus")
        .findValuesAsText("pathSuffix");
  }

  private String asThisUser(String path, String operation) {
    return webHdfs(path) + "?op=" + operation + "&user.name=" + System.getProperty("user.name");
  }

  /** Ends the cluster with everything that runs on it, and removes its files. */
  @Override
  public void close() throws IOException {
    daemons.close();
  }
}
