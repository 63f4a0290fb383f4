package io.polybius.server;

import io.polybius.kubernetes.KubernetesAccess;
import io.polybius.kubernetes.KubernetesClusterManager;
import io.polybius.launch.ClusterConnector;
import io.polybius.launch.ClusterSettings;
import io.polybius.launch.SparkFinder;
import io.polybius.launch.SparkInstallation;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.IsolatedYarn;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The ways to the clusters that this server can ask about applications.
 *
 * @param yarnLibrary the jar that calls Hadoop
 * @param environment the environment variables, which name the folders of Hadoop's settings
 * @param settings what the operator chose about clusters
 * @param kubernetes Livy's settings of access to Kubernetes, by their keys
 * @param sparks have more of them among their defaults
 */
record ClusterConnections(
    Path yarnLibrary,
    Map<String, String> environment,
    ClusterSettings settings,
    Map<String, String> kubernetes,
    SparkFinder sparks)
    implements ClusterConnector {

  /** Keeps the token out of logs. */
  @Override
  public String toString() {
    return "ClusterConnections[" + settings + "]";
  }

  @Override
  public ClusterManager connect(String master, SparkInstallation spark) throws LaunchException {
    try {
      if (master.startsWith(KubernetesAccess.SCHEME)) {
        Map<String, String> all = new HashMap<>(sparks.defaults(spark));
        all.putAll(kubernetes);
        return new KubernetesClusterManager(KubernetesAccess.of(master, all));
      }
      return IsolatedYarn.open(
          new IsolatedYarn.Settings(
              yarnLibrary,
              spark.jars(),
              environment,
              settings.stagingDirectory(),
              IsolatedYarn.Settings.DEFAULT_PATIENCE));
    } catch (IOException | IllegalArgumentException e) {
      throw new LaunchException(e.getMessage(), e);
    }
  }
}
