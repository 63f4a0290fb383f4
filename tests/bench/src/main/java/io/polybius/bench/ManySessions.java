package io.polybius.bench;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What the REST door alone takes, in one process with the clients that load it, with many sessions,
 * which have no processes and no Spark.
 */
final class ManySessions {

  private static final int LISTED = 10_000;
  private static final int POLLED = 50;
  private static final int CLIENTS = 200;
  private static final int PAGES = 200;
  private static final Duration LOAD_TIME = Duration.ofSeconds(5);

  private ManySessions() {}

  /**
   * Measures it, on a server in this process.
   *
   * @param folder for its files
   */
  static void run(Path folder) throws Exception {
    try (InMemoryServer server = new InMemoryServer(folder, LISTED)) {
      for (int i = 0; i < LISTED; i++) {
        server.open();
      }
      measure(server.uri());
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
