package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import io.polybius.session.ProcessLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is known of applications, whatever their cluster does. */
@Timeout(60)
class WatchedApplicationsTest {

  private static final String TAG = "livy-session-0-abcdefgh";
  private static final String ID = "application_1_0001";

  /** A cluster in memory. */
  private static final class InMemoryCluster implements ClusterManager {

    private final Map<String, String> ids = new ConcurrentHashMap<>();
    private final Map<String, ClusterApplication> applications = new ConcurrentHashMap<>();
    private final Set<String> removed = ConcurrentHashMap.newKeySet();
    private volatile boolean away;

    void put(State state, String diagnostics) {
      applications.put(
          ID,
          new ClusterApplication(
              ID, state, Optional.of("default"), Optional.empty(), Optional.empty(), diagnostics));
      ids.put(TAG, ID);
    }

    @Override
    public Optional<ClusterApplication> find(String tag) throws IOException {
      answer();
      return Optional.ofNullable(ids.get(tag)).map(applications::get);
    }

    @Override
    public Optional<ClusterApplication> application(String id) throws IOException {
      answer();
      return Optional.ofNullable(applications.get(id));
    }

    @Override
    public void kill(String id) throws IOException {
      answer();
      put(State.KILLED, "Killed by user.");
    }

    @Override
    public void removeFiles(String id) throws IOException {
      answer();
      removed.add(id);
    }

    @Override
    public String publish(Path file) {
      return file.toString();
    }

    @Override
    public void close() {}

    private void answer() throws IOException {
      if (away) {
        throw new IOException("connection refused");
      }
    }
  }

  private final InMemoryCluster cluster = new InMemoryCluster();
  private final ProcessLog log = new ProcessLog();
  private WatchedApplications applications = watching(Duration.ofMinutes(1));

  private WatchedApplications watching(Duration lookupTimeout) {
    return new WatchedApplications(
        "YARN",
        cluster,
        new ClusterSettings(
            "cluster",
            List.of(),
            List.of(0),
            lookupTimeout,
            Duration.ofMillis(100),
            Duration.ofMinutes(1),
            Duration.ofMillis(100),
            Optional.empty(),
            Optional.empty()));
  }

  @AfterEach
  void close() {
    applications.close();
  }

  private List<String> lines() {
    return log.page(0, -1).lines();
  }

  private State state() {
    return cluster.applications.get(ID).state();
  }

  @Test
  void whatTheClusterSaysIsToldAndLogged() {
    List<State> told = new CopyOnWriteArrayList<>();
    Watched watched = applications.watch(TAG, log);
    watched.follow(application -> told.add(application.state()));
    cluster.put(State.ACCEPTED, "Queue's AM resource limit exceeded.");
    await().until(() -> told.contains(State.ACCEPTED));
    cluster.put(State.RUNNING, "");
    await().until(() -> told.contains(State.RUNNING));
    cluster.put(State.FAILED, "AM Container exited with exitCode: 13");

    WatchedApplications.End end = watched.ended().join();
    assertThat(end.application()).map(ClusterApplication::state).contains(State.FAILED);
    assertThat(end.how())
        .isEqualTo("application " + ID + " is FAILED: AM Container exited with exitCode: 13");
    assertThat(told).containsExactly(State.ACCEPTED, State.RUNNING, State.FAILED);
    assertThat(lines())
        .containsExactly(
            "stdout: ",
            "\nstderr: ",
            "\nYARN Diagnostics: ",
            ID + " is ACCEPTED in queue default.",
            "Queue's AM resource limit exceeded.",
            ID + " is RUNNING in queue default.",
            ID + " is FAILED in queue default.",
            "AM Container exited with exitCode: 13");
    assertThat(cluster.removed).containsExactly(ID);
  }

  @Test
  void whatDiffersInItsTimeOnlyIsLoggedOnce() {
    List<String> told = new CopyOnWriteArrayList<>();
    Watched watched = applications.watch(TAG, log);
    watched.follow(application -> told.add(application.diagnostics()));
    for (int second = 10; second < 13; second++) {
      String diagnostics = "[Fri Nov 27 23:42:" + second + " +0000 2026] Application is waiting.";
      cluster.put(State.ACCEPTED, diagnostics);
      await().until(() -> told.contains(diagnostics));
    }
    assertThat(lines()).filteredOn(line -> line.endsWith("Application is waiting.")).hasSize(1);
  }

