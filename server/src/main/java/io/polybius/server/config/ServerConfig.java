package io.polybius.server.config;

import io.polybius.launch.SparkFinder;
import io.polybius.session.SubmissionRules;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All settings of a server, and the one table of what can be set.
 *
 * @param host the address that HTTP is served on
 * @param port its port, 0 for any free one
 * @param sparkHome the Spark that sessions use, when the operator chose one
 * @param sparks the Sparks that sessions can choose, by their names
 * @param sparkMaster where Spark runs its jobs
 * @param impersonation whether REST requests may name the user to run as
 * @param csrfProtection whether REST requests that change something need {@code X-Requested-By}
 * @param driverIdleTimeout after how long without a server a driver ends itself
 * @param driverConnectTimeout how long a driver may take from its start until it is ready
 * @param driverAddress the address of this machine that drivers dial in at
 * @param prespawnedDrivers how many drivers are started ahead of the sessions to come
 * @param retainedStatements how many statements are kept of each session
 * @param allowUnauthenticated whether anybody who reaches the server may use it
 * @param tokenFile where the access token is, when one is asked for
 * @param stateDirectory where work files go, when the operator chose a place
 * @param cacheDirectory where files that speed up later starts go, when the operator chose a place
 * @param relayGrace how long a kernel outlives the loss of its kernelspec's relay
 * @param culling which kernels end because nobody uses them
 * @param recovery whether sessions outlive the server, and where they are kept
 * @param notebooks what users of notebooks see and what is kept for them
 * @param http what is particular about HTTP
 * @param sessions when sessions and batches end and are forgotten, and what they start with
 * @param uploads what clients may upload, and where that is kept
 * @param submissions what users may submit, and the launch profiles that they can choose
 * @param clusters how drivers run on other machines
 */
