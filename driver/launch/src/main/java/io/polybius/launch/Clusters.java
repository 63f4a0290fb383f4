package io.polybius.launch;

import io.polybius.session.spi.LaunchException;
import java.util.HashMap;
import java.util.Map;

/**
 * The clusters that applications have been submitted to. Each is asked from the first of its
 * applications on. Safe for use by many threads.
 */
final class Clusters implements AutoCloseable {

  private final ClusterSettings settings;
  private final ClusterConnector connector;
  private final Map<String, WatchedApplications> byMaster = new HashMap<>();
  private boolean closed;

  Clusters(ClusterSettings settings, ClusterConnector connector) {
    this.settings = settings;
    this.connector = connector;
  }

  /** Returns the cluster of a master. */
  synchronized WatchedApplications of(Master master, SparkInstallation spark)
      throws LaunchException {
    if (closed) {
      throw new LaunchException("The server is shutting down.");
    }
    WatchedApplications known = byMaster.get(master.url());
    if (known == null) {
      known =
          new WatchedApplications(
              master.type() == Master.Type.YARN ? "YARN" : "Kubernetes",
              connector.connect(master.url(), spark),
              settings);
      byMaster.put(master.url(), known);
    }
    return known;
  }

  @Override
  public synchronized void close() {
    closed = true;
    byMaster.values().forEach(WatchedApplications::close);
    byMaster.clear();
  }
}
