package io.polybius.kubernetes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The pod in which a driver is, as the cluster has told of it.
 *
 * @param pod what it told
 */
record DriverPod(Pod pod) {

  /** The newest is the last. */
  static final Comparator<DriverPod> BY_AGE = Comparator.comparing(DriverPod::created);

  String name() {
    return pod.getMetadata().getName();
  }

  String uid() {
    return pod.getMetadata().getUid();
  }

  /** Returns when it was made, in a form whose order is that of time. */
  private String created() {
    return Objects.requireNonNullElse(pod.getMetadata().getCreationTimestamp(), "");
  }

  /** Returns what is known of the application, with what has gone wrong with its pod. */
  ClusterApplication application(List<Event> warnings) {
    return new ClusterApplication(
        pod.getMetadata().getLabels().get(SparkLabels.APPLICATION),
        state(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        diagnostics(warnings));
  }

  /** Returns how far the application is. */
  State state() {
    String phase = phase();
    Optional<ContainerStateTerminated> end = end();
    if (phase.equals("Succeeded")) {
      return State.SUCCEEDED;
    }
    if (phase.equals("Failed")) {
      return failed();
    }
    // Further containers of a pod, such as proxies, can outlive the driver.
    if (end.isPresent()) {
      return Objects.equals(end.get().getExitCode(), 0) ? State.SUCCEEDED : failed();
    }
    if (phase.equals("Running") || phase.equals("Unknown")) {
      return State.RUNNING;
    }
    return conditions().anyMatch(condition -> condition.getType().equals("PodScheduled"))
        ? State.ACCEPTED
        : State.SUBMITTED;
  }

  /** A driver whose pod is deleted ends as if it had failed. */
  private State failed() {
    return pod.getMetadata().getDeletionTimestamp() == null ? State.FAILED : State.KILLED;
  }

  /** Returns the container that Spark runs in. */
  Optional<String> container() {
    List<Container> containers = pod.getSpec() == null ? List.of() : pod.getSpec().getContainers();
    return containers.stream()
        .filter(
            container ->
                container.getEnv().stream()
                    .anyMatch(v -> v.getName().equals(SparkLabels.DRIVER_ADDRESS_VARIABLE)))
        .findFirst()
        .or(() -> containers.stream().findFirst())
        .map(Container::getName);
  }

  /** Returns whether the driver has begun, so that there may be a log. */
  boolean hasBegun() {
    return driverState()
        .filter(state -> state.getRunning() != null || state.getTerminated() != null)
        .isPresent();
  }

  private Optional<ContainerStateTerminated> end() {
    return driverState().map(ContainerState::getTerminated);
  }

  private Optional<ContainerState> driverState() {
    Optional<String> container = container();
    return status().stream()
        .flatMap(status -> status.getContainerStatuses().stream())
        .filter(status -> container.isPresent() && status.getName().equals(container.get()))
        .findFirst()
        .map(ContainerStatus::getState);
  }

  private String diagnostics(List<Event> warnings) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "pod "
            + name()
            + " in namespace "
            + pod.getMetadata().getNamespace()
            + Optional.ofNullable(pod.getSpec())
                .map(spec -> spec.getNodeName())
                .map(node -> " on node " + node)
                .orElse("")
            + ": "
            + phase()
            + status().map(s -> because(s.getReason(), s.getMessage())).orElse("")
            + (pod.getMetadata().getDeletionTimestamp() == null ? "" : ", being deleted"));
    conditions()
        .filter(DriverPod::tellsOfTrouble)
        .map(c -> c.getType() + because(c.getReason(), c.getMessage()))
        .forEach(lines::add);
    Stream.concat(
            status().stream().flatMap(status -> status.getInitContainerStatuses().stream()),
            status().stream().flatMap(status -> status.getContainerStatuses().stream()))
        .flatMap(status -> describe(status).stream())
        .forEach(lines::add);
    warnings.stream()
        .map(event -> "event" + because(event.getReason(), event.getMessage()))
        .forEach(lines::add);
    return lines.stream().distinct().collect(Collectors.joining("\n"));
  }

  /** What a condition means when it is true differs; those with a message say what to know. */
  private static boolean tellsOfTrouble(PodCondition condition) {
    boolean disrupted = condition.getType().equals("DisruptionTarget");
    return condition.getStatus().equals(disrupted ? "True" : "False")
        && condition.getMessage() != null
        // The lines of the containers say the same with the cause.
        && !condition.getMessage().startsWith("containers with ");
  }

  private static Optional<String> describe(ContainerStatus status) {
    ContainerState state = status.getState();
    if (state == null) {
      return Optional.empty();
    }
    String container = "container " + status.getName();
    if (state.getWaiting() != null) {
      return Optional.of(
          container
              + " waits"
              + because(state.getWaiting().getReason(), state.getWaiting().getMessage()));
    }
    ContainerStateTerminated end = state.getTerminated();
    if (end == null || (Objects.equals(end.getExitCode(), 0) && end.getMessage() == null)) {
      return Optional.empty();
    }
    return Optional.of(
        container
            + " ended with exit code "
            + end.getExitCode()
            + because(end.getReason(), end.getMessage()));
  }

  private static String because(String reason, String message) {
    return Stream.of(reason, message)
        .filter(part -> part != null && !part.isBlank())
        .map(part -> ": " + part.strip())
        .collect(Collectors.joining());
  }

  private String phase() {
    return status().map(PodStatus::getPhase).orElse("Pending");
  }

  private Stream<PodCondition> conditions() {
    return status().stream().flatMap(status -> status.getConditions().stream());
  }

  private Optional<PodStatus> status() {
    return Optional.ofNullable(pod.getStatus());
  }
}