  @Test
  void oneThatHasSucceededRemovesItsFilesItself() {
    Watched watched = applications.watch(TAG, log);
    cluster.put(State.SUCCEEDED, "");
    watched.ended().join();
    assertThat(cluster.removed).isEmpty();
  }

  @Test
  void oneThatAppearsTooLateIsKilled() {
    applications.close();
    applications = watching(Duration.ofMillis(1));
    Watched watched = applications.watch(TAG, log);

    assertThat(watched.ended().join().how()).startsWith("No application appeared within");
    cluster.put(State.RUNNING, "");
    await().until(() -> state() == State.KILLED);
  }

  @Test
  void oneThatMayComeLateIsWaitedFor() {
    applications.close();
    applications = watching(Duration.ofMillis(100));
    Watched watched = applications.watch(TAG, log);
    watched.mayComeLate();

    await()
        .during(Duration.ofSeconds(2))
        .atMost(Duration.ofSeconds(10))
        .until(() -> !watched.ended().isDone());
    cluster.put(State.RUNNING, "");
    await().until(() -> watched.known().isPresent());
  }

  @Test
  void clusterThatDoesNotAnswerKeepsNobodyWaiting() {
    cluster.away = true;
    applications.close();
    applications = watching(Duration.ofMillis(100));
    Watched watched = applications.watch(TAG, log);

    assertThat(watched.ended().join().how()).startsWith("No application appeared within");
    await()
        .untilAsserted(
            () -> assertThat(lines()).contains("YARN does not answer: connection refused"));
  }

  @Test
  void whoHasKilledItIsKnown() {
    Watched ours = applications.watch(TAG, log);
    cluster.put(State.RUNNING, "");
    await().until(() -> ours.known().isPresent());
    ours.kill();
    assertThat(ours.ended().join().killedByUs()).isTrue();

    cluster.put(State.RUNNING, "");
    Watched theirs = applications.watch(TAG, log);
    await().until(() -> theirs.known().isPresent());
    cluster.put(State.KILLED, "Killed by user.");
    assertThat(theirs.ended().join().killedByUs()).isFalse();
  }

  @Test
  void oneThatIsKilledBeforeItAppearsIsKilledThen() {
    Watched watched = applications.watch(TAG, log);
    watched.kill();

    assertThat(watched.ended().join().application()).isEmpty();
    cluster.put(State.ACCEPTED, "");
    await().until(() -> state() == State.KILLED);
  }

  @Test
  void oneWhoseSubmissionFailedIsNotWaitedFor() {
    Watched watched = applications.watch(TAG, log);
    watched.submissionFailed("spark-submit failed: exit code 1");

    assertThat(watched.ended().join().how()).isEqualTo("spark-submit failed: exit code 1");
  }

  @Test
  void clusterThatIsAwayForATimeLosesNothing() {
    Watched watched = applications.watch(TAG, log);
    cluster.put(State.RUNNING, "");
    await().until(() -> watched.known().isPresent());
    cluster.away = true;
    await().until(() -> lines().contains("YARN does not answer: connection refused"));
    assertThat(watched.ended()).isNotDone();
    cluster.away = false;
    await().until(() -> lines().contains("YARN answers again."));
    watched.kill();

    assertThat(watched.ended().join().application())
        .map(ClusterApplication::state)
        .contains(State.KILLED);
  }

  @Test
  void oneThatTheClusterHasForgottenHasEnded() {
    Watched watched = applications.watch(TAG, log);
    cluster.put(State.RUNNING, "");
    await().until(() -> watched.known().isPresent());
    cluster.applications.clear();

    assertThat(watched.ended().join().how()).endsWith("YARN does not know it any more.");
  }

  @Test
  void theEndOfTheServerKillsWhatWasToEnd() {
    Watched killed = applications.watch(TAG, log);
    cluster.away = true;
    cluster.put(State.RUNNING, "");
    killed.kill();
    cluster.away = false;
    applications.close();

    assertThat(state()).isEqualTo(State.KILLED);
    assertThat(killed.ended()).isDone();
  }

  @Test
  void theEndOfTheServerLeavesOthers() {
    Watched left = applications.watch(TAG, log);
    cluster.put(State.RUNNING, "");
    await().until(() -> left.known().isPresent());
    applications.close();

    assertThat(state()).isEqualTo(State.RUNNING);
    assertThat(left.ended()).isNotDone();
  }
}
