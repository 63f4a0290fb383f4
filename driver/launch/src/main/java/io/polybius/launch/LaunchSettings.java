package io.polybius.launch;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How drivers and batches are launched.
 *
 * @param listenAddress where drivers dial in; port 0 for any free one
 * @param driverJar the packaged driver
 * @param sparks finds the Spark to use
 * @param master Spark's master, such as {@code local[*]}
 * @param sessionJars jars for the Spark of each session, before its own
 * @param workDirectory for the files of living drivers and batches
 * @param cacheDirectory for what makes later starts faster, and may be deleted at any time
 * @param serverIdleTimeout how long a driver goes on without the server
 * @param reconnectWindow how long a driver may be unreachable
 * @param maxOutputChars how much printed text of one statement is passed on
 * @param prespawned how many drivers wait, started ahead, for sessions to come
 * @param kernelFolders where the descriptions of Jupyter kernels are that drivers can run
 * @param cluster what is chosen about clusters
 */
public record LaunchSettings(
    InetSocketAddress listenAddress,
    Path driverJar,
    SparkFinder sparks,
    String master,
    List<String> sessionJars,
    Path workDirectory,
    Path cacheDirectory,
    Duration serverIdleTimeout,
    Duration reconnectWindow,
    long maxOutputChars,
    int prespawned,
    List<Path> kernelFolders,
    ClusterSettings cluster) {

  /** Copies the lists. */
  public LaunchSettings {
    sessionJars = List.copyOf(sessionJars);
    kernelFolders = List.copyOf(kernelFolders);
  }

  /** Printed text of one statement that is passed on unless the operator sets another limit. */
  public static final long DEFAULT_MAX_OUTPUT_CHARS = 8L << 20;

  /** Returns where applications run that do not ask for anything else. */
  Master usualMaster() {
    return master(master, cluster.deployMode());
  }

  /** Returns where an application is to run. */
  Master master(ApplicationSettings asked) {
    return master(asked.master().orElse(master), asked.deployMode().orElse(cluster.deployMode()));
  }

  private static Master master(String url, String deployMode) {
    Master named = new Master(url.strip(), deployMode.equals("cluster"));
    return named.isLocal() ? new Master(named.url(), false) : named;
  }

  /**
   * Returns Spark's settings for the driver of a session.
   *
   * @param spark the Spark that it runs on
   */
  Map<String, String> sessionSettings(LaunchSpec spec, SparkInstallation spark)
      throws LaunchException {
    Map<String, String> defaults = new LinkedHashMap<>(sparks.defaults(spark));
    defaults.put("spark.app.name", "livy-session-" + spec.sessionId());
    // Compiled jobs run beside statements, and neither is to wait for the other.
    defaults.putIfAbsent("spark.scheduler.mode", "FAIR");
    Map<String, String> all =
        withSessionJars(sparkSettings(spec.settings().application(), defaults));
    // What %info tells.
    all.put("spark.polybius.session", String.valueOf(spec.sessionId()));
    // The driver starts that language before its first statement.
    all.put("spark.polybius.kind", spec.settings().kind().canonicalName());
    return all;
  }

  /** Returns settings with the jars that each session gets before its own. */
  Map<String, String> withSessionJars(Map<String, String> sparkSettings) {
    Map<String, String> more = new LinkedHashMap<>(sparkSettings);
    if (!sessionJars.isEmpty()) {
      more.merge(
          "spark.jars", String.join(",", sessionJars), (others, ours) -> ours + "," + others);
    }
    return more;
  }

  /**
   * Returns the Spark for an application: that of the name that is asked for, else the usual one.
   *
   * @throws LaunchException if there is none
   */
  SparkInstallation spark(ApplicationSettings asked) throws LaunchException {
    Optional<String> name = asked.spark();
    return name.isPresent() ? sparks.choose(name.get()) : sparks.choose();
  }

  /**
   * Returns Spark's settings for an application.
   *
   * @param asked what is asked for
   * @param defaults what holds where nothing is asked for
   */
  Map<String, String> sparkSettings(ApplicationSettings asked, Map<String, String> defaults) {
    Map<String, String> spark = asked.sparkConf(defaults);
    Master where = master(asked);
    spark.put("spark.master", where.url());
    spark.put("spark.submit.deployMode", where.deployMode());
    return spark;
  }
}
