package io.polybius.bench;

import io.polybius.kernel.http.KernelGateway;
import io.polybius.kernel.http.KernelGatewaySettings;
import io.polybius.rest.RestFacade;
import io.polybius.rest.RestSettings;
import io.polybius.rest.VersionInfo;
import io.polybius.server.http.HttpServer;
import io.polybius.server.http.Listener;
import io.polybius.session.BatchService;
import io.polybius.session.Caller;
import io.polybius.session.CoreSettings;
import io.polybius.session.CreationLimit;
import io.polybius.session.Kind;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSettings;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Both doors in this process, on sessions without drivers, to measure what the server itself takes.
 */
final class InMemoryServer implements AutoCloseable {

  private static final int MAX_BODY_BYTES = 1 << 20;

  private final SessionService sessions;
  private final BatchService batches;
  private final RestFacade rest;
  private final KernelGateway kernels;
  private final HttpServer http;

  /**
   * Starts one.
   *
   * @param runtimeDirectory where connection files go
   * @param maxSessions how many sessions it can have
   */
  InMemoryServer(Path runtimeDirectory, int maxSessions) throws IOException {
    CoreSettings settings =
        CoreSettings.of(SessionLimits.DEFAULT).withCreations(new CreationLimit(maxSessions));
    sessions = new SessionService(new InMemoryDrivers(), settings, Clock.systemUTC());
    batches =
        new BatchService(
            (spec, log) -> {
              throw new LaunchException("no batches here");
            },
            settings,
            Clock.systemUTC());
    rest =
        new RestFacade(
            sessions,
            batches,
            new RestSettings(
                new VersionInfo("0.9.0", "", "", "", "", ""), false, MAX_BODY_BYTES, Map.of()));
    kernels =
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
    http =
        new HttpServer(
            Listener.on(InetAddress.getLoopbackAddress(), 0, MAX_BODY_BYTES),
            Optional.empty(),
            Optional.empty(),
            kernels.handler(rest.handler()));
  }

  /** Returns where it listens. */
  URI uri() {
    return http.uri();
  }

  /** Opens a session. */
  void open() {
    sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
  }

  @Override
  public void close() {
    rest.close();
    kernels.close();
    http.close();
    batches.close();
    sessions.close();
  }
}
