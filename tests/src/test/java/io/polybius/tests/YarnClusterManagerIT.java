package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.cluster.TestCluster;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.IsolatedYarn;
import io.polybius.server.Installation;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The YARN client of the distribution at real daemons. */
@Timeout(300)
class YarnClusterManagerIT {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static TestCluster cluster;
  private static ClusterManager yarn;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws IOException {
    cluster = TestCluster.start();
    Installation installation = Installation.at(Commands.HOME);
    try (Stream<Path> files = Files.list(installation.embeddedSpark())) {
      yarn =
          IsolatedYarn.open(
              new IsolatedYarn.Settings(
                  installation.yarnLibrary(),
                  files.filter(file -> file.toString().endsWith(".jar")).sorted().toList(),
                  Map.of("HADOOP_CONF_DIR", cluster.configuration().toString()),
                  Optional.empty(),
                  IsolatedYarn.Settings.DEFAULT_PATIENCE));
    }
  }

  @AfterAll
  static void end() throws IOException {
    if (yarn != null) {
      yarn.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void applicationIsFoundByItsTagAlsoAfterARestartOfYarnAndKilled() throws Exception {
    assertThat(yarn.find("livy-session-0-abc")).isEmpty();
    String id = submitSleep("Livy-Session-0-abc");

    ClusterApplication found =
        await()
            .atMost(PATIENCE)
            .until(
                () -> yarn.find("livy-session-0-abc"),
                application -> application.map(ClusterApplication::state).equals(accepted()))
            .orElseThrow();
    assertThat(found.id()).isEqualTo(id);
    assertThat(found.queue()).contains(TestCluster.SMALL_QUEUE);

    cluster.restartResourceManager();

    assertThat(yarn.application(id)).map(ClusterApplication::id).contains(id);
    yarn.kill(id);
    ClusterApplication killed =
        await()
            .atMost(PATIENCE)
            .until(
                () -> yarn.application(id).orElseThrow(),
                application -> application.state().isFinal());
    assertThat(killed.state()).isEqualTo(State.KILLED);
    assertThat(killed.diagnostics()).contains("killed by user");
    yarn.kill(id);
  }

  @Test
  void fileIsPublishedToTheHomeInHdfsOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("driver.jar"), "the driver");

    String address = yarn.publish(file);

    assertThat(address)
        .startsWith(
            cluster.fileSystem() + "/user/" + System.getProperty("user.name") + "/.polybius/")
        .endsWith("/driver.jar");
    assertThat(yarn.publish(file)).isEqualTo(address);
  }

  private static Optional<State> accepted() {
    return Optional.of(State.ACCEPTED);
  }

  /** Submits an application that does nothing, which never says that it runs. */
  private static String submitSleep(String tag) throws IOException, InterruptedException {
    ObjectMapper json = new ObjectMapper();
    String id = json.readTree(post("new-application", "")).path("application-id").asText();
    post(
        "",
        json.writeValueAsString(
            Map.of(
                "application-id",
                id,
                "application-name",
                "sleep",
                "queue",
                TestCluster.SMALL_QUEUE,
                "max-app-attempts",
                1,
                "application-tags",
                Map.of("tag", tag),
                "am-container-spec",
                Map.of("commands", Map.of("command", "sleep 600")),
                "resource",
                Map.of("memory", 128, "vCores", 1))));
    return id;
  }

  private static String post(String path, String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                cluster
                    .resourceManagerWeb()
                    .resolve(
                        "/ws/v1/cluster/apps%s?user.name=%s"
                            .formatted(
                                path.isEmpty() ? "" : "/" + path, System.getProperty("user.name"))))
            .header("Content-Type", "application/json")
            .timeout(PATIENCE)
            .POST(BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
