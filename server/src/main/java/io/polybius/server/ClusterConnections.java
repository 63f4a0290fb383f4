package io.polybius.server;

import io.polybius.launch.ClusterConnector;
import io.polybius.launch.ClusterSettings;
import io.polybius.launch.SparkInstallation;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.IsolatedYarn;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The ways to the clusters that this server can ask about applications.
 *
 * @param yarnLibrary the jar that calls Hadoop
 * @param environment the environment variables, which name the folders of Hadoop's settings
 * @param settings what the operator chose about clusters
 */
record ClusterConnections(
    Path yarnLibrary, Map<String, String> environment, ClusterSettings settings)
    implements ClusterConnector {

  @Override
  public ClusterManager connect(String master, SparkInstallation spark) throws LaunchException {
    if (!master.equals("yarn")) {
      throw new LaunchException("There is no way to ask " + master + " about applications.");
    }
    try {
      return IsolatedYarn.open(
          new IsolatedYarn.Settings(
              yarnLibrary,
              spark.jars(),
              environment,
              settings.stagingDirectory(),
              IsolatedYarn.Settings.DEFAULT_PATIENCE));
    } catch (IOException e) {
      throw new LaunchException(e.getMessage(), e);
    }
  }
}
