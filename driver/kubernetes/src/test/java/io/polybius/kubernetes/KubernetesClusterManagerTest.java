package io.polybius.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.EventListBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.polybius.kubernetes.testing.MockCluster;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against the mock server of the client library, which keeps what it is sent. */
@Timeout(120)
class KubernetesClusterManagerTest {

  private static final String LOG =
      "/api/v1/namespaces/spark/pods/one/log?pretty=false&container=spark-kubernetes-driver"
          + "&tailLines=2&limitBytes=4194304";

  private final MockCluster cluster = new MockCluster();
  private final KubernetesClusterManager manager = new KubernetesClusterManager(cluster.access());

  @AfterEach
  void close() {
    manager.close();
    cluster.close();
  }

  @Test
  void applicationIsFoundByItsTag() throws IOException {
    cluster.submit("one", "s1");
    cluster.submit("two", "s2");
    assertThat(manager.find("s2")).map(ClusterApplication::id).contains("spark-of-two");
    assertThat(manager.find("s3")).isEmpty();
  }

  @Test
  void executorsAreNoApplications() throws IOException {
    Pod driver = cluster.submit("one", "s1");
    cluster
        .client()
        .pods()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName("one-exec-1")
                .withLabels(driver.getMetadata().getLabels())
                .addToLabels("spark-role", "executor")
                .endMetadata()
                .build())
        .create();
    assertThat(manager.find("s1").orElseThrow().diagnostics()).contains("pod one in");
  }

  @Test
  void stateFollowsThePod() throws IOException {
    cluster.submit("one", "s1");
    assertThat(state()).isEqualTo(State.SUBMITTED);
    cluster.become(
        "one",
        new PodStatusBuilder()
            .withPhase("Pending")
            .addNewCondition()
            .withType("PodScheduled")
            .withStatus("True")
            .endCondition()
            .build());
    assertThat(state()).isEqualTo(State.ACCEPTED);
    cluster.become("one", new PodStatusBuilder().withPhase("Running").build());
    assertThat(state()).isEqualTo(State.RUNNING);
    cluster.become("one", new PodStatusBuilder().withPhase("Succeeded").build());
    assertThat(state()).isEqualTo(State.SUCCEEDED);
    cluster.client().pods().withName("one").delete();
    assertThat(manager.application("spark-of-one")).isEmpty();
  }

  @Test
  void whatKeepsAPodFromStartingIsToldNewestFirst() throws Exception {
    Pod pod = cluster.submit("one", "s1");
    manager.find("s1");
    String events = lastRequest().getPath();
    assertThat(events).contains("/namespaces/spark/events?", pod.getMetadata().getUid(), "Warning");
    cluster
        .server()
        .expect()
        .get()
        .withPath(events)
        .andReturn(
            200,
            new EventListBuilder()
                .addToItems(
                    warning("2026-03-01T10:00:01Z", "FailedScheduling", "no room"),
                    warning("2026-03-01T10:00:02Z", "FailedMount", "no secret"))
                .build())
        .always();
    assertThat(manager.application("spark-of-one").orElseThrow().diagnostics())
        .endsWith("event: FailedMount: no secret\nevent: FailedScheduling: no room");
  }

  @Test
  void applicationIsToldWhereEventsMayNotBeRead() throws Exception {
    cluster.submit("one", "s1");
    manager.find("s1");
    String events = lastRequest().getPath();
    cluster.server().expect().get().withPath(events).andReturn(403, "{}").always();
    assertThat(manager.find("s1")).isPresent();
    assertThat(lastRequest().getPath()).isEqualTo(events);
  }

  @Test
  void killDeletesTheDriversPodOnly() throws IOException {
    cluster.submit("one", "s1");
    cluster.submit("two", "s2");
    cluster.become("one", new PodStatusBuilder().withPhase("Running").build());
    manager.kill("spark-of-one");
    assertThat(cluster.pod("one")).isEmpty();
    assertThat(cluster.pod("two")).isPresent();
  }

  @Test
  void killLeavesAloneWhatHasEndedOrIsUnknown() throws IOException {
    cluster.submit("one", "s1");
    cluster.become("one", new PodStatusBuilder().withPhase("Failed").build());
    manager.kill("spark-of-one");
    manager.kill("spark-of-nobody");
    assertThat(cluster.pod("one")).isPresent();
  }

  @Test
  void newestLinesAreThoseOfTheDriversContainer() throws IOException {
    cluster.submit("one", "s1");
    running("one");
    cluster.server().expect().get().withPath(LOG).andReturn(200, "one\ntwo\n").always();
    assertThat(manager.newestLines("spark-of-one", 2)).containsExactly("one", "two");
  }

  @Test
  void driverThatHasNotBegunHasNoLines() throws IOException {
    cluster.submit("one", "s1");
    assertThat(manager.newestLines("spark-of-one", 2)).isEmpty();
    assertThat(manager.newestLines("spark-of-nobody", 2)).isEmpty();
  }

  @Test
  void logThatHasGoneHasNoLinesAndOneThatIsForbiddenIsAFailure() throws IOException {
    cluster.submit("one", "s1");
    running("one");
    cluster.server().expect().get().withPath(LOG).andReturn(404, "{}").once();
    cluster.server().expect().get().withPath(LOG).andReturn(403, "{}").once();
    assertThat(manager.newestLines("spark-of-one", 2)).isEmpty();
    assertThatThrownBy(() -> manager.newestLines("spark-of-one", 2))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("Kubernetes refuses to read the log of pod one (403)");
  }

  @Test
  void secretHasItsFilesAndLabels() throws IOException {
    manager.createSecret(
        "polybius-s1", Map.of("key-store", new byte[] {0, -1, 7}), Map.of("spark-app-tag", "s1"));
    Secret secret = cluster.client().secrets().withName("polybius-s1").get();
    assertThat(Base64.getDecoder().decode(secret.getData().get("key-store")))
        .containsExactly(0, -1, 7);
    assertThat(secret.getMetadata().getLabels()).containsEntry("spark-app-tag", "s1");
    assertThat(secret.getImmutable()).isTrue();
    manager.deleteSecret("polybius-s1");
    assertThat(cluster.client().secrets().withName("polybius-s1").get()).isNull();
    manager.deleteSecret("polybius-s1");
  }

  @Test
  void secretIsNotReplaced() throws IOException {
    manager.createSecret("polybius-s1", Map.of("a", new byte[] {1}), Map.of());
    assertThatThrownBy(
            () -> manager.createSecret("polybius-s1", Map.of("a", new byte[] {2}), Map.of()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("409");
  }

  @Test
  void secretWhoseVolumeCouldHaveNoNameIsRefused() {
    for (String name : List.of("", "A", "a.b", "-a", "a-", "a".repeat(57))) {
      assertThatThrownBy(() -> manager.createSecret(name, Map.of(), Map.of()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void secretIsTiedToTheDriversPodWithoutBeingRead() throws Exception {
    Pod pod = cluster.submit("one", "s1");
    manager.createSecret("polybius-s1", Map.of("a", new byte[] {1}), Map.of("is", "kept"));
    requests();
    manager.tieSecret("polybius-s1", "spark-of-one");
    assertThat(requests())
        .filteredOn(request -> request.getPath().contains("/secrets"))
        .extracting(RecordedRequest::getMethod)
        .containsExactly("PATCH");
    Secret secret = cluster.client().secrets().withName("polybius-s1").get();
    assertThat(secret.getMetadata().getOwnerReferences())
        .singleElement()
        .satisfies(
            owner -> {
              assertThat(owner.getKind()).isEqualTo("Pod");
              assertThat(owner.getName()).isEqualTo("one");
              assertThat(owner.getUid()).isEqualTo(pod.getMetadata().getUid());
            });
    assertThat(secret.getData()).containsKey("a");
    assertThat(secret.getMetadata().getLabels()).containsEntry("is", "kept");
  }

  @Test
  void filesCannotBePublished() {
    assertThatThrownBy(() -> manager.publish(Path.of("/some/driver.jar")))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "Kubernetes has no file system to put driver.jar into. Let the image of the containers"
                + " have it.");
  }

  @Test
  void refusalSaysWhatIsForbidden() throws Exception {
    manager.find("s1");
    String pods = lastRequest().getPath();
    String message = "pods is forbidden: User \"nobody\" cannot list resource \"pods\"";
    cluster
        .server()
        .expect()
        .get()
        .withPath(pods)
        .andReturn(403, new StatusBuilder().withCode(403).withMessage(message).build())
        .always();
    assertThatThrownBy(() -> manager.find("s1"))
        .isInstanceOf(IOException.class)
        .hasMessage("Kubernetes refuses to list pods (403): " + message);
  }

  @Test
  void errorOfTheServerIsToldAtOnce() throws Exception {
    manager.find("s1");
    String pods = lastRequest().getPath();
    cluster.server().expect().get().withPath(pods).andReturn(500, "broken").always();
    assertThatThrownBy(() -> manager.find("s1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("(500)");
    assertThat(requests()).hasSize(1);
  }

  @Test
  void tokenIsReadAgainForEachCall(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "first\n");
    try (KubernetesClusterManager other =
        new KubernetesClusterManager(
            KubernetesAccess.of(
                cluster.master(),
                Map.of(
                    KubernetesAccess.NAMESPACE,
                    MockCluster.NAMESPACE,
                    KubernetesAccess.TOKEN_FILE,
                    file.toString())))) {
      other.find("s1");
      assertThat(lastRequest().getHeader("Authorization")).isEqualTo("Bearer first");
      Files.writeString(file, "second\n");
      other.find("s1");
      assertThat(lastRequest().getHeader("Authorization")).isEqualTo("Bearer second");
      Files.delete(file);
      assertThatThrownBy(() -> other.find("s1"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("token");
    }
  }

  @Test
  void tokenIsThatOfTheSettings() throws Exception {
    try (KubernetesClusterManager other =
        new KubernetesClusterManager(
            KubernetesAccess.of(
                cluster.master(), Map.of(KubernetesAccess.TOKEN, "of the settings")))) {
      other.find("s1");
      assertThat(lastRequest().getHeader("Authorization")).isEqualTo("Bearer of the settings");
    }
  }

  @Test
  void clusterThatIsNotThereIsAFailure() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (KubernetesClusterManager other = managerOf(port)) {
      assertThatThrownBy(() -> other.find("s1"))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("Kubernetes at http://127.0.0.1:" + port + " does not answer");
    }
  }

  @Test
  void clusterThatAcceptsButDoesNotAnswerIsAFailure() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        KubernetesClusterManager other = managerOf(socket.getLocalPort())) {
      assertThatThrownBy(() -> other.find("s1"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("does not answer");
    }
  }

  @Test
  void clusterThatStopsInTheMiddleOfAnAnswerIsAFailure() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        KubernetesClusterManager other = managerOf(socket.getLocalPort())) {
      List<Socket> accepted = new ArrayList<>();
      Thread half =
          new Thread(
              () -> {
                try {
                  Socket connection = socket.accept();
                  accepted.add(connection);
                  OutputStream out = connection.getOutputStream();
                  out.write(
                      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{\"items\""
                          .getBytes(StandardCharsets.US_ASCII));
                  out.flush();
                } catch (IOException e) {
                  // The test then fails for another reason.
                }
              });
      half.start();
      assertThatThrownBy(() -> other.find("s1"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("does not answer");
      half.join();
      accepted.get(0).close();
    }
  }

  @Test
  void callAfterCloseIsAFailure() {
    manager.close();
    assertThatThrownBy(() -> manager.find("s1")).isInstanceOf(IOException.class);
  }

  private static KubernetesClusterManager managerOf(int port) {
    return new KubernetesClusterManager(
        KubernetesAccess.of(
            "k8s://http://127.0.0.1:" + port, Map.of(KubernetesAccess.NAMESPACE, "spark")));
  }

  private static Event warning(String time, String reason, String message) {
    return new EventBuilder()
        .withType("Warning")
        .withLastTimestamp(time)
        .withReason(reason)
        .withMessage(message)
        .build();
  }

  private State state() throws IOException {
    return manager.application("spark-of-one").orElseThrow().state();
  }

  private void running(String name) {
    cluster.become(
        name,
        new PodStatusBuilder()
            .withPhase("Running")
            .addNewContainerStatus()
            .withName("spark-kubernetes-driver")
            .withNewState()
            .withNewRunning()
            .endRunning()
            .endState()
            .endContainerStatus()
            .build());
  }

  private RecordedRequest lastRequest() throws InterruptedException {
    List<RecordedRequest> all = requests();
    return all.get(all.size() - 1);
  }

  /** Returns the requests since the last call. */
  private List<RecordedRequest> requests() throws InterruptedException {
    List<RecordedRequest> all = new ArrayList<>();
    RecordedRequest next = cluster.server().takeRequest(1, TimeUnit.SECONDS);
    while (next != null) {
      all.add(next);
      next = cluster.server().takeRequest(1, TimeUnit.MILLISECONDS);
    }
    return all;
  }
}
