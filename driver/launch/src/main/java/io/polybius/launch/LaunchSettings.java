package io.polybius.launch;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How drivers are launched.
 *
 * @param listenAddress where drivers dial in; port 0 for any free one
 * @param driverJar the packaged driver
 * @param sparks finds the Spark to use
 * @param master Spark's master, such as {@code local[*]}
 * @param workDirectory for the files of living drivers
 * @param cacheDirectory for what makes later starts faster, and may be deleted at any time
 * @param serverIdleTimeout how long a driver goes on without the server
 * @param reconnectWindow how long a driver may be unreachable
 * @param maxOutputChars how much printed text of one statement is passed on
 * @param prespawned how many drivers wait, started ahead, for sessions to come
 */
public record LaunchSettings(
    InetSocketAddress listenAddress,
    Path driverJar,
    SparkFinder sparks,
    String master,
    Path workDirectory,
    Path cacheDirectory,
    Duration serverIdleTimeout,
    Duration reconnectWindow,
    long maxOutputChars,
    int prespawned) {

  /** Printed text of one statement that is passed on unless the operator sets another limit. */
  public static final long DEFAULT_MAX_OUTPUT_CHARS = 8L << 20;
}
