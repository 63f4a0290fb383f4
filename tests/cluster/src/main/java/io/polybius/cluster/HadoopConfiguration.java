package io.polybius.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The configuration of HDFS and YARN on one machine, for their daemons and for their clients. */
final class HadoopConfiguration {

  private static final String LOOPBACK = "127.0.0.1";
  private static final int PORTS = 7;

  private final Path cluster;
  private final List<Integer> ports;

  /**
   * @param cluster the folder for the files of all daemons
   */
  HadoopConfiguration(Path cluster) throws IOException {
    this.cluster = cluster;
    this.ports = Ports.free(PORTS);
  }

  /** Returns the folder of the configuration. */
  Path folder() {
    return cluster.resolve("configuration");
  }

  String nameNode() {
    return at(0);
  }

  String nameNodeWeb() {
    return at(1);
  }

  String resourceManagerWeb() {
    return at(2);
  }

  private String at(int index) {
    return LOOPBACK + ":" + ports.get(index);
  }

  /**
   * Writes the files.
   *
   * @param containerEnvironment names of variables that containers get from the node manager
   */
  void write(Set<String> containerEnvironment) throws IOException {
    Files.createDirectories(folder());
    for (String server : List.of("hdfs", "datanode")) {
      // Of its pages, which are not in its jar, HDFS misses the folders only.
      Files.createDirectories(cluster.resolve("classes").resolve("webapps").resolve(server));
    }
    write("core-site.xml", core());
    write("hdfs-site.xml", hdfs());
    write("yarn-site.xml", yarn(containerEnvironment));
    write("capacity-scheduler.xml", queues());
    Files.writeString(
        log4j(),
        """
        log4j.rootLogger=INFO, console
        log4j.appender.console=org.apache.log4j.ConsoleAppender
        log4j.appender.console.layout=org.apache.log4j.PatternLayout
        log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
        """);
  }

  /** Returns the class path of daemons before that of their jars. */
  String classPath() {
    return folder() + File.pathSeparator + cluster.resolve("classes");
  }

  /** Returns the file that says what daemons log; clients have their own. */
  Path log4j() {
    return cluster.resolve("log4j.properties");
  }

  private Map<String, String> core() {
    String user = System.getProperty("user.name");
    return Map.of(
        "fs.defaultFS",
        "hdfs://" + nameNode(),
        "hadoop.tmp.dir",
        cluster.resolve("hadoop").toString(),
        "hadoop.proxyuser." + user + ".hosts",
        "*",
        "hadoop.proxyuser." + user + ".groups",
        "*");
  }

  private Map<String, String> hdfs() {
    return Map.ofEntries(
        Map.entry("dfs.namenode.http-address", nameNodeWeb()),
        Map.entry("dfs.namenode.safemode.extension", "0"),
        Map.entry("dfs.namenode.name.dir", cluster.resolve("name").toUri().toString()),
        Map.entry("dfs.namenode.datanode.registration.ip-hostname-check", "false"),
        Map.entry("dfs.datanode.data.dir", cluster.resolve("data").toUri().toString()),
        Map.entry("dfs.datanode.address", LOOPBACK + ":0"),
        Map.entry("dfs.datanode.ipc.address", LOOPBACK + ":0"),
        Map.entry("dfs.datanode.http.address", LOOPBACK + ":0"),
        Map.entry("dfs.datanode.hostname", LOOPBACK),
        Map.entry("dfs.datanode.du.reserved", "0"),
        Map.entry("dfs.replication", "1"));
  }

  private Map<String, String> yarn(Set<String> containerEnvironment) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("yarn.resourcemanager.hostname", LOOPBACK);
    settings.put("yarn.resourcemanager.webapp.address", resourceManagerWeb());
    settings.put("yarn.resourcemanager.address", at(3));
    settings.put("yarn.resourcemanager.scheduler.address", at(4));
    settings.put("yarn.resourcemanager.resource-tracker.address", at(5));
    settings.put("yarn.resourcemanager.admin.address", at(6));
    settings.put("yarn.nodemanager.hostname", LOOPBACK);
    settings.put("yarn.nodemanager.address", LOOPBACK + ":0");
    settings.put("yarn.nodemanager.localizer.address", LOOPBACK + ":0");
    settings.put("yarn.nodemanager.webapp.address", LOOPBACK + ":0");
    settings.put("yarn.nodemanager.local-dirs", cluster.resolve("local").toString());
    settings.put("yarn.nodemanager.log-dirs", cluster.resolve("logs").toString());
    settings.put(
        "yarn.nodemanager.env-whitelist",
        "JAVA_HOME,HADOOP_CONF_DIR,PATH,LANG,TZ," + String.join(",", containerEnvironment));

    // What applications ask for is counted, not measured: a machine of tests has little of it.
    settings.put("yarn.nodemanager.resource.memory-mb", "16384");
    settings.put("yarn.nodemanager.resource.cpu-vcores", "64");
    settings.put("yarn.nodemanager.pmem-check-enabled", "false");
    settings.put("yarn.nodemanager.vmem-check-enabled", "false");
    settings.put("yarn.nodemanager.disk-health-checker.enable", "false");
    settings.put("yarn.scheduler.minimum-allocation-mb", "128");
    settings.put("yarn.scheduler.maximum-allocation-mb", "4096");
    settings.put("yarn.application.classpath", "");

    // Applications survive a restart of the resource manager, and all notice it soon.
    settings.put("yarn.resourcemanager.recovery.enabled", "true");
    settings.put("yarn.resourcemanager.work-preserving-recovery.enabled", "true");
    settings.put("yarn.resourcemanager.work-preserving-recovery.scheduling-wait-ms", "500");
    settings.put(
        "yarn.resourcemanager.store.class",
        "org.apache.hadoop.yarn.server.resourcemanager.recovery.FileSystemRMStateStore");
    settings.put(
        "yarn.resourcemanager.fs.state-store.uri", cluster.resolve("state").toUri().toString());
    settings.put("yarn.resourcemanager.connect.retry-interval.ms", "500");
    settings.put("yarn.resourcemanager.nodemanagers.heartbeat-interval-ms", "200");
    return settings;
  }

  private static Map<String, String> queues() {
    String root = "yarn.scheduler.capacity.root.";
    return Map.of(
        "yarn.scheduler.capacity.maximum-am-resource-percent",
        "1.0",
        root + "queues",
        TestCluster.DEFAULT_QUEUE + "," + TestCluster.SMALL_QUEUE,
        root + TestCluster.DEFAULT_QUEUE + ".capacity",
        "90",
        root + TestCluster.DEFAULT_QUEUE + ".maximum-capacity",
        "100",
        // The first application is let in whatever its size, and fills the queue.
        root + TestCluster.SMALL_QUEUE + ".capacity",
        "10",
        root + TestCluster.SMALL_QUEUE + ".maximum-capacity",
        "100",
        root + TestCluster.SMALL_QUEUE + ".user-limit-factor",
        "10",
        root + TestCluster.SMALL_QUEUE + ".maximum-am-resource-percent",
        "0.01");
  }

  private void write(String name, Map<String, String> settings) throws IOException {
    Files.writeString(
        folder().resolve(name),
        new TreeMap<>(settings)
            .entrySet().stream()
                .map(
                    setting ->
                        "  <property><name>%s</name><value>%s</value></property>\n"
                            .formatted(escaped(setting.getKey()), escaped(setting.getValue())))
                .collect(Collectors.joining("", "<configuration>\n", "</configuration>\n")));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
