package io.polybius.launch;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverListener;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.IOException;
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
 * driver gets its secrets in files that only the server's user can read.
 */
public final class LocalLauncher implements DriverLauncher {

  private static final Logger logger = LoggerFactory.getLogger(LocalLauncher.class);

  private final LaunchSettings settings;
  private final SessionCertificates certificates;
  private final DriverListener listener;
  private final ClassDataArchive archive;
  private final PrespawnedDrivers prespawned;

  /**
   * Begins to listen for drivers.
   *
   * @throws IOException if the port cannot be bound
   */
  public LocalLauncher(LaunchSettings settings) throws IOException {
    this.settings = settings;
    try {
      this.certificates = new SessionCertificates();
      this.listener =
          new DriverListener(
              settings.listenAddress(), certificates.serverContext(), settings.reconnectWindow());
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
    settings.requireLocalMaster();
    SparkInstallation spark = settings.sparks().choose();
    Map<String, String> defaults = new LinkedHashMap<>(settings.sparks().defaults(spark));
    defaults.put("spark.app.name", "livy-session-" + spec.sessionId());
    Map<String, String> sparkSettings =
        withSessionJars(settings.sparkSettings(spec.settings().application(), defaults));
    DriverCommandLine commandLine =
        new DriverCommandLine(spark, settings.driverJar(), sparkSettings);
    String name = spec.driverName();
    Optional<RunningDriver> waiting = prespawned.take(commandLine, sparkSettings, events, log);
    if (waiting.isPresent()) {
      logger.info("{} runs Spark {} in a prespawned process", name, spark.sparkVersion());
      return waiting.get();
    }
    return start(name, commandLine, Optional.of(sparkSettings), events, log);
  }

  @Override
  public Set<Kind> languages() {
    return Set.of(Kind.SPARK);
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
    try {
      directory = WorkDirectory.create(settings.workDirectory(), name);
      expectation = listener.expect(name, events);
      Map<String, String> driverSettings = new LinkedHashMap<>(sparkSettings.orElse(Map.of()));
      driverSettings.put("prespawned", String.valueOf(sparkSettings.isEmpty()));
      SessionCertificates.DriverKeys issued = certificates.issue(name);
      driverSettings.put("driver", name);
      driverSettings.put("secret", expectation.secret());
      driverSettings.put("server.host", settings.listenAddress().getHostString());
      driverSettings.put("server.port", String.valueOf(listener.address().getPort()));
      driverSettings.put("key-store", directory.writeKeys(issued).toString());
      driverSettings.put("key-store.password", issued.password());
      driverSettings.put(
          "server.patience-millis", String.valueOf(settings.serverIdleTimeout().toMillis()));
      driverSettings.put("work-directory", directory.path().toString());
      driverSettings.put("output.max-chars", String.valueOf(settings.maxOutputChars()));
      WorkDirectory used = directory;
      process =
          LaunchedProcess.start(
              commandLine.processBuilder(
                  directory,
                  archive.use(commandLine),
                  List.of(
                      directory.writeProperties("driver.properties", driverSettings).toString())),
              directory,
              log,
              () -> {
                certificates.revoke(name);
                used.delete();
              });
      logger.info("{} is process {}", name, process.pid());
      return new DriverProcess(process, expectation.connection());
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      certificates.revoke(name);
      if (expectation != null) {
        expectation.connection().close();
      }
      if (process != null) {
        // Its folder goes when it is gone.
        process.kill();
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

  @Override
  public void close() {
    prespawned.close();
    archive.close();
    listener.close();
  }
}
