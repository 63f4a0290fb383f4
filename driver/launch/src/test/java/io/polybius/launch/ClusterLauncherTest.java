package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.ApplicationSettings;
import io.polybius.session.ClusterApplication;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.SessionSettings;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is given to spark-submit for a driver in a cluster; clusters are tested with real ones. */
@Timeout(60)
class ClusterLauncherTest {

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  @TempDir private Path folder;

  private final ProcessLog log = new ProcessLog();
  private final DriverConnection.Receiver<DriverEvent> nobody =
      new DriverConnection.Receiver<>() {
        @Override
        public void received(long sequence, DriverEvent message) {}

        @Override
        public void closed(String reason) {}
      };

  private TestingSpark spark;

  @BeforeEach
  void makeSpark() throws Exception {
    spark = TestingSpark.in(folder);
    Files.createFile(folder.resolve("driver.jar"));
    record(0);
  }

  /** A cluster without applications, which takes every file. */
  private record EmptyCluster() implements ClusterManager {

    @Override
    public Optional<ClusterApplication> find(String tag) {
      return Optional.empty();
    }

    @Override
    public Optional<ClusterApplication> application(String id) {
      return Optional.empty();
    }

    @Override
    public void kill(String id) {}

    @Override
    public String publish(Path file) {
      return "hdfs://nn/published/" + file.getFileName();
    }

    @Override
    public void close() {}
  }

  /** A cluster of images without pods, which notes its secrets. */
  private static final class InMemoryPods implements PodCluster {

    private final List<String> made = new CopyOnWriteArrayList<>();
    private final List<String> deleted = new CopyOnWriteArrayList<>();

    @Override
    public Map<String, String> submission(
        String tag, Map<String, String> asked, Optional<DriverFiles> driver) {
      Map<String, String> all = new HashMap<>(asked);
      driver.ifPresent(
          files ->
              all.put(
                  "the.driver", files.jar() + " " + files.secret() + " " + files.secretFolder()));
      return all;
    }

    @Override
    public void createSecret(String name, Map<String, byte[]> files, Map<String, String> labels) {
      assertThat(files).containsOnlyKeys("polybius-driver.properties");
      made.add(name);
    }

    @Override
    public void tieSecret(String name, String id) {}

    @Override
    public void deleteSecret(String name) {
      deleted.add(name);
    }

    @Override
    public Optional<ClusterApplication> find(String tag) {
      return Optional.empty();
    }

    @Override
    public Optional<ClusterApplication> application(String id) {
      return Optional.empty();
    }

    @Override
    public void kill(String id) {}

    @Override
    public String publish(Path file) throws IOException {
      throw new IOException("there is no file system");
    }

    @Override
    public void close() {}
  }

  /** Lets spark-submit write down what it gets, and end with that code. */
  private void record(int code) throws IOException {
    spark.submitBy(
        """
        for word in "$@"; do printf '%%s\\0' "$word"; done > "%1$s/arguments"
        cp "$2" "%1$s/properties"
        env > "%1$s/environment"
        echo recorded
        exit %2$d
        """
            .formatted(folder, code));
  }

  private RunningDriver launch(String master, Submitter submitter, Map<String, String> conf)
      throws Exception {
    return launch(master, submitter, ApplicationSettings.NONE.withConf(conf));
  }

  private RunningDriver launch(String master, Submitter submitter, ApplicationSettings asked)
      throws Exception {
    LaunchSettings settings = spark.clusterSettings(master);
    SparkLauncher launcher = new SparkLauncher(settings, Optional.empty(), submitter);
    try (launcher) {
      RunningDriver driver =
          launcher.launch(
              new LaunchSpec(
                  3,
                  1,
                  new SessionSettings(Kind.SPARK, asked, 0, Optional.empty(), Optional.empty())),
              nobody,
              log);
      await().atMost(PATIENCE).until(() -> log.page(0, -1).lines().contains("recorded"));
      return driver;
    }
  }

  private Submitter submitter(String master) {
    return new Submitter(
        spark.clusterSettings(master), (asked, installation) -> new EmptyCluster());
  }

