package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many clients and many sessions at once, on drivers that follow a script. */
@Timeout(300)
class RestLoadIT {

  private static final int CLIENTS = 200;
  private static final int REQUESTS_OF_CLIENT = 50;
  private static final int POLLED_SESSIONS = 50;

  /** Threads of pools, and of the test's own waiting, come and go. */
  private static final int THREAD_SLACK = 10;

  private static final long HEAP_SLACK_BYTES = 16L << 20;

  private ScriptedServer server;
  private RestClient rest;

  @BeforeEach
  void start() throws Exception {
    server = new ScriptedServer();
    rest = server.rest();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @Test
  void manyClientsPollManySessionsWithoutErrors() throws Exception {
    for (int i = 0; i < POLLED_SESSIONS; i++) {
      rest.post(rest.openSession(), "wait");
    }
    HttpClient http = HttpClient.newHttpClient();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    long begin = System.nanoTime();
    List<Future<long[]>> polls = new ArrayList<>();
    try {
      for (int client = 0; client < CLIENTS; client++) {
        String session = "/sessions/" + client % POLLED_SESSIONS;
        polls.add(clients.submit(polling(http, session, session + "/statements/0")));
      }
      long[] nanos =
          polls.stream().flatMapToLong(poll -> LongStream.of(result(poll))).sorted().toArray();
      double seconds = (System.nanoTime() - begin) / 1e9;
      assertThat(nanos).hasSize(CLIENTS * REQUESTS_OF_CLIENT);
      System.out.printf(
          "%d clients polling %d sessions: %.0f requests/s, median %.1f ms, 99th percentile %.1f ms%n",
          CLIENTS,
          POLLED_SESSIONS,
          nanos.length / seconds,
          nanos[nanos.length / 2] / 1e6,
          nanos[nanos.length * 99 / 100] / 1e6);
    } finally {
      clients.shutdownNow();
      assertThat(clients.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  private Callable<long[]> polling(HttpClient http, String... paths) {
    return () -> {
      long[] nanos = new long[REQUESTS_OF_CLIENT];
      for (int i = 0; i < nanos.length; i++) {
        URI uri = server.uri().resolve(paths[i % paths.length]);
        long begin = System.nanoTime();
        HttpResponse<String> answer =
            http.send(
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(),
                HttpResponse.BodyHandlers.ofString());
        nanos[i] = System.nanoTime() - begin;
        if (answer.statusCode() != 200 || !answer.body().startsWith("{\"id\":")) {
          throw new AssertionError(uri + ": " + answer.statusCode() + " " + answer.body());
        }
      }
      return nanos;
    };
  }

  private static long[] result(Future<long[]> poll) {
    try {
      return poll.get(120, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void sessionsThatAreGoneLeaveNothingBehind() {
    openUseAndDelete(100);
    Footprint before = Footprint.settled();
    openUseAndDelete(200);

    await()
        .atMost(60, TimeUnit.SECONDS)
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () -> {
              Footprint after = Footprint.settled();
              assertThat(after.threads())
                  .as("threads")
                  .isLessThanOrEqualTo(before.threads() + THREAD_SLACK);
              assertThat(after.files())
                  .as("sockets and files")
                  .isLessThanOrEqualTo(before.files() + 4);
              assertThat(after.heap()).as("heap").isLessThan(before.heap() + HEAP_SLACK_BYTES);
            });
    assertThat(rest.call("GET", "/sessions", null).get("total").asInt()).isZero();
  }

  private void openUseAndDelete(int count) {
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int session = rest.openSession();
      open.add(session);
      assertThat(rest.run(session, "print " + "x".repeat(200_000)).at("/output/status").asText())
          .isEqualTo("ok");
    }
    open.forEach(session -> rest.call("DELETE", "/sessions/" + session, null));
  }

  /** What a process holds. */
  private record Footprint(int threads, long files, long heap) {

    static Footprint settled() {
      long[] heap = new long[3];
      for (int i = 0; i < heap.length; i++) {
        System.gc();
        heap[i] = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      }
      UnixOperatingSystemMXBean system =
          (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      return new Footprint(
          ManagementFactory.getThreadMXBean().getThreadCount(),
          system.getOpenFileDescriptorCount(),
          Arrays.stream(heap).min().orElseThrow());
    }
  }
}
