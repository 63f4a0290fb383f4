package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.RProgram;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
  private final DriverLinks links;
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
    this(settings, new DriverLinks(settings, folder));
  }

  /** Makes one whose drivers use these links, which it closes. */
  LocalLauncher(LaunchSettings settings, DriverLinks links) {
    this.settings = settings;
    this.links = links;
    this.archive = new ClassDataArchive(settings.cacheDirectory(), settings.workDirectory());
    this.prespawned =
        new PrespawnedDrivers(
            settings.usualMaster().isLocal() ? settings.prespawned() : 0,
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
    Master master = settings.master(spec.settings().application());
    if (!master.isLocal()) {
      throw new LaunchException("This needs a local master, not " + master + ".");
    }
    if (spec.settings().application().proxyUser().isPresent()) {
      throw new LaunchException(
          "A session runs as another user (proxyUser) on a cluster only, and not with the local"
              + " master "
              + master.url()
              + ".");
    }
    SparkInstallation spark = settings.spark(spec.settings().application());
    Map<String, String> sparkSettings = settings.sessionSettings(spec, spark);
    if (spec.settings().kind().equals(Kind.SPARKR)) {
      requireR(sparkSettings);
    }
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
  static void requireR(Map<String, String> sparkSettings) throws LaunchException {
    Map<String, String> environment = System.getenv();
    RProgram program =
        RProgram.of(name -> Optional.ofNullable(sparkSettings.get(name)), environment);
    if (!program.isOn(environment.getOrDefault("PATH", ""))) {
      throw new LaunchException(program.missing());
    }
  }

  private RunningDriver handOver(
      RunningDriver driver, String owner, Map<String, String> lateSettings) throws LaunchException {
    if (driver instanceof DriverProcess process) {
      try {
        links.handOver(process, owner, lateSettings);
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
    links
        .lasting()
        .ifPresent(drivers -> drivers.expect(wanted.stream().map(LaunchSpec::driverName).toList()));
  }

  @Override
  public RunningDriver reattach(
      LaunchSpec spec,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    return reattach(spec, links.claim(spec), position, events, log);
  }

  /** Takes a driver back of which these papers are left. */
  DriverProcess reattach(
      LaunchSpec spec,
      DriverPapers papers,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    LastingDrivers drivers = links.lasting().orElseThrow();
    Optional<DriverConnection<DriverCommand>> connection = Optional.empty();
    try {
      ProcessHandle handle =
          papers
              .process()
              .orElseThrow(
                  () -> new LaunchException("The driver ended while there was no server."));
      connection = Optional.of(links.openAgain(papers, withLateSettings(position, papers), events));
      LaunchedProcess process =
          LaunchedProcess.adopt(handle, papers, log, () -> links.forget(papers));
      logger.info("{} is still process {}", spec.driverName(), process.pid());
      DriverProcess taken = new DriverProcess(process, connection.get(), Optional.of(papers));
      drivers.add(taken);
      return taken;
    } catch (IOException | LaunchException e) {
      connection.ifPresent(DriverConnection::close);
      links.giveUp(papers);
      throw e instanceof LaunchException told
          ? told
          : new LaunchException("The driver cannot be taken back: " + e.getMessage(), e);
    }
  }

  /** The settings are the first command of a driver that was started without; it may be lost. */
  private static LinkPosition withLateSettings(LinkPosition position, DriverPapers papers) {
    Map<String, String> lateSettings = papers.lateSettings();
    return lateSettings.isEmpty() || position.sent() != 1
        ? position
        : position.after(PrespawnedDrivers.startSpark(lateSettings));
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
    DriverLinks.Link link = null;
    LaunchedProcess process = null;
    try {
      directory = links.newDirectory(name);
      link = links.open(directory, events);
      Map<String, String> driverSettings = new LinkedHashMap<>(sparkSettings.orElse(Map.of()));
      driverSettings.putAll(links.driverSettings(link, false));
      driverSettings.put("spark", sparkSettings.isPresent() ? "here" : "later");
      driverSettings.put("key-store", directory.writeKeys(link.keys()).toString());
      driverSettings.put("work-directory", directory.path().toString());
      ProcessBuilder builder =
          commandLine.processBuilder(
              directory,
              archive.use(commandLine),
              List.of(directory.writeProperties("driver.properties", driverSettings).toString()));
      process = links.start(link, builder, directory, log);
      logger.info("{} is process {}", name, process.pid());
      return links.driver(link, process);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      links.undo(Optional.ofNullable(link), Optional.ofNullable(process), directory);
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
        spark, settings.driverJar(), settings.withSessionJars(settings.sparks().defaults(spark)));
  }

  /** Frees what the launcher holds. Drivers that can outlive the server are left to a later one. */
  @Override
  public void close() {
    prespawned.close();
    archive.close();
    links.close();
  }
}