  private Properties properties() throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(folder.resolve("properties"))) {
      properties.load(reader);
    }
    return properties;
  }

  private List<Path> files() throws IOException {
    Path work = folder.resolve("work");
    if (!Files.exists(work)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(work)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void yarnGetsTheDriverItsSettingsAndATag() throws Exception {
    try (Submitter submitter = submitter("yarn")) {
      launch(
          "yarn", submitter, Map.of("spark.yarn.tags", "mine", "spark.yarn.dist.files", "hdfs:/a"));
      List<String> arguments = TestingSpark.texts(folder.resolve("arguments"));
      assertThat(arguments.subList(2, arguments.size()))
          .containsExactly(
              "--class",
              "io.polybius.driver.DriverMain",
              "spark-internal",
              "polybius-driver.properties");
      Properties spark = properties();
      assertThat(spark.getProperty("spark.master")).isEqualTo("yarn");
      assertThat(spark.getProperty("spark.submit.deployMode")).isEqualTo("cluster");
      assertThat(spark.getProperty("spark.yarn.tags")).matches("mine,livy-session-3-[a-z0-9]{8}");
      assertThat(spark.getProperty("spark.yarn.dist.files").split(","))
          .satisfiesExactly(
              settings -> assertThat(settings).endsWith("/polybius-driver.properties"),
              jar -> assertThat(jar).isEqualTo("hdfs://nn/published/driver.jar"),
              own -> assertThat(own).isEqualTo("hdfs:/a"));
      assertThat(spark.getProperty("spark.yarn.archive"))
          .matches("hdfs://nn/published/spark-3\\.5\\.5-[0-9a-f]+\\.zip");
      assertThat(spark.getProperty("spark.driver.extraClassPath")).isEqualTo("driver.jar");
      assertThat(spark.getProperty("spark.yarn.maxAppAttempts")).isEqualTo("1");
      assertThat(spark.getProperty("spark.yarn.submit.waitAppCompletion")).isEqualTo("false");
      assertThat(log.page(0, -1).lines()).contains("\nYARN Diagnostics: ");
    }
  }

  @Test
  void standaloneClusterGetsSettingsInTheEnvironment() throws Exception {
    try (Submitter submitter = submitter("spark://h:1")) {
      launch("spark://h:1", submitter, Map.of());
      List<String> arguments = TestingSpark.texts(folder.resolve("arguments"));
      assertThat(arguments.subList(2, arguments.size()))
          .containsExactly(
              "--class",
              "io.polybius.driver.DriverMain",
              folder.resolve("driver.jar").toUri().toString(),
              "--environment");
      assertThat(Files.readAllLines(folder.resolve("environment")))
          .anyMatch(line -> line.startsWith("SPARK_POLYBIUS_DRIVER="));
      assertThat(properties().getProperty("spark.driver.extraJavaOptions"))
          .contains("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED")
          .contains("-Xss4m");
    }
  }

  @Test
  void anotherUserIsNamedToSparkSubmit() throws Exception {
    try (Submitter submitter = submitter("yarn")) {
      ApplicationSettings asked =
          new ApplicationSettings(
              Optional.empty(),
              Optional.of("alice"),
              Optional.empty(),
              OptionalInt.empty(),
              Optional.empty(),
              OptionalInt.empty(),
              OptionalInt.empty(),
              Optional.empty(),
              List.of(),
              List.of(),
              List.of(),
              List.of(),
              Map.of());
      launch("yarn", submitter, asked);
      assertThat(TestingSpark.texts(folder.resolve("arguments"))).contains("--proxy-user", "alice");
    }
  }

  @Test
  void podGetsSettingsInASecretThatIsDeletedWithoutIt() throws Exception {
    Files.createFile(spark.home().resolve("jars/spark-kubernetes_2.12-3.5.5.jar"));
    record(7);
    InMemoryPods pods = new InMemoryPods();
    String master = "k8s://https://h:1";
    try (Submitter submitter =
        new Submitter(spark.clusterSettings(master), (asked, installation) -> pods)) {
      RunningDriver driver = launch(master, submitter, Map.of());
      List<String> arguments = TestingSpark.texts(folder.resolve("arguments"));
      assertThat(arguments.subList(2, arguments.size()))
          .containsExactly(
              "--class",
              "io.polybius.driver.DriverMain",
              "spark-internal",
              "/etc/polybius/polybius-driver.properties");
      assertThat(properties().getProperty("the.driver"))
          .matches("local:///opt/.*\\.jar polybius-livy-session-3-[a-z0-9]{8} /etc/polybius");
      assertThat(pods.made).hasSize(1);
      assertThat(driver.exited().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .isEqualTo("spark-submit failed: exit code 7");
      await().atMost(PATIENCE).until(() -> pods.deleted.equals(pods.made));
    }
  }

  @Test
  void sparkWithoutKubernetesIsRefused() throws Exception {
    String master = "k8s://https://h:1";
    try (Submitter submitter = submitter(master)) {
      assertThatThrownBy(() -> launch(master, submitter, Map.of()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("has no spark-kubernetes jar");
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void failedSubmissionEndsTheDriverAndLeavesNothing() throws Exception {
    record(7);
    try (Submitter submitter = submitter("yarn")) {
      RunningDriver driver = launch("yarn", submitter, Map.of());
      assertThat(driver.exited().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .isEqualTo("spark-submit failed: exit code 7");
      await().untilAsserted(() -> assertThat(files()).isEmpty());
    }
  }

  @Test
  void failedSubmissionTellsItsCause() throws Exception {
    spark.submitBy(
        """
        echo recorded
        echo 'Exception in thread "main" java.io.FileNotFoundException: no a.jar' >&2
        echo '\tat org.apache.Spark.submit' >&2
        exit 1
        """);
    try (Submitter submitter = submitter("yarn")) {
      RunningDriver driver = launch("yarn", submitter, Map.of());
      assertThat(driver.exited().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .isEqualTo("spark-submit failed: exit code 1: java.io.FileNotFoundException: no a.jar");
    }
  }

  @Test
  void clusterThatCannotBeReachedIsRefusedAndLeavesNothing() throws Exception {
    try (Submitter submitter = new Submitter(spark.settings("yarn"), TestingSpark.noCluster())) {
      assertThatThrownBy(() -> launch("yarn", submitter, Map.of()))
          .isInstanceOf(LaunchException.class)
          .hasMessage("There is no cluster yarn.");
    }
    assertThat(files()).isEmpty();
  }
}
