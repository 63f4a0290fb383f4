package io.polybius.server.config;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All settings of a server, and the one table of what can be set.
 *
 * @param host the address that HTTP is served on
 * @param port its port, 0 for any free one
 * @param sparkHome the Spark that sessions use, when the operator chose one
 * @param sparkMaster where Spark runs its jobs
 * @param csrfProtection whether REST requests that change something need {@code X-Requested-By}
 * @param driverIdleTimeout after how long without a server a driver ends itself
 * @param driverConnectTimeout how long a driver may take from its start until it is ready
 * @param driverAddress the address that drivers dial back to
 * @param prespawnedDrivers how many drivers are started ahead of the sessions to come
 * @param retainedStatements how many statements are kept of each session
 * @param allowUnauthenticated whether anybody who reaches the server may use it
 * @param tokenFile where the access token is, when one is asked for
 * @param stateDirectory where work files go, when the operator chose a place
 * @param cacheDirectory where files that speed up later starts go, when the operator chose a place
 * @param relayGrace how long a kernel outlives the loss of its kernelspec's relay
 */
public record ServerConfig(
    InetAddress host,
    int port,
    Optional<Path> sparkHome,
    String sparkMaster,
    boolean csrfProtection,
    Duration driverIdleTimeout,
    Duration driverConnectTimeout,
    InetAddress driverAddress,
    int prespawnedDrivers,
    int retainedStatements,
    boolean allowUnauthenticated,
    Optional<Path> tokenFile,
    Optional<Path> stateDirectory,
    Optional<Path> cacheDirectory,
    Duration relayGrace) {

  static final Setting<InetAddress> HOST =
      new Setting<>(
          "livy.server.host",
          SettingType.ADDRESS,
          "127.0.0.1",
          "Address that HTTP is served on. One that other machines can reach needs"
              + " `polybius.server.token-file` or `polybius.server.allow-unauthenticated`.");

  static final Setting<Integer> PORT =
      new Setting<>(
          "livy.server.port",
          SettingType.PORT,
          "8998",
          "Port that HTTP is served on; 0 takes any free one.");

  static final Setting<Optional<Path>> SPARK_HOME =
      new Setting<>(
          "livy.server.spark-home",
          SettingType.OPTIONAL_PATH,
          "",
          "The Spark that sessions use. Without it: `SPARK_HOME`, else the pyspark package of the"
              + " `python3` on the `PATH`, else the embedded Spark.");

  static final Setting<String> SPARK_MASTER =
      new Setting<>(
          "livy.spark.master",
          SettingType.TEXT,
          "local[*]",
          "Where Spark runs its jobs: the `spark.master` of every session.");

  static final Setting<Boolean> CSRF_PROTECTION =
      new Setting<>(
          "livy.server.csrf-protection.enabled",
          SettingType.SWITCH,
          "false",
          "Whether REST requests other than GET, HEAD and OPTIONS need the header"
              + " `X-Requested-By`.");

  static final Setting<Duration> DRIVER_IDLE_TIMEOUT =
      new Setting<>(
          "livy.rsc.server.idle-timeout",
          SettingType.TIME,
          "10m",
          "After how long without an answer from the server a driver ends itself, and how long the"
              + " server waits for a driver whose connection was cut.");

  static final Setting<Duration> DRIVER_CONNECT_TIMEOUT =
      new Setting<>(
          "livy.rsc.server.connect.timeout",
          SettingType.TIME,
          "90s",
          "How long a driver may take from its start until it is ready; then the session is dead.");

  static final Setting<InetAddress> DRIVER_ADDRESS =
      new Setting<>(
          "livy.rsc.rpc.server.address",
          SettingType.ADDRESS,
          "127.0.0.1",
          "Address of this machine that drivers dial back to.");

  static final Setting<Integer> PRESPAWNED_DRIVERS =
      new Setting<>(
          "polybius.server.prespawned-drivers",
          SettingType.FEW,
          "1",
          "How many drivers are started ahead. Sessions that ask for no memory, Java options or jars"
              + " of their own get one, and start in a fraction of the time. Each takes about half"
              + " a gigabyte of memory while it waits; 0 starts none.");

  static final Setting<Integer> RETAINED_STATEMENTS =
      new Setting<>(
          "livy.rsc.retained-statements",
          SettingType.COUNT,
          "1000",
          "How many statements are kept of each session; the oldest ended ones go first.");

  static final Setting<Boolean> ALLOW_UNAUTHENTICATED =
      new Setting<>(
          "polybius.server.allow-unauthenticated",
          SettingType.SWITCH,
          "false",
          "Lets the server listen on an address that other machines can reach without asking for a"
              + " token. Whoever reaches it can run any code as the server's user.");

  static final Setting<Optional<Path>> TOKEN_FILE =
      new Setting<>(
          "polybius.server.token-file",
          SettingType.OPTIONAL_PATH,
          "",
          "File with the access token, readable by its owner only. Both doors then ask for it.");

  static final Setting<Optional<Path>> STATE_DIRECTORY =
      new Setting<>(
          "polybius.server.state-dir",
          SettingType.OPTIONAL_PATH,
          "",
          "Where a running server has a private folder for work files and connection files, which is"
              + " removed when it stops. Without it, the system's temporary folder.");

  static final Setting<Optional<Path>> CACHE_DIRECTORY =
      new Setting<>(
          "polybius.server.cache-dir",
          SettingType.OPTIONAL_PATH,
          "",
          "Folder for what makes later session starts faster; may be deleted at any time. Without"
              + " it, `cache` in the installation, or `polybius` in the user's cache folder where"
              + " the installation cannot be written.");

  static final Setting<Duration> RELAY_GRACE =
      new Setting<>(
          "polybius.kernel.relay-grace",
          SettingType.TIME,
          "60s",
          "How long a kernel waits for its relay to come back when the connection was lost without"
              + " a shutdown, before it is ended.");

  /** Every setting, in the order in which the documentation shows them. */
  public static final List<Setting<?>> SETTINGS =
      List.of(
          HOST,
          PORT,
          TOKEN_FILE,
          ALLOW_UNAUTHENTICATED,
          CSRF_PROTECTION,
          SPARK_HOME,
          SPARK_MASTER,
          RETAINED_STATEMENTS,
          PRESPAWNED_DRIVERS,
          DRIVER_ADDRESS,
          DRIVER_CONNECT_TIMEOUT,
          DRIVER_IDLE_TIMEOUT,
          RELAY_GRACE,
          STATE_DIRECTORY,
          CACHE_DIRECTORY);

  /**
   * Reads the settings from all sources.
   *
   * @param home the installation's folder, for its {@code conf}
   * @param environment the environment variables
   * @param commandLine keys and values of the command line
   * @throws ConfigException with everything that is wrong, if anything is
   */
  public static ServerConfig load(
      Path home, Map<String, String> environment, Map<String, String> commandLine)
      throws ConfigException {
    SettingValues values = SettingValues.collect(home, environment, commandLine);
    ServerConfig config =
        new ServerConfig(
            values.get(HOST),
            values.get(PORT),
            values.get(SPARK_HOME),
            values.get(SPARK_MASTER),
            values.get(CSRF_PROTECTION),
            values.get(DRIVER_IDLE_TIMEOUT),
            values.get(DRIVER_CONNECT_TIMEOUT),
            values.get(DRIVER_ADDRESS),
            values.get(PRESPAWNED_DRIVERS),
            values.get(RETAINED_STATEMENTS),
            values.get(ALLOW_UNAUTHENTICATED),
            values.get(TOKEN_FILE),
            values.get(STATE_DIRECTORY),
            values.get(CACHE_DIRECTORY),
            values.get(RELAY_GRACE));
    values.refuseProblems();
    return config;
  }
}
