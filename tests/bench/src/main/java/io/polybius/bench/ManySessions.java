package io.polybius.bench;

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
import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the REST door alone takes, in one process with the clients that load it, with many sessions,
 * which have no processes and no Spark.
 */
final class ManySessions {

  private static final int MAX_BODY_BYTES = 1 << 20;
  private static final int LISTED = 10_000;
  private static final int POLLED = 50;
  private static final int CLIENTS = 200;
  private static final int PAGES = 200;
  private static final Duration LOAD_TIME = Duration.ofSeconds(5);

  private ManySessions() {}

  /** Measures it, on a server in this process. */
  static void run() throws Exception {
    CoreSettings settings =
        CoreSettings.of(SessionLimits.DEFAULT).withCreations(new CreationLimit(LISTED));
    RestSettings rest =
        new RestSettings(
            new VersionInfo("0.9.0", "", "", "", "", ""), false, MAX_BODY_BYTES, Map.of());
    try (SessionService sessions =
            new SessionService(new InMemoryDrivers(), settings, Clock.systemUTC());
        BatchService batches =
            new BatchService(
                (spec, log) -> {
                  throw new LaunchException("no batches here");
                },
                settings,
                Clock.systemUTC());
        HttpServer http =
            new HttpServer(
                Listener.on(InetAddress.getLoopbackAddress(), 0, MAX_BODY_BYTES),
                Optional.empty(),
                Optional.empty(),
                new RestFacade(sessions, batches, rest).handler())) {
      for (int i = 0; i < LISTED; i++) {
        sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
      }
      measure(http.uri());
    }
  }

  private static void measure(URI server) throws Exception {
    System.out.println("The REST door alone, in one process with the clients that load it:");
    LivyClient client = new LivyClient(server);
    client.call("GET", "/sessions?from=5000&size=100", null);
    Samples.measure(
            "REST GET a page of 100 out of 10,000 sessions",
            PAGES,
            () -> client.call("GET", "/sessions?from=5000&size=100", null))
        .print();
    List<String> polls = new ArrayList<>();
    for (int i = 0; i < POLLED; i++) {
      client.run(i, "");
      polls.add("/sessions/" + i);
      polls.add("/sessions/" + i + "/statements/0");
    }
    LoadGenerator.run(
        "REST 200 clients polling 50 sessions and their statements",
        server,
        polls,
        CLIENTS,
        LOAD_TIME);
  }
}
