package io.polybius.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a pod's status, as the API shows it, is for us. */
@Timeout(60)
class DriverPodTest {

  private static final String SCHEDULED =
      """
      conditions: [{type: PodScheduled, status: "True"}]
      """;

  @ParameterizedTest
  @CsvSource({
    "Pending, SUBMITTED",
    "Running, RUNNING",
    "Unknown, RUNNING",
    "Succeeded, SUCCEEDED",
    "Failed, FAILED"
  })
  void phaseIsTheState(String phase, State state) {
    assertThat(pod("phase: " + phase).state()).isEqualTo(state);
  }

  @Test
  void podWithoutStatusIsSubmitted() {
    Pod bare = new PodBuilder(pod("phase: Pending").pod()).withStatus(null).build();
    assertThat(new DriverPod(bare).state()).isEqualTo(State.SUBMITTED);
  }

  @Test
  void podThatWasPutOnANodeIsAccepted() {
    assertThat(pod("phase: Pending\n" + SCHEDULED).state()).isEqualTo(State.ACCEPTED);
  }

  @Test
  void podThatFitsNowhereIsAcceptedAndSaysWhy() {
    ClusterApplication application =
        pod("""
                phase: Pending
                conditions:
                - type: PodScheduled
                  status: "False"
                  reason: Unschedulable
                  message: "0/3 nodes are available: 3 Insufficient memory."
                """)
            .application(List.of());
    assertThat(application.state()).isEqualTo(State.ACCEPTED);
    assertThat(application.diagnostics())
        .isEqualTo(
            """
            pod pi-driver in namespace spark: Pending
            PodScheduled: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.""");
  }

  @Test
  void imageThatIsNotThereIsNamed() {
    ClusterApplication application =
        pod("""
                phase: Pending
                conditions:
                - {type: PodScheduled, status: "True"}
                - type: ContainersReady
                  status: "False"
                  reason: ContainersNotReady
                  message: "containers with unready status: [spark-kubernetes-driver]"
                containerStatuses:
                - name: spark-kubernetes-driver
                  state:
                    waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image "no/such"'}
                """)
            .application(List.of());
    assertThat(application.state()).isEqualTo(State.ACCEPTED);
    assertThat(application.diagnostics())
        .isEqualTo(
            """
            pod pi-driver in namespace spark: Pending
            container spark-kubernetes-driver waits: ImagePullBackOff: Back-off pulling image "no/such\"""");
  }

  @Test
  void driverThatTookTooMuchMemoryHasFailedAndSaysSo() {
    ClusterApplication application =
        pod("""
                phase: Failed
                containerStatuses:
                - name: spark-kubernetes-driver
                  state:
                    terminated: {exitCode: 137, reason: OOMKilled}
                """)
            .application(List.of());
    assertThat(application.state()).isEqualTo(State.FAILED);
    assertThat(application.diagnostics())
        .isEqualTo(
            """
            pod pi-driver in namespace spark: Failed
            container spark-kubernetes-driver ended with exit code 137: OOMKilled""");
  }

  @Test
  void evictedPodHasFailedAndSaysWhy() {
    ClusterApplication application =
        pod("""
                phase: Failed
                reason: Evicted
                message: "The node was low on resource: memory."
                """)
            .application(List.of());
    assertThat(application.state()).isEqualTo(State.FAILED);
    assertThat(application.diagnostics())
        .isEqualTo(
            "pod pi-driver in namespace spark: Failed: Evicted: The node was low on resource:"
                + " memory.");
  }

  @Test
  void initContainerThatFailsIsNamed() {
    assertThat(
            pod("""
                    phase: Pending
                    initContainerStatuses:
                    - name: fetch
                      state: {terminated: {exitCode: 2, reason: Error}}
                    """)
                .application(List.of())
                .diagnostics())
        .contains("container fetch ended with exit code 2: Error");
  }

