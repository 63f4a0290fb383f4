package io.polybius.launch;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What an operator chose about clusters.
 *
 * @param deployMode Spark's deploy mode where a cluster is used: {@code client} or {@code cluster}
 * @param serverAddresses host names or addresses at which drivers on other machines reach this
 *     server, to be tried in this order; empty for that at which it listens
 * @param ports at the first of these that is free the server listens for drivers; 0 is any free one
 * @param lookupTimeout how long an application may take to appear on its cluster
 * @param pollInterval how often the cluster is asked about a running application
 * @param leakTimeout how long one that was given up is looked for, to end it
 * @param leakInterval how often
 * @param stagingDirectory the folder for what containers need; empty for one in the home folder of
 *     the cluster's file system
 * @param standaloneDriverJar URI of the packaged driver for the workers of a standalone cluster;
 *     empty if they find it where it is on this machine
 */
public record ClusterSettings(
    String deployMode,
    List<String> serverAddresses,
    List<Integer> ports,
    Duration lookupTimeout,
    Duration pollInterval,
    Duration leakTimeout,
    Duration leakInterval,
    Optional<URI> stagingDirectory,
    Optional<String> standaloneDriverJar) {

  /** What holds where the operator says nothing; the times are Livy's. */
  public static final ClusterSettings DEFAULT =
      new ClusterSettings(
          "client",
          List.of(),
          List.of(0),
          Duration.ofSeconds(120),
          Duration.ofSeconds(5),
          Duration.ofMinutes(10),
          Duration.ofMinutes(1),
          Optional.empty(),
          Optional.empty());

  /** Copies the list. */
  public ClusterSettings {
    serverAddresses = List.copyOf(serverAddresses);
    ports = List.copyOf(ports);
  }
}
