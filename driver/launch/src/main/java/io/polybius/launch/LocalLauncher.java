package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverListener;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.LinkSecrets;
import io.polybius.driver.protocol.RProgram;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launches each driver as a Java process of this machine, with Spark in local mode inside it. The
 * driver gets its secrets in files that only the server's user can read. Drivers of sessions can
 * outlive the server; then a later one takes them back with what {@link DriverPapers} tell.
 */
public final class LocalLauncher implements DriverLauncher {

  private static final Logger logger = LoggerFactory.getLogger(LocalLauncher.class);

  /** What every driver speaks. */
  public static final Set<Kind> LANGUAGES = Set.of(Kind.SPARK, Kind.PYSPARK, Kind.SPARKR, Kind.SQL);

  private final LaunchSettings settings;
  private final Optional<LastingDrivers> lasting;
  private final SessionCertificates certificates;
  private final DriverListener listener;
  private final ClassDataArchive archive;
  private final PrespawnedDrivers prespawned;

  /**
   * Begins to listen for drivers, which end with this launcher.
   *
   * @throws IOException if the port cannot be bound
   */
  public LocalLauncher(LaunchSettings settings) throws IOException {
    this(settings, Optional.empty());
  }

  /**
   * Begins to listen for drivers.
   *
   * @param folder where drivers have their files that outlive this launcher, used by no other one;
   *     empty if they are to end with it
   * @throws IOException if the port cannot be bound, or the folder cannot be used
   */
  public LocalLauncher(LaunchSettings settings, Optional<Path> folder) throws IOException {
    this.settings = settings;
    try {
      if (folder.isPresent()) {
        LastingDrivers drivers = new LastingDrivers(folder.get());
        this.lasting = Optional.of(drivers);
        this.certificates = new SessionCertificates(folder.get());
        if (certificates.isNew()) {
          drivers.giveUp("The key by which the driver knows the server is lost.");
        }
        this.listener =
            drivers.listen(
                settings.listenAddress(), certificates.serverContext(), settings.reconnectWindow());
      } else {
        this.lasting = Optional.empty();
        this.certificates = new SessionCertificates();
        this.listener =
            new DriverListener(
                settings.listenAddress(), certificates.serverContext(), settings.reconnectWindow());
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("this JVM cannot make keys for the driver links: " + e, e);
    }
    this.archive = new ClassDataArchive(settings.cacheDirectory(), settings.workDirectory());
    this.prespawned =
        new PrespawnedDrivers(
            settings.hasLocalMaster() ? settings.prespawned() : 0,
            (name, events, log) -> {
              DriverCommandLine commandLine = plainCommandLine();
              return new PrespawnedDrivers.Started(
                  commandLine, start(name, commandLine, Optional.empty(), events, log));
            });
  }

  @Override
  public RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
      throws LaunchException {
    settings.requireLocalMaster(spec.settings().application());
    SparkInstallation spark = settings.spark(spec.settings().application());
    Map<String, String> defaults = new LinkedHashMap<>(settings.sparks().defaults(spark));
    defaults.put("spark.app.name", "livy-session-" + spec.sessionId());
    Map<String, String> sparkSettings =
        withSessionJars(settings.sparkSettings(spec.settings().application(), defaults));
    if (spec.settings().kind().equals(Kind.SPARKR)) {
      requireR(sparkSettings);
    }
    // What %info tells.
    sparkSettings.put("spark.polybius.session", String.valueOf(spec.sessionId()));
    // The driver starts that language before its first statement.
    sparkSettings.put("spark.polybius.kind", spec.settings().kind().canonicalName());
    DriverCommandLine commandLine =
        new DriverCommandLine(spark, settings.driverJar(), sparkSettings);
    String name = spec.driverName();
    Optional<RunningDriver> waiting = prespawned.take(commandLine, sparkSettings, events, log);
    if (waiting.isPresent()) {
      logger.info("{} runs Spark {} in a prespawned process", name, spark.sparkVersion());
      return handOver(waiting.get(), name, sparkSettings);
    }
    return handOver(
        start(name, commandLine, Optional.of(sparkSettings), events, log), name, Map.of());
  }

  /** Refuses a session whose every statement would fail. */
  private static void requireR(Map<String, String> sparkSettings) throws LaunchException {
    Map<String, String> environment = System.getenv();
    RProgram program =
        RProgram.of(name -> Optional.ofNullable(sparkSettings.get(name)), environment);
    if (!program.isOn(environment.getOrDefault("PATH", ""))) {
      throw new LaunchException(program.missing());
    }
  }

  /** Writes down whose driver it is, if it can outlive this server. */
  private RunningDriver handOver(
      RunningDriver driver, String owner, Map<String, String> lateSettings) throws LaunchException {
    if (driver instanceof DriverProcess process && process.papers().isPresent()) {
      try {
        process.papers().get().handOver(owner, lateSettings);
        lasting.ifPresent(drivers -> drivers.add(process));
      } catch (IOException e) {
        driver.kill();
        driver.connection().close();
        throw new LaunchException("The driver cannot be kept: " + e.getMessage(), e);
      }
    }
    return driver;
  }

  @Override
  public void expect(List<LaunchSpec> wanted) {
    lasting.ifPresent(
        drivers -> drivers.expect(wanted.stream().map(LaunchSpec::driverName).toList()));
  }

  @Override
  public RunningDriver reattach(
      LaunchSpec spec,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    LastingDrivers drivers =
        lasting.orElseThrow(() -> new LaunchException("Drivers do not outlive the server."));
    DriverPapers papers = drivers.claim(spec.driverName());
    String driver = papers.driver();
    DriverConnection<DriverCommand> connection = null;
    try {
      ProcessHandle handle =
          papers
              .process()
              .orElseThrow(
                  () -> new LaunchException("The driver ended while there was no server."));
      X509Certificate certificate = papers.certificate();
      connection =
          listener.expectAgain(
              driver, events, withLateSettings(position, papers), papers.secrets(), papers::keep);
      // Last: whose certificate is trusted, but who is not expected, is sent away for good.
      certificates.accept(driver, certificate);
      LaunchedProcess process = LaunchedProcess.adopt(handle, papers, log, () -> forget(papers));
      logger.info("{} is still process {}", spec.driverName(), process.pid());
      DriverProcess taken = new DriverProcess(process, connection, Optional.of(papers));
      drivers.add(taken);
      return taken;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      certificates.revoke(driver);
      if (connection != null) {
        connection.close();
      }
      drivers.end(papers);
      throw new LaunchException("The driver cannot be taken back: " + e.getMessage(), e);
    } catch (LaunchException e) {
      drivers.end(papers);
      throw e;
    }
  }

  /** The settings are the first command of a driver that was started without; it may be lost. */
  private static LinkPosition withLateSettings(LinkPosition position, DriverPapers papers) {
    Map<String, String> lateSettings = papers.lateSettings();
    return lateSettings.isEmpty() || position.sent() != 1
        ? position
        : position.after(PrespawnedDrivers.startSpark(lateSettings));
  }

  private void forget(DriverPapers papers) {
    certificates.revoke(papers.driver());
    papers.delete();
  }

  @Override
  public Set<Kind> languages() {
    return LANGUAGES;
  }

  @Override
  public List<InstalledKernel> jupyterKernels() {
    return InstalledKernel.in(settings.kernelFolders());
  }

  /** Starts a driver that has Spark's settings, or else waits for them. */
  private DriverProcess start(
      String name,
      DriverCommandLine commandLine,
      Optional<Map<String, String>> sparkSettings,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    WorkDirectory directory = null;
    DriverListener.Expectation expectation = null;
    LaunchedProcess process = null;
    DriverPapers papers = null;
    String driver = name;
    try {
      directory =
          WorkDirectory.create(
              lasting.map(LastingDrivers::folder).orElse(settings.workDirectory()), name);
      // Other than the given name, this one is never used a second time.
      driver = directory.name();
      papers = DriverPapers.blank(directory);
      expectation =
          listener.expect(
              driver, events, lasting.isPresent() ? papers::keep : LinkSecrets.Keeper.NONE);
      Map<String, String> driverSettings = new LinkedHashMap<>(sparkSettings.orElse(Map.of()));
      driverSettings.put("prespawned", String.valueOf(sparkSettings.isEmpty()));
      SessionCertificates.DriverKeys issued = certificates.issue(driver);
      driverSettings.put("driver", driver);
      driverSettings.put("secret", expectation.secret());
      driverSettings.put("server.host", settings.listenAddress().getHostString());
      driverSettings.put("server.port", String.valueOf(listener.address().getPort()));
      driverSettings.put("key-store", directory.writeKeys(issued).toString());
      driverSettings.put("key-store.password", issued.password());
      driverSettings.put(
          "server.patience-millis", String.valueOf(settings.serverIdleTimeout().toMillis()));
      driverSettings.put("work-directory", directory.path().toString());
      driverSettings.put(
          "jupyter-kernels",
          settings.kernelFolders().stream()
              .map(Path::toString)
              .collect(Collectors.joining(File.pathSeparator)));
      driverSettings.put("output.max-chars", String.valueOf(settings.maxOutputChars()));
      ProcessBuilder builder =
          commandLine.processBuilder(
              directory,
              archive.use(commandLine),
              List.of(directory.writeProperties("driver.properties", driverSettings).toString()));
      DriverPapers own = papers;
      if (lasting.isPresent()) {
        papers.issue(issued.certificate(), expectation.secret());
        process = LaunchedProcess.startLasting(builder, papers, log, () -> forget(own));
      } else {
        process = LaunchedProcess.start(builder, directory, log, () -> forget(own));
      }
      logger.info("{} is process {}", name, process.pid());
      return new DriverProcess(process, expectation.connection(), lasting.map(drivers -> own));
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      certificates.revoke(driver);
      if (expectation != null) {
        expectation.connection().close();
      }
      if (process != null) {
        // Its folder goes when it is gone.
        process.kill();
      } else if (papers != null) {
        papers.delete();
      } else if (directory != null) {
        directory.delete();
      }
      throw new LaunchException("The driver could not be started: " + e.getMessage(), e);
    }
  }

  /**
   * Makes what lets drivers start fast, unless it is there, and waits for it; that takes somewhat
   * longer than a driver's start. Without it, the first driver of a Spark starts slower than
   * others.
   *
   * @throws LaunchException if there is no Spark
   */
  public void prepare() throws LaunchException, IOException {
    archive.prepare(plainCommandLine());
  }

  /** Returns how a driver starts whose session asks for nothing special. */
  private DriverCommandLine plainCommandLine() throws LaunchException {
    SparkInstallation spark = settings.sparks().choose();
    return new DriverCommandLine(
        spark, settings.driverJar(), withSessionJars(settings.sparks().defaults(spark)));
  }

  private Map<String, String> withSessionJars(Map<String, String> sparkSettings) {
    Map<String, String> more = new LinkedHashMap<>(sparkSettings);
    if (!settings.sessionJars().isEmpty()) {
      String jars = String.join(",", settings.sessionJars());
      more.merge("spark.jars", jars, (others, ours) -> ours + "," + others);
    }
    return more;
  }

  /** Frees what the launcher holds. Drivers that can outlive the server are left to a later one. */
  @Override
  public void close() {
    prespawned.close();
    archive.close();
    listener.close();
    lasting.ifPresent(LastingDrivers::leave);
  }
}
