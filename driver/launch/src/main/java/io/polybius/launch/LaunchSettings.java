package io.polybius.launch;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.spi.LaunchException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
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
    List<Path> kernelFolders) {

  /** Copies the lists. */
  public LaunchSettings {
    sessionJars = List.copyOf(sessionJars);
    kernelFolders = List.copyOf(kernelFolders);
  }

  /** Printed text of one statement that is passed on unless the operator sets another limit. */
  public static final long DEFAULT_MAX_OUTPUT_CHARS = 8L << 20;

  boolean hasLocalMaster() {
    return master.startsWith("local");
  }

  /**
   * Refuses what cannot be done yet.
   *
   * @throws LaunchException if Spark is to run its jobs elsewhere than in the launched process
   */
  void requireLocalMaster(ApplicationSettings asked) throws LaunchException {
    String wanted = asked.master().orElse(master);
    if (!wanted.startsWith("local")) {
      throw new LaunchException(
          "Spark can be started with a local master only, and %s is %s."
              .formatted(
                  asked.master().isPresent() ? "that of its launch profile" : "livy.spark.master",
                  wanted));
    }
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
    spark.put("spark.master", asked.master().orElse(master));
    spark.put("spark.submit.deployMode", "client");
    return spark;
  }
}
