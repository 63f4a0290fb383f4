package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.polybius.kubernetes.KubernetesClusterManager;
import io.polybius.kubernetes.testing.Manifests;
import io.polybius.kubernetes.testing.MockCluster;
import io.polybius.launch.cluster.PodCluster.DriverFiles;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The {@code spark-submit} of real Sparks, and a mock of a cluster. */
@Timeout(600)
class KubernetesSubmitIT {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String TAG = "session-1-abc";
  private static final String SECRET = "polybius-session-1-abc";
  private static final String SECRET_FOLDER = "/run/polybius-driver";

  private static final Pattern PATH =
      Pattern.compile("/api/v1/namespaces/spark/(?<kind>\\w+)(/(?<name>[^/?]+)(?<part>/log)?)?");

  /** Whose {@code spark-submit} it is. */
  enum Spark {
    VERSION_3(PythonEnvironment.CLIENTS),
    VERSION_4(PythonEnvironment.SPARK4);

    private final PythonEnvironment environment;

    Spark(PythonEnvironment environment) {
      this.environment = environment;
    }
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void driverIsSubmittedFoundWatchedAndEndedWithTheRightsThatAreDocumented(Spark spark)
      throws Exception {
    try (MockCluster cluster = new MockCluster();
        KubernetesClusterManager manager = new KubernetesClusterManager(cluster.access())) {
      manager.createSecret(SECRET, Map.of("driver.properties", new byte[] {1}), Map.of());
      submit(spark, settings(manager));

      ClusterApplication application = manager.find(TAG).orElseThrow();
      assertThat(application.id()).startsWith("spark-");
      manager.tieSecret(SECRET, application.id());
      Set<String> used = used(cluster);

      Pod pod = cluster.client().pods().list().getItems().get(0);
      assertThat(application.diagnostics()).contains(pod.getMetadata().getName());
      assertThat(driverContainerMounts(pod)).contains(SECRET_FOLDER);
      assertThat(cluster.client().configMaps().list().getItems().get(0).getData())
          .hasEntrySatisfying(
              "spark.properties",
              text ->
                  assertThat(text)
                      .contains(
                          "spark.driver.extraClassPath=/opt/polybius/lib/polybius-driver.jar"));

      cluster.become(pod.getMetadata().getName(), running());
      used(cluster);
      assertThat(manager.application(application.id()).orElseThrow().state())
          .isEqualTo(State.RUNNING);
      manager.newestLines(application.id(), 10);
      manager.kill(application.id());
      manager.deleteSecret(SECRET);
      used.addAll(used(cluster));
      assertThat(manager.find(TAG)).isEmpty();

      // That is what a submission that fails half way needs.
      used.addAll(Set.of("delete services", "delete configmaps"));
      assertThat(used).isEqualTo(documented());
    }
  }

  private static Map<String, String> settings(KubernetesClusterManager manager) {
    return manager.submission(
        TAG,
        Map.of(
            "spark.app.name",
            "a session",
            "spark.kubernetes.container.image",
            "registry.example/spark"),
        Optional.of(new DriverFiles(DriverFiles.USUAL_JAR, SECRET, SECRET_FOLDER)));
  }

  private void submit(Spark spark, Map<String, String> settings)
      throws IOException, InterruptedException {
    Path home = spark.environment.spark();
    Properties properties = new Properties();
    properties.putAll(settings);
    Path file = folder.resolve("spark.properties");
    try (Writer out = Files.newBufferedWriter(file)) {
      properties.store(out, null);
    }
    Commands.Result submitted =
        Commands.run(
            PATIENCE,
            folder,
            Map.of("SPARK_HOME", home.toString(), "JAVA_HOME", System.getProperty("java.home")),
            List.of(
                home.resolve("bin/spark-submit").toString(),
                "--properties-file",
                file.toString(),
                "--class",
                "io.polybius.driver.DriverMain",
                "spark-internal",
                SECRET_FOLDER + "/driver.properties"));
    assertThat(submitted.exitCode()).as(submitted.output()).isZero();
  }

  private static List<String> driverContainerMounts(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .filter(container -> container.getName().equals("spark-kubernetes-driver"))
        .flatMap(container -> container.getVolumeMounts().stream())
        .map(VolumeMount::getMountPath)
        .toList();
  }

  private static PodStatus running() {
    return new PodStatusBuilder()
        .withPhase("Running")
        .addNewContainerStatus()
        .withName("spark-kubernetes-driver")
        .withNewState()
        .withNewRunning()
        .endRunning()
        .endState()
        .endContainerStatus()
        .build();
  }

  /** Returns what the requests since the last call need, such as {@code list pods}. */
  private static Set<String> used(MockCluster cluster) throws InterruptedException {
    Set<String> rights = new HashSet<>();
    RecordedRequest request = cluster.server().takeRequest(1, TimeUnit.SECONDS);
    while (request != null) {
      Matcher path = PATH.matcher(request.getPath());
      assertThat(path.lookingAt()).as(request.getPath()).isTrue();
      String kind = path.group("kind") + Optional.ofNullable(path.group("part")).orElse("");
      switch (request.method()) {
        case POST -> rights.add("create " + kind);
        case PATCH -> {
          rights.add("patch " + kind);
          if (request.getPath().contains("fieldManager=")) {
            // What is applied and is not there is made.
            rights.add("create " + kind);
          }
        }
        case DELETE -> rights.add("delete " + kind);
        case GET -> rights.add((path.group("name") == null ? "list " : "get ") + kind);
        default -> rights.add(request.getMethod() + " " + kind);
      }
      request = cluster.server().takeRequest(1, TimeUnit.MILLISECONDS);
    }
    return rights;
  }

  private static Set<String> documented() throws IOException {
    return Manifests.read().stream()
        .filter(manifest -> manifest.getMetadata().getName().equals("polybius"))
        .filter(Role.class::isInstance)
        .map(Role.class::cast)
        .flatMap(role -> role.getRules().stream())
        .flatMap(
            rule ->
                rule.getResources().stream()
                    .flatMap(kind -> rule.getVerbs().stream().map(verb -> verb + " " + kind)))
        .collect(Collectors.toSet());
  }
}
