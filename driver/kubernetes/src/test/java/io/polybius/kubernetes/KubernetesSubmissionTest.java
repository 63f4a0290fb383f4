package io.polybius.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.launch.cluster.PodCluster.DriverFiles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KubernetesSubmissionTest {

  private static final String MASTER = "k8s://https://cluster:6443";
  private static final KubernetesAccess ACCESS = KubernetesAccess.of(MASTER, Map.of());

  @Test
  void batchIsTaggedAndNotWaitedFor() {
    assertThat(batch(ACCESS).settings(Map.of("spark.app.name", "mine")))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "spark.app.name", "mine",
                "spark.master", MASTER,
                "spark.submit.deployMode", "cluster",
                "spark.kubernetes.namespace", "jobs",
                "spark.kubernetes.submission.waitAppCompletion", "false",
                "spark.kubernetes.driver.label.spark-app-tag", "batch-1",
                "spark.kubernetes.executor.label.spark-app-tag", "batch-1"));
  }

  @Test
  void whatMakesItOursCannotBeAskedForOtherwise() {
    Map<String, String> asked = new HashMap<>();
    asked.put("spark.kubernetes.namespace", "kube-system");
    asked.put("spark.kubernetes.driver.label.spark-app-tag", "of-another");
    asked.put("spark.kubernetes.submission.waitAppCompletion", "true");
    assertThat(batch(ACCESS).settings(asked))
        .containsEntry("spark.kubernetes.namespace", "jobs")
        .containsEntry("spark.kubernetes.driver.label.spark-app-tag", "batch-1")
        .containsEntry("spark.kubernetes.submission.waitAppCompletion", "false");
  }

  @Test
  void sessionHasItsSecretAndTheDriverBeforeOtherClasses() {
    KubernetesSubmission session =
        new KubernetesSubmission(
            ACCESS,
            "jobs",
            "session-1",
            Optional.of(
                new DriverFiles(DriverFiles.USUAL_JAR, "polybius-s1", "/var/run/polybius")));
    assertThat(session.settings(Map.of()))
        .containsEntry("spark.kubernetes.driver.secrets.polybius-s1", "/var/run/polybius")
        .containsEntry("spark.driver.extraClassPath", "/opt/polybius/lib/polybius-driver.jar");
    assertThat(session.settings(Map.of("spark.driver.extraClassPath", "/a.jar:/b.jar")))
        .containsEntry(
            "spark.driver.extraClassPath", "/opt/polybius/lib/polybius-driver.jar:/a.jar:/b.jar");
  }

  @Test
  void credentialsOfTheServerTakeThePlaceOfAllThatAreAskedFor() {
    KubernetesAccess access =
        KubernetesAccess.of(
            MASTER,
            Map.of(
                KubernetesAccess.CLIENT_KEY_FILE, "/keys/key",
                KubernetesAccess.CLIENT_CERTIFICATE_FILE, "/keys/certificate",
                KubernetesAccess.CA_CERTIFICATE_FILE, "/keys/ca",
                KubernetesAccess.CONTEXT, "there"));
    assertThat(
            batch(access)
                .settings(
                    Map.of("spark.kubernetes.authenticate.submission.oauthToken", "of another")))
        .containsEntry("spark.kubernetes.authenticate.submission.clientKeyFile", "/keys/key")
        .containsEntry(
            "spark.kubernetes.authenticate.submission.clientCertFile", "/keys/certificate")
        .containsEntry("spark.kubernetes.authenticate.submission.caCertFile", "/keys/ca")
        .containsEntry("spark.kubernetes.context", "there")
        .doesNotContainKey("spark.kubernetes.authenticate.submission.oauthToken");
  }

  @Test
  void tagThatIsNoLabelIsRefused() {
    for (String tag : List.of("", "Upper", "a,b", "-a", "a-", "a".repeat(64))) {
      assertThatThrownBy(() -> new KubernetesSubmission(ACCESS, "jobs", tag, Optional.empty()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void driverThatIsNoFileOfTheImageIsRefused() {
    for (String jar : List.of("/opt/driver.jar", "file:/driver.jar", "hdfs://a/driver.jar")) {
      assertThatThrownBy(() -> new DriverFiles(jar, "secret", "/there"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("file of the image");
    }
  }

  private static KubernetesSubmission batch(KubernetesAccess access) {
    return new KubernetesSubmission(access, "jobs", "batch-1", Optional.empty());
  }
}
