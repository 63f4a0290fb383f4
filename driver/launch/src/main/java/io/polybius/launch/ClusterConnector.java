package io.polybius.launch;

import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.spi.LaunchException;

/** Finds the way to a cluster. */
@FunctionalInterface
public interface ClusterConnector {

  /**
   * Returns a cluster, which the caller closes.
   *
   * @param master Spark's name for it, such as {@code yarn}
   * @param spark has the libraries to talk to it
   * @throws LaunchException if there is no way, with what to do about it
   */
  ClusterManager connect(String master, SparkInstallation spark) throws LaunchException;
}
