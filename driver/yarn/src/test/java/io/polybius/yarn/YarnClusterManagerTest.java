package io.polybius.yarn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client at the wire, in its own class loader as in the server. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class YarnClusterManagerTest {

  @TempDir private Path folder;

  @Test
  void newestApplicationWithTheTagIsFound() throws IOException {
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      yarn.set(
          1, YarnApplicationState.FINISHED, FinalApplicationStatus.SUCCEEDED, "livy-session-3");
      String newest =
          yarn.set(
              3, YarnApplicationState.ACCEPTED, FinalApplicationStatus.UNDEFINED, "livy-session-3");
      yarn.set(2, YarnApplicationState.RUNNING, FinalApplicationStatus.UNDEFINED, "livy-session-3");
      yarn.set(4, YarnApplicationState.RUNNING, FinalApplicationStatus.UNDEFINED, "livy-session-4");

      assertThat(client.find("Livy-Session-3")).map(ClusterApplication::id).contains(newest);
      assertThat(client.find("livy-session-5")).isEmpty();
    }
  }

  @Test
  void applicationIsToldWithItsQueueLinksAndDiagnostics() throws IOException {
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      String id = yarn.set(7, YarnApplicationState.RUNNING, FinalApplicationStatus.UNDEFINED);

      assertThat(client.application(id))
          .contains(
              new ClusterApplication(
                  id,
                  State.RUNNING,
                  Optional.of("root.small"),
                  Optional.of("http://rm:8088/proxy/" + id + "/"),
                  Optional.of(
                      "http://node:8042/node/containerlogs/container_1700000000000_0007_01_000001/alice"),
                  "AM container is launched.\nWait."));
    }
  }

  @Test
  void applicationThatHasEndedKeepsTheLinkToItsLog() throws IOException {
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      String id = yarn.set(7, YarnApplicationState.ACCEPTED, FinalApplicationStatus.UNDEFINED);
      assertThat(client.application(id)).flatMap(ClusterApplication::driverLogUrl).isEmpty();

      yarn.set(7, YarnApplicationState.RUNNING, FinalApplicationStatus.UNDEFINED);
      Optional<String> link = client.application(id).flatMap(ClusterApplication::driverLogUrl);
      yarn.set(7, YarnApplicationState.KILLED, FinalApplicationStatus.KILLED);

      assertThat(link).isPresent();
      assertThat(client.application(id)).map(ClusterApplication::state).contains(State.KILLED);
      assertThat(client.application(id).flatMap(ClusterApplication::driverLogUrl)).isEqualTo(link);
    }
  }

  @Test
  void applicationThatYarnDoesNotKnowIsEmptyAndNotKilled() throws IOException {
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      assertThat(client.application("application_1700000000000_0099")).isEmpty();
      assertThat(client.application("driver-20260101-0001")).isEmpty();

      client.kill("application_1700000000000_0099");
      client.kill("driver-20260101-0001");

      assertThat(yarn.killed()).isEmpty();
    }
  }

  @Test
  void killReachesYarn() throws IOException {
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      String id = yarn.set(7, YarnApplicationState.RUNNING, FinalApplicationStatus.UNDEFINED);

      client.kill(id);

      assertThat(yarn.killed()).containsExactly(id);
    }
  }

  @Test
  void resourceManagerThatComesBackIsFoundAgain() throws IOException {
    try (ScriptedResourceManager first = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, first.port(), folder)) {
      int port = first.port();
      assertThat(client.find("livy-session-1")).isEmpty();
      first.close();

      assertThatThrownBy(() -> client.find("livy-session-1"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(":" + port);

      try (ScriptedResourceManager second = new ScriptedResourceManager(port)) {
        String id =
            second.set(
                1,
                YarnApplicationState.RUNNING,
                FinalApplicationStatus.UNDEFINED,
                "livy-session-1");
        assertThat(client.find("livy-session-1")).map(ClusterApplication::id).contains(id);
      }
    }
  }

  @Test
  void resourceManagerThatIsSilentIsNotWaitedForLong() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        ClusterManager client = Client.open(folder, silent.getLocalPort(), folder)) {
      assertThatThrownBy(() -> client.application("application_1700000000000_0001"))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> client.kill("application_1700000000000_0001"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void callsLeaveTheThreadAsItWas() throws IOException {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (ScriptedResourceManager yarn = new ScriptedResourceManager(0);
        ClusterManager client = Client.open(folder, yarn.port(), folder)) {
      client.find("livy-session-1");

      assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
    }
  }
}
