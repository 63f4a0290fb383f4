package io.polybius.server;

import io.polybius.kernel.KernelStore;
import io.polybius.kernel.http.KernelGateway;
import io.polybius.kernel.http.KernelGatewaySettings;
import io.polybius.launch.ClusterSettings;
import io.polybius.launch.LaunchSettings;
import io.polybius.launch.LocalLauncher;
import io.polybius.launch.SparkFinder;
import io.polybius.launch.SparkLauncher;
import io.polybius.launch.SparkSubmitLauncher;
import io.polybius.launch.Submitter;
import io.polybius.rest.RestFacade;
import io.polybius.rest.RestSettings;
import io.polybius.server.config.PortRange;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.files.PrivateFolder;
import io.polybius.server.files.RecoveryFolder;
import io.polybius.server.files.StagingFolder;
import io.polybius.server.http.AccessLog;
import io.polybius.server.http.AccessToken;
import io.polybius.server.http.HttpServer;
import io.polybius.server.http.Listener;
import io.polybius.server.kernelspec.JupyterFolders;
import io.polybius.session.BatchService;
import io.polybius.session.CoreSettings;
import io.polybius.session.CreationLimit;
import io.polybius.session.Lifetimes;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.SubmissionRules;
import io.polybius.session.store.FileSessionStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server. All its parts are made here, in the order in which they need each other, and
 * closed in the reverse order; so are those that a failed start has made.
 */