public record ServerConfig(
    InetAddress host,
    int port,
    Optional<Path> sparkHome,
    Map<String, Path> sparks,
    String sparkMaster,
    boolean impersonation,
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
    Duration relayGrace,
    Culling culling,
    Recovery recovery,
    Notebooks notebooks,
    Http http,
    Sessions sessions,
    Uploads uploads,
    SubmissionRules.Options submissions,
    Clusters clusters) {

  /**
   * Which kernels end because nobody uses them.
   *
   * @param idleTimeout after how long without use, zero for none
   * @param connected whether also those to which clients are connected
   * @param interval how often it is looked for them
   */
  public record Culling(Duration idleTimeout, boolean connected, Duration interval) {}

  /**
   * Whether sessions outlive the server.
   *
   * @param enabled whether they do
   * @param store where they are kept, by Livy's name for that; empty for the only one
   * @param folder the folder, when the operator chose one
   */
  public record Recovery(boolean enabled, String store, Optional<Path> folder) {}

  /**
   * What users of notebooks see and what is kept for them.
   *
   * @param progress whether cells show how far their Spark jobs and the start of Spark are
   * @param historyFolder the folder for what was run; empty for the usual one, {@code off} for none
   * @param jupyterKernels installed Jupyter kernels that are offered, by names in lower case
   */
  public record Notebooks(boolean progress, String historyFolder, List<String> jupyterKernels) {

    /** Copies the list. */
    public Notebooks {
      jupyterKernels = List.copyOf(jupyterKernels);
    }

    /** Returns the folder for what was run, or nothing when it is not kept. */
    public Optional<Path> historyFolder(Supplier<Path> usual) {
      return historyFolder.equals(SettingType.OFF)
          ? Optional.empty()
          : Optional.of(historyFolder.isEmpty() ? usual.get() : Path.of(historyFolder));
    }
  }

  /**
   * What is particular about HTTP.
   *
   * @param requestHeaderSize the longest header of a request, in bytes
   * @param sendServerVersion whether answers name the server and its release
   * @param accessLog where requests are logged
   * @param securityHeaders what browsers are told with each answer
   */
  public record Http(
      int requestHeaderSize,
      boolean sendServerVersion,
      AccessLog accessLog,
      SecurityHeaders securityHeaders) {}

  /**
   * Where requests are logged.
   *
   * @param folder the folder; empty for the usual one, {@code off} for no log
   * @param retainDays after how many days a log is deleted, 0 for never
   */
  public record AccessLog(String folder, int retainDays) {

    /** Returns the folder, or nothing when requests are not logged. */
    public Optional<Path> folder(Path usual) {
      return folder.equals(SettingType.OFF)
          ? Optional.empty()
          : Optional.of(folder.isEmpty() ? usual : Path.of(folder));
    }
  }

  /**
   * What browsers are told with each answer.
   *
   * @param enabled whether they are told anything
   * @param xssProtection the header {@code X-XSS-Protection}; this one and the others may be empty
   * @param frameOptions the header {@code X-Frame-Options}
   * @param contentTypeOptions the header {@code X-Content-Type-Options}
   * @param strictTransportSecurity the header {@code Strict-Transport-Security}
   * @param contentSecurityPolicy the header {@code Content-Security-Policy}
   */
  public record SecurityHeaders(
      boolean enabled,
      String xssProtection,
      String frameOptions,
      String contentTypeOptions,
      String strictTransportSecurity,
      String contentSecurityPolicy) {

    /**
     * Returns the headers to send with their values.
     *
     * @param encrypted whether the answer goes through TLS; only then {@code
     *     Strict-Transport-Security} makes sense
     */
    public Map<String, String> toSend(boolean encrypted) {
      Map<String, String> headers = new LinkedHashMap<>();
      headers.put("X-XSS-Protection", xssProtection);
      headers.put("X-Frame-Options", frameOptions);
      headers.put("X-Content-Type-Options", contentTypeOptions);
      headers.put("Strict-Transport-Security", encrypted ? strictTransportSecurity : "");
      headers.put("Content-Security-Policy", contentSecurityPolicy);
      headers.values().removeIf(value -> !enabled || value.isEmpty());
      return headers;
    }
  }

  /**
   * When sessions and batches end and are forgotten, and what they start with.
   *
   * @param timeout after how long without work a session ends
   * @param timeoutCheck whether sessions end for that reason
   * @param ttl how long a session may live
   * @param ttlCheck whether sessions end for that reason
   * @param stateRetain how long what has ended is remembered
   * @param maxCreation how much may be starting at the same time
   * @param heartbeatInterval how often it is looked for clients that have gone
   * @param cancelTimeout how long a statement may take to stop
   * @param rscJars jars for the Spark of each session
   * @param replJars more of them
   */
  public record Sessions(
      Duration timeout,
      boolean timeoutCheck,
      Duration ttl,
      boolean ttlCheck,
      Duration stateRetain,
      int maxCreation,
      Duration heartbeatInterval,
      Duration cancelTimeout,
      List<String> rscJars,
      List<String> replJars) {

    /** Copies the lists. */
    public Sessions {
      rscJars = List.copyOf(rscJars);
      replJars = List.copyOf(replJars);
    }

    /** Returns all jars for the Spark of each session. */
    public List<String> jars() {
      return Stream.concat(rscJars.stream(), replJars.stream()).distinct().toList();
    }
  }

  /**
   * What clients may upload, and where that is kept.
   *
   * @param stagingFolder the folder, when the operator chose one
   * @param maxBytes the largest file
   */
  public record Uploads(Optional<Path> stagingFolder, long maxBytes) {}

  /**
   * How drivers run on other machines.
   *
   * @param deployMode {@code client} or {@code cluster}: where drivers run unless a launch profile
   *     says otherwise
   * @param launcherAddresses host names or addresses at which they reach this server; empty for
   *     those that it has
   * @param launcherPorts the ports that they may dial; empty for any
   * @param yarn what is particular about YARN
   * @param standaloneDriverJar where the machines of a standalone cluster find the driver runtime
   * @param kubernetes what is set of access to Kubernetes, by the keys of the settings
   */
  public record Clusters(
      String deployMode,
      List<String> launcherAddresses,
      Optional<PortRange> launcherPorts,
      Yarn yarn,
      Optional<URI> standaloneDriverJar,
      Map<String, String> kubernetes) {

    /** Copies the list. */
    public Clusters {
      launcherAddresses = List.copyOf(launcherAddresses);
      kubernetes = Map.copyOf(kubernetes);
    }
  }

  /**
   * What is particular about YARN.
   *
   * @param lookupTimeout how long an application may take to appear
   * @param pollInterval how often it is asked for the state of applications
   * @param leakTimeout how long it is looked for applications that nobody needs
   * @param leakInterval how often
   * @param stagingDirectory where containers find the driver runtime
   */
  public record Yarn(
      Duration lookupTimeout,
      Duration pollInterval,
      Duration leakTimeout,
      Duration leakInterval,
      Optional<URI> stagingDirectory) {}

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

  static final Setting<Map<String, Path>> SPARKS =
      new Setting<>(
          "polybius.sparks",
          SettingType.NAMED_FOLDERS,
          "",
          "More Sparks, each with the name by which `polybius.spark` in the `conf` of a session or"
              + " batch chooses it. The embedded Spark has the name `embedded`.");

  static final Setting<String> SPARK_MASTER =
      new Setting<>(
          "livy.spark.master",
          SettingType.TEXT,
          "local[*]",
          "Where Spark runs its jobs: the `spark.master` of every session.");

  static final Setting<String> DEPLOY_MODE =
      new Setting<>(
          "livy.spark.deploy-mode",
          SettingType.DEPLOY_MODE,
          "client",
          "Where the drivers of sessions and batches run: `client` is on this machine, `cluster` is"
              + " inside the cluster.");

  static final Setting<Optional<String>> DEFAULT_PROFILE =
      new Setting<>(
          "polybius.default-profile",
          SettingType.PROFILE,
          "",
          "The launch profile of those who ask for none.");

  static final Setting<Boolean> CSRF_PROTECTION =
      new Setting<>(
          "livy.server.csrf-protection.enabled",
          SettingType.SWITCH,
          "false",
          "Whether REST requests other than GET, HEAD and OPTIONS need the header"
              + " `X-Requested-By`.");

  static final Setting<Boolean> IMPERSONATION =
      new Setting<>(
          "livy.impersonation.enabled",
          SettingType.SWITCH,
          "false",
          "Whether `proxyUser` of a request, or `doAs` in its query, is the user that a session or"
              + " batch on a cluster runs as. As there are no users with rights of their own yet,"
              + " whoever may use the server may then act as any user whom the cluster lets the"
              + " server's user impersonate.");

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
          "How long a driver may take from its start, or from when its cluster has accepted it, until"
              + " it is ready; then the session is dead.");

  static final Setting<InetAddress> DRIVER_ADDRESS =
      new Setting<>(
          "livy.rsc.rpc.server.address",
          SettingType.ADDRESS,
          "127.0.0.1",
          "Address of this machine on which the server waits for drivers to dial in; `0.0.0.0` for"
              + " all that it has. Drivers on other machines need one that they can reach.");

  static final Setting<List<String>> LAUNCHER_ADDRESSES =
      new Setting<>(
          "livy.rsc.launcher.address",
          SettingType.HOSTS,
          "",
          "Names or addresses at which drivers on other machines reach this server, which they try"
              + " in this order. Without any, `livy.rsc.rpc.server.address`, or all that this"
              + " machine has where that is `0.0.0.0`.");

  static final Setting<Optional<PortRange>> LAUNCHER_PORTS =
      new Setting<>(
          "livy.rsc.launcher.port.range",
          SettingType.PORTS,
          "",
          "Ports of this machine that drivers may dial, for firewalls. Without it, any free one.");

  static final Setting<Duration> YARN_LOOKUP_TIMEOUT =
      new Setting<>(
          "livy.server.yarn.app-lookup-timeout",
          SettingType.TIME,
          "120s",
          "How long an application may take to appear in YARN after it was submitted; then its"
              + " session or batch has failed.");

  static final Setting<Duration> YARN_POLL_INTERVAL =
      new Setting<>(
          "livy.server.yarn.poll-interval",
          SettingType.TIME,
          "5s",
          "How often YARN is asked for the state of applications.");

  static final Setting<Duration> YARN_LEAK_TIMEOUT =
      new Setting<>(
          "livy.server.yarn.app-leakage.check-timeout",
          SettingType.TIME,
          "600s",
          "How long it is looked for an application that had not appeared in YARN when its session"
              + " or batch ended, to kill it.");

  static final Setting<Duration> YARN_LEAK_INTERVAL =
      new Setting<>(
          "livy.server.yarn.app-leakage.check-interval",
          SettingType.TIME,
          "60s",
          "How often it is looked for such applications.");

  static final Setting<Optional<URI>> YARN_STAGING_DIRECTORY =
      new Setting<>(
          "polybius.yarn.staging-directory",
          SettingType.OPTIONAL_URI,
          "",
          "Folder, such as one in HDFS, in which the driver runtime and Spark's jars are kept for"
              + " YARN's containers. Without it, `.polybius` in the home folder of the server's"
              + " user in the cluster's file system.");

  static final Setting<Optional<URI>> STANDALONE_DRIVER_JAR =
      new Setting<>(
          "polybius.standalone.driver-jar",
          SettingType.OPTIONAL_URI,
          "",
          "Where the machines of a standalone cluster find the driver runtime, for sessions in"
              + " cluster mode.");

  static final Setting<Optional<Path>> KUBERNETES_TOKEN_FILE =
      new Setting<>(
          "livy.server.kubernetes.oauthTokenFile",
          SettingType.OPTIONAL_PATH,
          "",
          "File with the token by which the server and spark-submit are known to"
              + " Kubernetes. Without it, what `KUBECONFIG`, `~/.kube/config` or the service"
              + " account of a pod says; so for the three below.");

  static final Setting<Optional<Path>> KUBERNETES_CA_FILE =
      new Setting<>(
          "livy.server.kubernetes.caCertFile",
          SettingType.OPTIONAL_PATH,
          "",
          "File with the certificates that Kubernetes may show.");

  static final Setting<Optional<Path>> KUBERNETES_KEY_FILE =
      new Setting<>(
          "livy.server.kubernetes.clientKeyFile",
          SettingType.OPTIONAL_PATH,
          "",
          "File with the key of a certificate by which the server is known to Kubernetes.");

  static final Setting<Optional<Path>> KUBERNETES_CERTIFICATE_FILE =
      new Setting<>(
          "livy.server.kubernetes.clientCertFile",
          SettingType.OPTIONAL_PATH,
          "",
          "File with that certificate.");

  private static final List<Setting<Optional<Path>>> KUBERNETES_FILES =
      List.of(
          KUBERNETES_TOKEN_FILE,
          KUBERNETES_CA_FILE,
          KUBERNETES_KEY_FILE,
          KUBERNETES_CERTIFICATE_FILE);

  static final Setting<Integer> PRESPAWNED_DRIVERS =
      new Setting<>(
          "polybius.server.prespawned-drivers",
          SettingType.FEW,
          "1",
          "How many drivers are started ahead. Sessions that ask for no memory, Java options, jars"
              + " or Spark of their own get one, and start in a fraction of the time. Each takes"
              + " about half a gigabyte of memory while it waits; 0 starts none.");

  static final Setting<Integer> RETAINED_STATEMENTS =
      new Setting<>(
          "livy.rsc.retained-statements",
          SettingType.COUNT,
          "1000",
          "How many statements are kept of each session; the oldest ended ones go first. Livy keeps"
              + " 100.");

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

  static final Setting<Duration> CULL_IDLE_TIMEOUT =
      new Setting<>(
          "polybius.kernel.cull-idle-timeout",
          SettingType.TIME_OR_NEVER,
          "0",
          "After how long without use a kernel ends, with the session that it has opened. One that"
              + " starts or runs something is in use. 12h suits most.");

  static final Setting<Boolean> CULL_CONNECTED =
      new Setting<>(
          "polybius.kernel.cull-connected",
          SettingType.SWITCH,
          "false",
          "Whether kernels without use end also while clients are connected to them, such as a"
              + " notebook in a forgotten tab of a browser. Not those of kernelspecs, which Jupyter"
              + " would start again.");

  static final Setting<Duration> CULL_INTERVAL =
      new Setting<>(
          "polybius.kernel.cull-interval",
          SettingType.TIME,
          "5m",
          "How often it is looked for kernels without use.");

  static final Setting<Boolean> RECOVERY_MODE =
      new Setting<>(
          "livy.server.recovery.mode",
          SettingType.RECOVERY_MODE,
          "off",
          "`recovery` lets sessions and kernels outlive the server: a later one with the same"
              + " folder goes on with them, if it comes within `livy.rsc.server.idle-timeout`."
              + " Clients look for it at the same `livy.server.port`. With `off` they end with the"
              + " server. Batches always do.");

  static final Setting<String> RECOVERY_STORE =
      new Setting<>(
          "livy.server.recovery.state-store",
          SettingType.STATE_STORE,
          "",
          "Where sessions are kept: `filesystem`, which needs not be said.");

  static final Setting<Optional<Path>> RECOVERY_FOLDER =
      new Setting<>(
          "livy.server.recovery.state-store.url",
          SettingType.FOLDER_URL,
          "",
          "Folder in which sessions are kept, for one server only. Without it, `recovery` in"
              + " `polybius.server.state-dir`, or else in `polybius` in the user's folder for state"
              + " (`~/.local/state`).");

  static final Setting<Boolean> PROGRESS =
      new Setting<>(
          "polybius.kernel.progress",
          SettingType.SWITCH,
          "true",
          "Whether cells of notebooks show, in a line that changes, how far their Spark jobs are and"
              + " that Spark is starting. Short jobs and short waits are not shown anyway.");

  static final Setting<String> HISTORY_DIRECTORY =
      new Setting<>(
          "polybius.kernel.history-dir",
          SettingType.FOLDER_OR_OFF,
          "",
          "Folder for what was run in sessions with kernels, so that it can be called back after a"
              + " restart; `off` keeps it no longer than the server runs. Without it, `history` in"
              + " `polybius.server.state-dir`, or else in `polybius` in the user's folder for state"
              + " (`~/.local/state`).");

  static final Setting<List<String>> JUPYTER_KERNELS =
      new Setting<>(
          "polybius.jupyter.kernels",
          SettingType.NAMES,
          "",
          "Jupyter kernels installed on this machine, such as `bash, ir`, that notebooks are offered"
              + " as kernels of this server, `polybius-jupyter-bash`. Sessions of kind"
              + " `jupyter:bash` can be opened without being named here.");

  static final Setting<Duration> CANCEL_TIMEOUT =
      new Setting<>(
          "livy.rsc.job-cancel.timeout",
          SettingType.TIME,
          "30s",
          "How long a statement or a job that is told to stop may run on before it counts as"
              + " cancelled all the same.");

  static final Setting<Duration> SESSION_TIMEOUT =
      new Setting<>(
          "livy.server.session.timeout",
          SettingType.TIME,
          "1h",
          "After how long without work a session ends, unless it was asked for with an"
              + " `idleTimeout` of its own.");

  static final Setting<Boolean> SESSION_TIMEOUT_CHECK =
      new Setting<>(
          "livy.server.session.timeout-check",
          SettingType.SWITCH,
          "true",
          "Whether sessions without work end.");

  static final Setting<Duration> SESSION_TTL =
      new Setting<>(
          "livy.server.session.ttl",
          SettingType.TIME,
          "8h",
          "How long a session may live, whatever it does, unless it was asked for with a `ttl` of"
              + " its own. Holds only with `livy.server.session.ttl-check`.");

  static final Setting<Boolean> SESSION_TTL_CHECK =
      new Setting<>(
          "livy.server.session.ttl-check",
          SettingType.SWITCH,
          "false",
          "Whether sessions that have lived that long end.");

  static final Setting<Duration> HEARTBEAT_INTERVAL =
      new Setting<>(
          "livy.server.heartbeat-watchdog.interval",
          SettingType.TIME,
          "1m",
          "How often it is looked for sessions to end because their client has sent nothing for the"
              + " `heartbeatTimeoutInSecond` that it asked for.");

  static final Setting<Duration> STATE_RETAIN =
      new Setting<>(
          "livy.server.session.state-retain.sec",
          SettingType.TIME,
          "600s",
          "How long a session or batch that has ended can still be asked about. As in Livy, sessions"
              + " that are ended for being idle, too old or without a heartbeat are forgotten at"
              + " once.");

  static final Setting<Integer> MAX_CREATION =
      new Setting<>(
          "livy.server.session.max-creation",
          SettingType.COUNT,
          "100",
          "How many sessions may be starting and batches running at the same time, in all; others"
              + " are refused.");

  static final Setting<List<String>> RSC_JARS =
      new Setting<>(
          "livy.rsc.jars",
          SettingType.LIST,
          "",
          "Jars for the Spark of each session. Livy's own jars are not needed; leave them out.");

  static final Setting<List<String>> REPL_JARS =
      new Setting<>(
          "livy.repl.jars", SettingType.LIST, "", "More jars for the Spark of each session.");

  static final Setting<List<Path>> LOCAL_FOLDERS =
      new Setting<>(
          "livy.file.local-dir-whitelist",
          SettingType.FOLDERS,
          "",
          "Folders of the server's machine whose files sessions and batches may name, such as their"
              + " jars. Without any, all files have to be on other file systems.");

  static final Setting<Optional<Path>> STAGING_DIRECTORY =
      new Setting<>(
          "livy.session.staging-dir",
          SettingType.FOLDER_URL,
          "",
          "Folder of the server's machine in which files that clients upload are kept, until their"
              + " session ends. Servers may share it. Without it, `staging` in"
              + " `polybius.server.state-dir`, or else in `polybius` in the user's folder for state"
              + " (`~/.local/state`).");

  static final Setting<Long> MAX_UPLOAD_SIZE =
      new Setting<>(
          "livy.file.upload.max.size",
          SettingType.FILE_SIZE,
          "104857600",
          "The largest file that can be uploaded, in bytes.");

  static final Setting<List<String>> FILE_LIST_CONFIGS =
      new Setting<>(
          "livy.spark.file-list-configs",
          SettingType.LIST,
          "",
          "Further keys in the `conf` of requests whose values are lists of files, to be checked"
              + " like `spark.jars`.");

  static final Setting<Boolean> ALLOW_CUSTOM_CLASSPATH =
      new Setting<>(
          "livy.server.session.allow-custom-classpath",
          SettingType.SWITCH,
          "false",
          "Whether the `conf` of requests may have `spark.submit.deployMode` and"
              + " `spark.submit.proxyUser.allowCustomClasspathInClusterMode`, with which users can"
              + " run code of their own as the user of the server.");

  static final Setting<Integer> REQUEST_HEADER_SIZE =
      new Setting<>(
          "livy.server.request-header.size",
          SettingType.BYTES,
          "131072",
          "The longest header of a request.");

  static final Setting<Boolean> SEND_SERVER_VERSION =
      new Setting<>(
          "livy.server.send-server-version",
          SettingType.SWITCH,
          "false",
          "Whether answers have a `Server` header, which names the release.");

  static final Setting<String> ACCESS_LOG_DIRECTORY =
      new Setting<>(
          "polybius.server.access-log-dir",
          SettingType.FOLDER_OR_OFF,
          "",
          "Folder for the log of requests; `off` for no such log. Without it, `LIVY_LOG_DIR`, else"
              + " `logs` in the installation, or where that cannot be written `polybius/logs` in the"
              + " user's cache.");

  static final Setting<Integer> ACCESS_LOG_DAYS =
      new Setting<>(
          "livy.server.request-log-retain.days",
          SettingType.COUNT_OR_ALL,
          "5",
          "After how many days a log of requests is deleted; 0 keeps all.");

  static final Setting<Boolean> SECURITY_HEADERS =
      new Setting<>(
          "livy.server.security-headers.enabled",
          SettingType.SWITCH,
          "true",
          "Whether answers have the headers below, which tell browsers not to make more of an answer"
              + " than it is.");

  static final Setting<String> XSS_PROTECTION =
      new Setting<>(
          "livy.server.http.header.X-XSS-Protection",
          SettingType.HEADER,
          "1; mode=block",
          "The header of that name; nothing leaves it out.");

  static final Setting<String> FRAME_OPTIONS =
      new Setting<>(
          "livy.server.http.header.X-Frame-Options",
          SettingType.HEADER,
          "SAMEORIGIN",
          "The header of that name; nothing leaves it out.");

  static final Setting<String> CONTENT_TYPE_OPTIONS =
      new Setting<>(
          "livy.server.http.header.X-Content-Type-Options",
          SettingType.HEADER,
          "nosniff",
          "The header of that name; nothing leaves it out.");

  static final Setting<String> STRICT_TRANSPORT_SECURITY =
      new Setting<>(
          "livy.server.http.header.Strict-Transport-Security",
          SettingType.HEADER,
          "max-age=31536000; includeSubDomains",
          "The header of that name, which is sent with HTTPS only; nothing leaves it out.");

  static final Setting<String> CONTENT_SECURITY_POLICY =
      new Setting<>(
          "livy.server.http.header.Content-Security-Policy",
          SettingType.HEADER,
          "default-src 'self'; frame-ancestors 'self'",
          "The header of that name; nothing leaves it out.");

  /** Every setting, in the order in which the documentation shows them. */
  public static final List<Setting<?>> SETTINGS =
      List.of(
          HOST,
          PORT,
          TOKEN_FILE,
          ALLOW_UNAUTHENTICATED,
          IMPERSONATION,
          CSRF_PROTECTION,
          REQUEST_HEADER_SIZE,
          SEND_SERVER_VERSION,
          ACCESS_LOG_DIRECTORY,
          ACCESS_LOG_DAYS,
          SECURITY_HEADERS,
          XSS_PROTECTION,
          FRAME_OPTIONS,
          CONTENT_TYPE_OPTIONS,
          STRICT_TRANSPORT_SECURITY,
          CONTENT_SECURITY_POLICY,
          SPARK_HOME,
          SPARKS,
          SPARK_MASTER,
          DEPLOY_MODE,
          DEFAULT_PROFILE,
          RSC_JARS,
          REPL_JARS,
          LOCAL_FOLDERS,
          STAGING_DIRECTORY,
          MAX_UPLOAD_SIZE,
          FILE_LIST_CONFIGS,
          ALLOW_CUSTOM_CLASSPATH,
          SESSION_TIMEOUT,
          SESSION_TIMEOUT_CHECK,
          SESSION_TTL,
          SESSION_TTL_CHECK,
          HEARTBEAT_INTERVAL,
          STATE_RETAIN,
          MAX_CREATION,
          RETAINED_STATEMENTS,
          CANCEL_TIMEOUT,
          PRESPAWNED_DRIVERS,
          DRIVER_ADDRESS,
          LAUNCHER_ADDRESSES,
          LAUNCHER_PORTS,
          DRIVER_CONNECT_TIMEOUT,
          DRIVER_IDLE_TIMEOUT,
          YARN_LOOKUP_TIMEOUT,
          YARN_POLL_INTERVAL,
          YARN_LEAK_TIMEOUT,
          YARN_LEAK_INTERVAL,
          YARN_STAGING_DIRECTORY,
          STANDALONE_DRIVER_JAR,
          KUBERNETES_TOKEN_FILE,
          KUBERNETES_CA_FILE,
          KUBERNETES_KEY_FILE,
          KUBERNETES_CERTIFICATE_FILE,
          RELAY_GRACE,
          CULL_IDLE_TIMEOUT,
          CULL_CONNECTED,
          CULL_INTERVAL,
          RECOVERY_MODE,
          RECOVERY_STORE,
          RECOVERY_FOLDER,
          PROGRESS,
          HISTORY_DIRECTORY,
          JUPYTER_KERNELS,
          STATE_DIRECTORY,
          CACHE_DIRECTORY);

  /** The file of the Spark settings that users may not set, beside {@code livy.conf}. */
  static final String FORBIDDEN_KEYS = "spark-blacklist.conf";

  /**
   * Reads the settings from all sources.
   *
   * @throws ConfigException with everything that is wrong, if anything is
   */
  public static ServerConfig load(Sources sources) throws ConfigException {
    SettingValues values = SettingValues.collect(sources);
    Map<String, Path> sparks = values.get(SPARKS);
    ServerConfig config =
        new ServerConfig(
            values.get(HOST),
            values.get(PORT),
            values.get(SPARK_HOME),
            sparks,
            values.get(SPARK_MASTER),
            values.get(IMPERSONATION),
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
            values.get(RELAY_GRACE),
            new Culling(
                values.get(CULL_IDLE_TIMEOUT),
                values.get(CULL_CONNECTED),
                values.get(CULL_INTERVAL)),
            new Recovery(
                values.get(RECOVERY_MODE), values.get(RECOVERY_STORE), values.get(RECOVERY_FOLDER)),
            new Notebooks(
                values.get(PROGRESS), values.get(HISTORY_DIRECTORY), values.get(JUPYTER_KERNELS)),
            http(values),
            sessions(values),
            new Uploads(values.get(STAGING_DIRECTORY), values.get(MAX_UPLOAD_SIZE)),
            submissions(values, sparks.keySet(), sources),
            clusters(values));
    values.refuseProblems();
    return config;
  }

  private static Http http(SettingValues values) {
    return new Http(
        values.get(REQUEST_HEADER_SIZE),
        values.get(SEND_SERVER_VERSION),
        new AccessLog(values.get(ACCESS_LOG_DIRECTORY), values.get(ACCESS_LOG_DAYS)),
        new SecurityHeaders(
            values.get(SECURITY_HEADERS),
            values.get(XSS_PROTECTION),
            values.get(FRAME_OPTIONS),
            values.get(CONTENT_TYPE_OPTIONS),
            values.get(STRICT_TRANSPORT_SECURITY),
            values.get(CONTENT_SECURITY_POLICY)));
  }

  private static Sessions sessions(SettingValues values) {
    return new Sessions(
        values.get(SESSION_TIMEOUT),
        values.get(SESSION_TIMEOUT_CHECK),
        values.get(SESSION_TTL),
        values.get(SESSION_TTL_CHECK),
        values.get(STATE_RETAIN),
        values.get(MAX_CREATION),
        values.get(HEARTBEAT_INTERVAL),
        values.get(CANCEL_TIMEOUT),
        values.get(RSC_JARS),
        values.get(REPL_JARS));
  }

  private static Clusters clusters(SettingValues values) {
    return new Clusters(
        values.get(DEPLOY_MODE),
        values.get(LAUNCHER_ADDRESSES),
        values.get(LAUNCHER_PORTS),
        new Yarn(
            values.get(YARN_LOOKUP_TIMEOUT),
            values.get(YARN_POLL_INTERVAL),
            values.get(YARN_LEAK_TIMEOUT),
            values.get(YARN_LEAK_INTERVAL),
            values.get(YARN_STAGING_DIRECTORY)),
        values.get(STANDALONE_DRIVER_JAR),
        kubernetes(values));
  }

  private static Map<String, String> kubernetes(SettingValues values) {
    Map<String, String> set = new TreeMap<>();
    KUBERNETES_FILES.forEach(
        setting -> values.get(setting).ifPresent(path -> set.put(setting.key(), path.toString())));
    return set;
  }

  private static SubmissionRules.Options submissions(
      SettingValues values, Set<String> named, Sources sources) {
    Set<String> sparks =
        Stream.concat(Stream.of(SparkFinder.EMBEDDED), named.stream()).collect(Collectors.toSet());
    return new SubmissionRules.Options(
        values.keysIn(sources.livyFolder().resolve(FORBIDDEN_KEYS)),
        values.get(LOCAL_FOLDERS),
        values.read(() -> HadoopFileSystem.byDefault(sources), HadoopFileSystem.LOCAL),
        values.get(FILE_LIST_CONFIGS),
        values.get(ALLOW_CUSTOM_CLASSPATH),
        sparks,
        ProfileSettings.read(values, DEFAULT_PROFILE, sparks));
  }
}
