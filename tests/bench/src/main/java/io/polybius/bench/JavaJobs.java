package io.polybius.bench;

import io.polybius.client.SessionClient;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Measures compiled jobs of the client for Java, from the call to the value. */
final class JavaJobs {

  private static final int FIRST = 200;
  private static final int LATER = 1000;
  private static final int CLIENTS = 50;
  private static final int JOBS_EACH = 100;
  private static final long TIMEOUT_MINUTES = 5;

  private JavaJobs() {}

  /** Runs on a server of its own, and prints rows of a table. */
  static void run(Path home, Path folder) throws Exception {
    try (ChildProcess server =
        Benchmarks.server(home, folder, Map.of("polybius.server.prespawned-drivers", "0"))) {
      URI address = Benchmarks.readyAddress(server);
      try (SessionClient session = SessionClient.at(address).open()) {
        session.awaitReady();
        session.uploadClassesOf(JavaJobs.class);
        measure(session);
        many(address, session.id());
      }
    }
  }

  private static void measure(SessionClient session) throws Exception {
    Samples.measure("Java job: the very first", 1, () -> one(session)).print();
    Samples.measure("Java job: a trivial one, 2 to 201", FIRST, () -> one(session)).print();
    Samples.measure("Java job: a trivial one, later", LATER, () -> one(session)).print();
    Samples.measure(
            "Java job: one that counts with Spark",
            FIRST,
            () -> session.run(context -> context.sparkContext().parallelize(List.of(1)).count()))
        .print();
  }

  private static void one(SessionClient session) {
    int value = session.run(context -> 42);
    if (value != 42) {
      throw new IllegalStateException("a job has returned " + value);
    }
  }

  /** Each client sends the next job when it has the value of the one before. */
  private static void many(URI address, long id) throws Exception {
    List<SessionClient> clients = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(SessionClient.at(address).join(id));
      }
      Samples all = new Samples("Java job: a trivial one, 50 clients of one session");
      CountDownLatch begin = new CountDownLatch(1);
      List<Future<Samples>> running = new ArrayList<>();
      for (SessionClient client : clients) {
        running.add(
            threads.submit(
                () -> {
                  begin.await();
                  return Samples.measure("", JOBS_EACH, () -> one(client));
                }));
      }
      long began = System.nanoTime();
      begin.countDown();
      List<Samples> each = new ArrayList<>();
      for (Future<Samples> one : running) {
        each.add(one.get(TIMEOUT_MINUTES, TimeUnit.MINUTES));
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      each.forEach(all::addAll);
      all.print();
      System.out.printf(Locale.ROOT, "%-62s %5s %10.0f jobs/s%n", "", "", all.count() / seconds);
    } finally {
      threads.shutdownNow();
      clients.forEach(SessionClient::close);
    }
  }
}
