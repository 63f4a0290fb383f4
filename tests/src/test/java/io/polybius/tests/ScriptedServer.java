package io.polybius.tests;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.http.KernelGateway;
import io.polybius.kernel.http.KernelGatewaySettings;
import io.polybius.launch.FileTree;
import io.polybius.rest.RestFacade;
import io.polybius.rest.RestSettings;
import io.polybius.rest.VersionInfo;
import io.polybius.server.http.HttpServer;
import io.polybius.server.http.Listener;
import io.polybius.session.BatchService;
import io.polybius.session.CoreSettings;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import io.polybius.session.testing.ScriptedBatches;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Both doors as users reach them, in this process, on drivers that follow a script. */
final class ScriptedServer implements AutoCloseable {

  private static final int MAX_BODY_BYTES = 1 << 20;

  private final SessionService sessions =
      new SessionService(
          new ForgetfulLauncher(), CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
  private final BatchService batches =
      new BatchService(
          new ScriptedBatches(), CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
  private final Path runtimeDirectory = Files.createTempDirectory("polybius-kernels");
  private final KernelGateway kernels =
      new KernelGateway(
          sessions,
          new KernelGatewaySettings(
              "0.9.0",
              runtimeDirectory,
              KernelGatewaySettings.DEFAULT_RELAY_GRACE,
              KernelGatewaySettings.Culling.NEVER,
              Optional.empty(),
              false,
              List.of()));
  private final RestFacade facade;
  private final HttpServer http;

  ScriptedServer() throws IOException {
    RestSettings settings =
        new RestSettings(
            new VersionInfo("0.9.0", "", "", "", "", ""), false, MAX_BODY_BYTES, Map.of());
    facade = new RestFacade(sessions, batches, settings);
    http =
        new HttpServer(
            Listener.on(InetAddress.getLoopbackAddress(), 0, MAX_BODY_BYTES),
            Optional.empty(),
            Optional.empty(),
            kernels.handler(facade.handler()));
  }

  /** Does not keep its drivers for the test, which wants to see what is left of them. */
  private static final class ForgetfulLauncher implements DriverLauncher {

    private final ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);

    @Override
    public RunningDriver launch(
        LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
        throws LaunchException {
      RunningDriver driver = launcher.launch(spec, events, log);
      try {
        launcher.nextDriver();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return driver;
    }

    @Override
    public Set<Kind> languages() {
      return launcher.languages();
    }

    @Override
    public void close() {
      launcher.close();
    }
  }

  /** Returns where it serves HTTP. */
  URI uri() {
    return http.uri();
  }

  /** Returns a client of it. */
  RestClient rest() {
    return new RestClient(uri());
  }

  /** Returns where the connection files of its kernels are. */
  Path runtimeDirectory() {
    return runtimeDirectory;
  }

  @Override
  public void close() throws IOException {
    facade.close();
    kernels.close();
    http.close();
    batches.close();
    sessions.close();
    FileTree.delete(runtimeDirectory);
  }
}