  @Test
  void driverThatHasEndedDecidesThoughAProxyInItsPodRunsOn() {
    String template =
        """
        phase: Running
        containerStatuses:
        - name: proxy
          state: {running: {startedAt: "2026-03-01T10:00:00Z"}}
        - name: spark-kubernetes-driver
          state: {terminated: {exitCode: %d}}
        """;
    assertThat(pod(template.formatted(0)).state()).isEqualTo(State.SUCCEEDED);
    assertThat(pod(template.formatted(1)).state()).isEqualTo(State.FAILED);
  }

  @Test
  void proxyThatHasEndedDecidesNothing() {
    assertThat(
            pod("""
                    phase: Running
                    containerStatuses:
                    - name: proxy
                      state: {terminated: {exitCode: 1}}
                    - name: spark-kubernetes-driver
                      state: {running: {startedAt: "2026-03-01T10:00:00Z"}}
                    """)
                .state())
        .isEqualTo(State.RUNNING);
  }

  @Test
  void podThatIsDeletedRunsUntilItsDriverHasEndedAndIsKilledThen() {
    assertThat(deleted(pod("phase: Running")).state()).isEqualTo(State.RUNNING);
    assertThat(deleted(pod("phase: Failed")).state()).isEqualTo(State.KILLED);
    assertThat(deleted(pod("phase: Succeeded")).state()).isEqualTo(State.SUCCEEDED);
    assertThat(deleted(pod("phase: Running")).application(List.of()).diagnostics())
        .isEqualTo("pod pi-driver in namespace spark: Running, being deleted");
  }

  @Test
  void disruptionIsNamed() {
    assertThat(
            pod("""
                    phase: Running
                    conditions:
                    - {type: PodScheduled, status: "True"}
                    - {type: Ready, status: "True", message: "all is well"}
                    - type: DisruptionTarget
                      status: "True"
                      reason: EvictionByEvictionAPI
                      message: "Eviction API: evicting"
                    """)
                .application(List.of())
                .diagnostics())
        .isEqualTo(
            """
            pod pi-driver in namespace spark: Running
            DisruptionTarget: EvictionByEvictionAPI: Eviction API: evicting""");
  }

  @Test
  void warningsAreToldOnceEach() {
    Event warning =
        new EventBuilder().withReason("FailedMount").withMessage("secret \"s1\" not found").build();
    assertThat(pod("phase: Pending").application(List.of(warning, warning)).diagnostics())
        .isEqualTo(
            """
            pod pi-driver in namespace spark: Pending
            event: FailedMount: secret "s1" not found""");
  }

  @Test
  void driverOfATemplateIsFoundWhateverItsContainerIsCalled() {
    Pod renamed =
        new PodBuilder(pod("phase: Running").pod())
            .editSpec()
            .editLastContainer()
            .withName("mine")
            .endContainer()
            .endSpec()
            .build();
    assertThat(new DriverPod(renamed).container()).contains("mine");
  }

  @Test
  void newestIsTheOneThatWasMadeLast() {
    assertThat(
            Stream.of("2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T11:59:59Z")
                .map(DriverPodTest::created)
                .max(DriverPod.BY_AGE))
        .contains(created("2026-03-01T12:00:00Z"));
  }

  private static DriverPod created(String time) {
    return new DriverPod(
        new PodBuilder(pod("phase: Running").pod())
            .editMetadata()
            .withCreationTimestamp(time)
            .endMetadata()
            .build());
  }

  private static DriverPod deleted(DriverPod driver) {
    return new DriverPod(
        new PodBuilder(driver.pod())
            .editMetadata()
            .withDeletionTimestamp("2026-03-01T11:00:00Z")
            .endMetadata()
            .build());
  }

  private static DriverPod pod(String status) {
    String document =
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: pi-driver
          namespace: spark
          labels: {spark-role: driver, spark-app-selector: spark-1}
        spec:
          containers:
          - name: proxy
          - name: spark-kubernetes-driver
            env: [{name: SPARK_DRIVER_BIND_ADDRESS}]
        status:
        """
            + status.indent(2);
    return new DriverPod(Serialization.unmarshal(document, Pod.class));
  }
}