public final class ServerAssembly implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ServerAssembly.class);

  /**
   * Enough for the longest code of a statement, whatever its letters become in JSON, and so also
   * for the largest job, a third longer in base64.
   */
  private static final long MAX_BODY_BYTES = 6L * SessionLimits.DEFAULT.maxCodeChars();

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final HttpServer http;

  private ServerAssembly(
      ServerConfig config, Installation installation, Map<String, String> environment)
      throws IOException {
    try {
      refuseOpenDoor(config);
      Optional<AccessToken> token = Optional.empty();
      if (config.tokenFile().isPresent()) {
        token = Optional.of(AccessToken.read(config.tokenFile().get()));
      }

      PrivateFolder folder = part(new PrivateFolder(config.stateDirectory()));
      LaunchSettings launches =
          launchSettings(config, installation, environment, folder.folder("drivers"));
      CoreSettings core = coreSettings(config, folder.folder("logs"));
      Optional<RecoveryFolder> lasting = Optional.empty();
      Optional<KernelStore> kernelStore = Optional.empty();
      if (config.recovery().enabled()) {
        Path chosen =
            config
                .recovery()
                .folder()
                .orElseGet(() -> Installation.recoveryFolder(config, environment));
        lasting = Optional.of(part(new RecoveryFolder(chosen)));
        core = core.withStore(new FileSessionStore(lasting.get().folder("sessions")));
        kernelStore = Optional.of(new KernelStore(lasting.get().folder("kernels")));
      }
      StagingFolder staging =
          part(
              new StagingFolder(
                  config
                      .uploads()
                      .stagingFolder()
                      .orElseGet(() -> Installation.stagingFolder(config, environment)),
                  lasting.map(RecoveryFolder::path)));
      core = core.withStagingFolder(staging.path());
      Submitter submitter =
          part(
              new Submitter(
                  launches,
                  new ClusterConnections(
                      installation.yarnLibrary(),
                      environment,
                      launches.cluster(),
                      config.clusters().kubernetes(),
                      launches.sparks())));
      // Closes the launcher when it is closed itself.
      SessionService sessions =
          part(
              new SessionService(
                  new SparkLauncher(
                      launches, lasting.map(kept -> kept.folder("drivers")), submitter),
                  core,
                  Clock.systemUTC()));
      SparkSubmitLauncher programs = part(new SparkSubmitLauncher(launches, submitter));
      BatchService batches = part(new BatchService(programs, core, Clock.systemUTC()));

      BuildInfo build = BuildInfo.read();
      KernelGateway jupyter =
          part(
              new KernelGateway(
                  sessions,
                  new KernelGatewaySettings(
                      build.version(),
                      folder.folder("kernels"),
                      config.relayGrace(),
                      new KernelGatewaySettings.Culling(
                          config.culling().idleTimeout(),
                          config.culling().connected(),
                          config.culling().interval()),
                      historyFolder(config, environment),
                      config.notebooks().progress(),
                      config.notebooks().jupyterKernels()),
                  kernelStore));
      RestFacade rest =
          part(
              new RestFacade(
                  sessions,
                  batches,
                  new RestSettings(
                      build.forRest(),
                      config.csrfProtection(),
                      config.impersonation(),
                      MAX_BODY_BYTES,
                      config.uploads().maxBytes(),
                      config.http().securityHeaders().toSend(false))));
      Optional<AccessLog> accessLog = Optional.empty();
      Optional<Path> logFolder = accessLogFolder(config, installation, environment);
      if (logFolder.isPresent()) {
        int days = config.http().accessLog().retainDays();
        accessLog = Optional.of(part(new AccessLog(logFolder.get(), days)));
      }
      http =
          part(
              new HttpServer(
                  new Listener(
                      config.host(),
                      config.port(),
                      MAX_BODY_BYTES,
                      config.http().requestHeaderSize(),
                      Optional.of("Polybius " + build.version())
                          .filter(product -> config.http().sendServerVersion())),
                  token,
                  accessLog,
                  jupyter.handler(rest.handler())));
      // Closed before HTTP is, so that their last words still reach those who are connected.
      parts.removeAll(List.of(jupyter, rest));
      parts.push(jupyter);
      parts.push(rest);
    } catch (UncheckedIOException e) {
      close();
      throw new IOException(e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts a server.
   *
   * @param config its settings
   * @param installation the program's files
   * @param environment the environment variables
   * @throws IOException if it cannot start; the message is a sentence for the operator
   */
  public static ServerAssembly start(
      ServerConfig config, Installation installation, Map<String, String> environment)
      throws IOException {
    return new ServerAssembly(config, installation, environment);
  }

  /** Returns what starts the drivers of sessions, with a folder for their files. */
  static LocalLauncher launcher(
      ServerConfig config, Installation installation, Map<String, String> environment, Path folder)
      throws IOException {
    return new LocalLauncher(launchSettings(config, installation, environment, folder));
  }

  private static LaunchSettings launchSettings(
      ServerConfig config, Installation installation, Map<String, String> environment, Path folder)
      throws IOException {
    return new LaunchSettings(
        new InetSocketAddress(config.driverAddress(), 0),
        installation.driverJar(),
        sparks(config, installation, environment),
        config.sparkMaster(),
        config.sessions().jars(),
        folder,
        cache(config, installation, environment),
        config.driverIdleTimeout(),
        config.driverIdleTimeout(),
        LaunchSettings.DEFAULT_MAX_OUTPUT_CHARS,
        config.prespawnedDrivers(),
        kernelFolders(environment),
        clusterSettings(config.clusters()));
  }

  private static ClusterSettings clusterSettings(ServerConfig.Clusters chosen) {
    return new ClusterSettings(
        chosen.deployMode(),
        chosen.launcherAddresses(),
        chosen.launcherPorts().map(PortRange::ports).orElse(List.of(0)),
        chosen.yarn().lookupTimeout(),
        chosen.yarn().pollInterval(),
        chosen.yarn().leakTimeout(),
        chosen.yarn().leakInterval(),
        chosen.yarn().stagingDirectory(),
        chosen.standaloneDriverJar().map(URI::toString));
  }

  /** Returns where Jupyter would look for kernels, for the Python that is first on the path. */
  private static List<Path> kernelFolders(Map<String, String> environment) {
    Optional<Path> prefix = Optional.empty();
    try {
      prefix = Python.find().map(Python::prefix);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return JupyterFolders.ofThisMachine(environment).all(prefix);
  }

  /** Returns the Sparks that sessions could run on. */
  static SparkFinder sparks(
      ServerConfig config, Installation installation, Map<String, String> environment) {
    return new SparkFinder(
        config.sparkHome(), config.sparks(), environment, installation.embeddedSpark());
  }

  /** Returns what the operator chose about sessions and batches, whose logs go into a folder. */
  static CoreSettings coreSettings(ServerConfig config, Path logFolder) {
    ServerConfig.Sessions chosen = config.sessions();
    return new CoreSettings(
        SessionLimits.DEFAULT
            .withStartTimeout(config.driverConnectTimeout())
            .withCancelTimeout(chosen.cancelTimeout())
            .withRetainedStatements(config.retainedStatements()),
        new Lifetimes(
            Optional.of(chosen.timeout()).filter(time -> chosen.timeoutCheck()),
            Optional.of(chosen.ttl()).filter(time -> chosen.ttlCheck()),
            chosen.heartbeatInterval(),
            chosen.stateRetain()),
        submissionRules(config),
        new CreationLimit(chosen.maxCreation()),
        Optional.of(logFolder),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns what the operator lets users submit. */
  static SubmissionRules submissionRules(ServerConfig config) {
    return new SubmissionRules(config.submissions());
  }

  /** Returns the folder for the log of requests, or nothing when there is to be none. */
  static Optional<Path> accessLogFolder(
      ServerConfig config, Installation installation, Map<String, String> environment) {
    return config.http().accessLog().folder(installation.logs(environment));
  }

  /** Returns the folder for what users have run, or nothing when it is not to be kept. */
  static Optional<Path> historyFolder(ServerConfig config, Map<String, String> environment) {
    return config.notebooks().historyFolder(() -> Installation.historyFolder(config, environment));
  }

  /** Returns where HTTP is served. */
  public URI uri() {
    return http.uri();
  }

  /**
   * Stops serving, ends all sessions with their drivers, or leaves them to a later server, and
   * removes the server's files. A second call, from any thread, waits for the first one.
   */
  @Override
  public synchronized void close() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        // The others have to be closed all the same.
        log.error("{} did not close well", part.getClass().getSimpleName(), e);
      }
    }
  }

  private <T extends AutoCloseable> T part(T made) {
    parts.push(made);
    return made;
  }

  private static void refuseOpenDoor(ServerConfig config) throws IOException {
    if (!config.host().isLoopbackAddress()
        && config.tokenFile().isEmpty()
        && !config.allowUnauthenticated()) {
      throw new IOException(
          "Other machines can reach "
              + config.host().getHostAddress()
              + ", and whoever opens a session can run any code here. Set"
              + " polybius.server.token-file to ask for a token, or"
              + " polybius.server.allow-unauthenticated = true to do without.");
    }
  }

  private static Path cache(
      ServerConfig config, Installation installation, Map<String, String> environment)
      throws IOException {
    return Files.createDirectories(
        config.cacheDirectory().orElseGet(() -> installation.cache(environment)));
  }
}
