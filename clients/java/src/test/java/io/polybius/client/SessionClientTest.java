package io.polybius.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.job.Job;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.math.BigInteger;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.ZipInputStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against a server that behaves as a test tells it to. */
@Timeout(60)
class SessionClientTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String JOB = "/sessions/7/jobs/1";

  @TempDir private static Path folder;

  private FakeServer server;

  private record Point(int x) implements Serializable {}

  @BeforeEach
  void start() throws IOException {
    server = FakeServer.start().withSession();
    server.on("POST /sessions/7/submit-job", 201, "{\"id\": 1, \"state\": \"SENT\"}");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private SessionBuilder at() {
    return SessionClient.at(server.address()).outageTimeout(Duration.ofSeconds(5));
  }

  private static byte[] bytes(Object object) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static String succeeded(Object value) {
    return "{\"id\":1,\"state\":\"SUCCEEDED\",\"result\":\""
        + Base64.getEncoder().encodeToString(bytes(value))
        + "\",\"error\":null}";
  }

  private static String state(String state, String error) {
    return "{\"id\":1,\"state\":\"" + state + "\",\"result\":null,\"error\":" + error + "}";
  }

  // ---- sessions

  @Test
  void sessionIsOpenedAsAskedForAndEndsWithTheClient() throws Exception {
    try (SessionClient session =
        at().kind("spark")
            .name("etl")
            .conf("a", "b")
            .profile("large")
            .jar(URI.create("hdfs:/one.jar"))
            .jar(URI.create("hdfs:/two.jar"))
            .driverMemory("2g")
            .executors(3)
            .idleTimeout(Duration.ofMinutes(2))
            .open()) {
      assertThat(session.id()).isEqualTo(7);
      assertThat(session).hasToString("session 7 at " + server.address());
    }
    FakeServer.Asked opened = server.asked.get(0);
    JsonNode body = Connection.JSON.readTree(opened.body());
    assertThat(body)
        .isEqualTo(
            Connection.JSON.readTree(
                """
                {"kind": "spark", "name": "etl", "conf": {"a": "b", "polybius.profile": "large"},
                 "jars": ["hdfs:/one.jar", "hdfs:/two.jar"], "driverMemory": "2g",
                 "numExecutors": 3, "idleTimeout": "120s"}
                """));
    assertThat(opened.header("X-requested-by")).isEqualTo("polybius-client");
    assertThat(opened.headers()).doesNotContainKey("Authorization");
    assertThat(server.asked.get(1).method()).isEqualTo("DELETE");
  }

  @Test
  void joinedSessionAndOneToKeepStay() {
    at().join("etl").close();
    at().keepSession().open().close();
    server.on("POST /sessions/my%20own%3F/connect", 200, "{\"id\": 7}");
    at().join("my own?").close();

    assertThat(server.asked).noneMatch(each -> each.method().equals("DELETE"));
    assertThatThrownBy(() -> at().join("a/b")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pathOfTheAddressStandsBeforeTheRoutes() {
    server.on("POST /spark/api/sessions/9/connect", 200, "{\"id\": 9}");
    try (SessionClient session = SessionClient.at(server.address() + "/spark/api/").join(9)) {
      assertThat(session.id()).isEqualTo(9);
    }
  }

  @Test
  void everyFormOfSecretIsSentAndNeverShown() throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "the-secret\n");
    String host = server.address().substring("http://".length());
    List<SessionBuilder> builders =
        List.of(
            at().token("the-secret"),
            at().tokenFile(file),
            at().password("me", "the-secret"),
            SessionClient.at("http://me:the-secret@" + host));
    for (SessionBuilder each : builders) {
      assertThat(each.toString()).doesNotContain("the-secret");
      each.join("etl").close();
    }
    String basic =
        "Basic "
            + Base64.getEncoder().encodeToString("me:the-secret".getBytes(StandardCharsets.UTF_8));
    assertThat(server.asked)
        .extracting(each -> each.header("Authorization"))
        .containsExactly("Bearer the-secret", "Bearer the-secret", basic, basic);
    assertThatThrownBy(() -> SessionClient.at("ftp://me:the-secret@" + host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("the-secret");
    assertThatThrownBy(() -> SessionClient.at("http://me:the-secret@ho st"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("the-secret");
  }

  @Test
  void refusalsSayWhatToDo() {
    server.on("POST /sessions/1/connect", 401, "{\"msg\": \"A token is needed.\"}");
    server.on("POST /sessions/2/connect", 404, "{\"msg\": \"Session '2' not found.\"}");
    server.on("POST /sessions/4/connect", 200, "<html>");
    server.on(
        "POST /sessions/3/connect",
        (exchange, body) -> {
          exchange.getResponseHeaders().add("Location", "https://other/x?token=secret");
          FakeServer.send(exchange, 302, "");
        });

    assertThatThrownBy(() -> at().join(1))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("401 A token is needed.")
        .hasMessageContaining("tokenFile");
    assertThatThrownBy(() -> at().join(2))
        .hasMessageContaining("Session '2' not found.")
        .extracting(error -> ((RequestRefusedException) error).status())
        .isEqualTo(404);
    assertThatThrownBy(() -> at().join(3))
        .hasMessageContaining("https://other/x. Use that address.")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> at().join(4))
        .hasMessageContaining("Is the address that of a Polybius");
  }

  @Test
  void serverThatIsNotThereIsSaidSoAtOnce() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    long before = System.nanoTime();
    assertThatThrownBy(() -> SessionClient.at("http://127.0.0.1:" + port).open())
        .isInstanceOf(ServerUnreachableException.class)
        .hasMessageContaining("Does the server run there?");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void silentServerIsNotWaitedForLongerThanSaid() {
    server.on("POST /sessions/1/connect", (exchange, body) -> {});
    assertThatThrownBy(() -> at().requestTimeout(Duration.ofMillis(200)).join(1))
        .isInstanceOf(ServerUnreachableException.class)
        .hasMessageContaining("does not answer in time");
  }

  @Test
  void startIsAwaitedByEvents() {
    server = restarted();
    server.on("GET /sessions/7/state", 200, "{\"state\": \"starting\"}");
    server.on("GET /sessions/7/state", 200, "{\"state\": \"starting\"}");
    server.on("GET /sessions/7/state", 200, "{\"state\": \"idle\"}");
    server.on(
        "GET /sessions/7/events",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          // The first is one of an earlier start.
          write(exchange.getResponseBody(), event(1, "session", "{\"state\":\"idle\"}"));
          write(exchange.getResponseBody(), event(2, "session", "{\"state\":\"idle\"}"));
        });
    try (SessionClient session = at().join("etl")) {
      session.awaitReady(PATIENCE);
    }
    assertThat(server.askedOf("/sessions/7/state")).hasSize(3);
  }

  /** Has all but the state of the session. */
  private FakeServer restarted() {
    server.close();
    try {
      return FakeServer.start()
          .on("POST /sessions/etl/connect", 200, "{\"id\": 7}")
          .on("POST /sessions/7/submit-job", 201, "{\"id\": 1, \"state\": \"SENT\"}");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void sessionThatHasDiedIsSaidSoWithItsLog() {
    server = restarted();
    server.on("GET /sessions/7/state", 200, "{\"state\": \"dead\"}");
    server.on("GET /sessions/7/log", 200, "{\"log\": [\"no memory\"]}");
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(session::awaitReady)
          .isInstanceOf(SessionEndedException.class)
          .hasMessageContaining("no memory");
      assertThatThrownBy(() -> session.execute("1")).isInstanceOf(SessionEndedException.class);
    }
  }

  // ---- jobs

  @Test
  void jobIsSentAndItsValueComesBack() throws Exception {
    server.on("GET " + JOB, 200, state("QUEUED", "null"));
    server.on("GET " + JOB, 200, state("STARTED", "null"));
    server.on("GET " + JOB, 200, succeeded(new Point(3)));
    int captured = 2;
    try (SessionClient session = at().join("etl")) {
      JobHandle<Point> job = session.submit(context -> new Point(captured));
      assertThat(job.id()).isEqualTo(1);
      assertThat(job.get(PATIENCE)).isEqualTo(new Point(3));
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.isDone()).isTrue();
      assertThat(session.job(1, Point.class).get(PATIENCE)).isEqualTo(new Point(3));
      assertThatThrownBy(() -> session.job(1, String.class).get(PATIENCE))
          .hasMessageContaining("which is no java.lang.String");
    }
    JsonNode sent =
        Connection.JSON.readTree(server.askedOf("/sessions/7/submit-job").get(0).body());
    assertThat(sent.get("jobType").asText()).isEqualTo("spark");
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(sent.get("job").binaryValue()))) {
      assertThat(((Job<?>) in.readObject()).call(null)).isEqualTo(new Point(2));
    }
    assertThat(server.askedOf(JOB).get(0).path()).isEqualTo(JOB + "?wait=60s");
  }

  @Test
  void failedAndCancelledAndNullAreTold() {
    server.on("GET " + JOB, 200, state("FAILED", "\"java.io.IOException: boom\\n\\tat A.b\""));
    server.on("GET " + JOB, 200, state("CANCELLED", "null"));
    server.on("GET " + JOB, 200, state("SUCCEEDED", "null"));
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(() -> session.run(context -> 1))
          .isInstanceOf(JobFailedException.class)
          .hasMessageStartingWith("Job 1 has failed: java.io.IOException: boom")
          .extracting(error -> ((JobFailedException) error).driverTrace())
          .isEqualTo("java.io.IOException: boom\n\tat A.b");
      assertThatThrownBy(() -> session.run(context -> 1)).isInstanceOf(CancelledException.class);
      assertThat(session.<Object>run(context -> 1)).isNull();
    }
  }

  @Test
  void outageIsOutlived() {
    server.on("GET " + JOB, (exchange, body) -> exchange.close());
    server.on("GET " + JOB, 503, "{\"msg\": \"shutting down\"}");
    server.on("GET " + JOB, 429, "");
    server.on("GET " + JOB, 502, "<html>");
    server.on("GET " + JOB, 200, succeeded("after all"));
    try (SessionClient session = at().join("etl")) {
      assertThat(session.<String>run(context -> "x")).isEqualTo("after all");
    }
  }

  @Test
  void outageIsNotOutlivedForEver() {
    server.on("GET " + JOB, 503, "{\"msg\": \"shutting down\"}");
    try (SessionClient session = at().outageTimeout(Duration.ofMillis(300)).join("etl")) {
      assertThatThrownBy(() -> session.run(context -> "x", PATIENCE))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("503 shutting down");
    }
    assertThat(server.askedOf(JOB).size()).isBetween(2, 5);
  }

  @Test
  void jobThatIsGoneIsSaidSoAtOnceAndNothingIsSentTwice() {
    server.on("GET " + JOB, 404, "{\"msg\": \"Job 1 not found.\"}");
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(() -> session.run(context -> 1)).hasMessageContaining("Job 1 not found.");
    }
    server = restarted();
    server.on("POST /sessions/7/statements", (exchange, body) -> exchange.close());
    server.on("GET /sessions/7/state", 200, "{\"state\": \"idle\"}");
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(() -> session.execute("1")).isInstanceOf(ServerUnreachableException.class);
    }
    // The JDK's client must not repeat it either.
    assertThat(server.askedOf("/sessions/7/statements")).hasSize(1);
  }

  @Test
  void waitsHaveTheirLimits() {
    CountDownLatch held = new CountDownLatch(1);
    server.on("GET " + JOB, (exchange, body) -> awaitQuietly(held));
    try (SessionClient session = at().join("etl")) {
      JobHandle<Integer> job = session.submit(context -> 1);
      assertThatThrownBy(() -> job.get(Duration.ofMillis(100)))
          .isInstanceOf(TimeLimitException.class);
      CompletableFuture<Integer> value = job.toCompletableFuture();
      assertThat(value.cancel(true)).isTrue();
      assertThat(job.isDone()).isFalse();
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> job.get(PATIENCE)).hasMessageStartingWith("Interrupted");
      assertThat(Thread.interrupted()).isTrue();
      CompletableFuture<Integer> other = job.toCompletableFuture();
      session.close();
      assertThatThrownBy(() -> other.get(5, TimeUnit.SECONDS))
          .hasRootCauseMessage("This client was closed.");
    } finally {
      held.countDown();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void manyHandlesTakeFewThreads() {
    CountDownLatch held = new CountDownLatch(1);
    server.on(
        "GET " + JOB,
        (exchange, body) -> {
          awaitQuietly(held);
          FakeServer.send(exchange, 200, succeeded(1));
        });
    try (SessionClient session = at().join("etl")) {
      List<JobHandle<Integer>> jobs = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        jobs.add(session.submit(context -> 1));
      }
      await().atMost(PATIENCE).until(() -> server.askedOf(JOB).size() == 100);
      await().atMost(PATIENCE).until(() -> clientThreads() < 20);
      held.countDown();
      assertThat(jobs.stream().mapToInt(job -> job.get(PATIENCE)).sum()).isEqualTo(100);
    }
    await().atMost(PATIENCE).until(() -> clientThreads() == 0);
  }

  private static long clientThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("polybius-client-"))
        .count();
  }

  @Test
  void jobThatCannotBeSerializedIsExplained() {
    Object captured = new Object();
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(() -> session.submit(context -> captured.hashCode()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("The job refers to a java.lang.Object, which is not serializable")
          .hasMessageContaining("copy what it needs into a local variable");
    }
  }

  @Test
  void resultsThatCannotBeReadHereAreExplained() {
    String unknown =
        new String(bytes(new Point(1)), StandardCharsets.ISO_8859_1)
            .replace("SessionClientTest$Point", "SessionClientTest$Lost1");
    server.on(
        "GET " + JOB,
        200,
        "{\"state\":\"SUCCEEDED\",\"result\":\""
            + Base64.getEncoder().encodeToString(unknown.getBytes(StandardCharsets.ISO_8859_1))
            + "\"}");
    server.on("GET " + JOB, 200, "{\"state\":\"SUCCEEDED\",\"result\":\"AwFhYg==\"}");
    try (SessionClient session = at().join("etl")) {
      assertThatThrownBy(() -> session.run(context -> 1))
          .hasMessageContaining("whose class this program has not got")
          .hasMessageContaining("SessionClientTest$Lost1");
      assertThatThrownBy(() -> session.run(context -> 1))
          .hasMessageContaining("The job was not sent by this client");
    }
  }

  @Test
  void statesAndProgressComeByEventsAlsoAfterACut() {
    CountDownLatch heard = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    server.on(
        "GET " + JOB,
        (exchange, body) -> {
          awaitQuietly(ended);
          FakeServer.send(exchange, 200, succeeded(1));
        });
    server.on(
        "GET " + JOB + "/events",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          write(out, "retry: 1000\n\n: a comment\n\n");
          write(out, event(3, "job", "{\"id\":1,\"state\":\"STARTED\",\"progress\":0.0}"));
          write(out, event(5, "job", "{\"id\":1,\"state\":\"STARTED\",\"progress\":0.25}"));
          // What a client has not read yet of an answer that is cut off can be lost to it.
          awaitQuietly(heard);
          exchange.close();
        });
    server.on(
        "GET " + JOB + "/events",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            write(out, event(6, "job", "{\"id\":1,\"state\":\"STARTED\",\"progress\":0.75}"));
          }
        });
    server.on("GET " + JOB + "/events", 204, "");
    List<JobState> states = new CopyOnWriteArrayList<>();
    List<Double> shares = new CopyOnWriteArrayList<>();
    try (SessionClient session = at().join("etl")) {
      JobHandle<Integer> job =
          session
              .submit(context -> 1)
              .onProgress(
                  share -> {
                    shares.add(share);
                    heard.countDown();
                    throw new IllegalStateException("of a listener, which is printed");
                  })
              .onState(states::add);
      await().dontCatchUncaughtExceptions().atMost(PATIENCE).until(() -> job.progress() == 0.75);
      ended.countDown();
      assertThat(job.get(PATIENCE)).isEqualTo(1);
      await()
          .dontCatchUncaughtExceptions()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(states)
                      .containsExactly(JobState.SENT, JobState.STARTED, JobState.SUCCEEDED));
      assertThat(shares).containsExactly(0.25, 0.75);
    }
    assertThat(server.askedOf(JOB + "/events"))
        .extracting(each -> each.header("Last-event-id"))
        .startsWith("", "5", "6");
  }

  private static String event(int id, String type, String data) {
    return "id: " + id + "\nevent: " + type + "\ndata: " + data + "\n\n";
  }

  private static void write(OutputStream out, String text) {
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void cancelIsAskedFor() {
    server.on("POST " + JOB + "/cancel", 200, "");
    server.on("GET " + JOB, 200, state("STARTED", "null"));
    server.on("GET " + JOB, 200, state("CANCELLED", "null"));
    try (SessionClient session = at().join("etl")) {
      JobHandle<Integer> job = session.submit(context -> 1);
      job.cancel();
      assertThatThrownBy(() -> job.get(PATIENCE)).isInstanceOf(CancelledException.class);
    }
    assertThat(server.askedOf(JOB + "/cancel")).hasSize(1);
  }

  // ---- statements, jars and files

  @Test
  void statementHasItsFormsOrItsError() {
    server.on("POST /sessions/7/statements", 201, "{\"id\": 0, \"state\": \"waiting\"}");
    server.on(
        "GET /sessions/7/statements/0",
        200,
        """
        {"state": "available", "output": {"status": "ok", "data": {"text/plain": "2",
         "application/json": {"a": [1]}}}}
        """);
    server.on(
        "GET /sessions/7/statements/0",
        200,
        """
        {"state": "available", "output": {"status": "error", "ename": "Error", "evalue": "boom",
         "traceback": ["at 1\\n"], "data": {"text/plain": "printed"}}}
        """);
    server.on("GET /sessions/7/statements/0", 200, "{\"state\": \"cancelled\", \"output\": null}");
    try (SessionClient session = at().join("etl")) {
      StatementResult good = session.execute("1 + 1", "spark").get(PATIENCE);
      assertThat(good.succeeded()).isTrue();
      assertThat(good.text()).isEqualTo("2");
      assertThat(good.data().get("application/json").toString()).isEqualTo("{a=[1]}");
      StatementResult bad = session.execute("1").get(PATIENCE);
      assertThat(bad.succeeded()).isFalse();
      assertThat(bad).hasToString("Error: boom");
      assertThat(bad.text()).isEqualTo("printed");
      assertThat(bad.traceback()).containsExactly("at 1\n");
      assertThatThrownBy(() -> session.execute("1").get(PATIENCE))
          .isInstanceOf(CancelledException.class);
    }
    assertThat(server.askedOf("/sessions/7/statements").get(0).text())
        .isEqualTo("{\"code\":\"1 + 1\",\"kind\":\"spark\"}");
  }

  @Test
  void fileIsUploadedAsAForm() throws Exception {
    server.on("POST /sessions/7/upload-file", 200, "");
    Path file = folder.resolve("a \"b\" é.txt");
    byte[] content = new byte[3_000_000];
    new java.util.Random(1).nextBytes(content);
    Files.write(file, content);
    try (SessionClient session = at().join("etl")) {
      session.uploadFile(file);
      assertThatThrownBy(() -> session.uploadJar(folder.resolve("none.jar")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("There is no file");
    }
    FakeServer.Asked asked = server.askedOf("/sessions/7/upload-file").get(0);
    String boundary = asked.header("Content-type").replaceAll(".*boundary=", "");
    byte[] name = "a %22b%22 é.txt".getBytes(StandardCharsets.UTF_8);
    assertThat(asked.header("Content-length")).isEqualTo(String.valueOf(asked.body().length));
    assertThat(asked.text())
        .isEqualTo(
            "--"
                + boundary
                + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
                + new String(name, StandardCharsets.ISO_8859_1)
                + "\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                + new String(content, StandardCharsets.ISO_8859_1)
                + "\r\n--"
                + boundary
                + "--\r\n");
  }

  @Test
  void classesAreUploadedWithAllOfTheirFolder() throws Exception {
    server.on("POST /sessions/7/upload-jar", 200, "");
    try (SessionClient session = at().join("etl")) {
      session.uploadClassesOf(SessionClientTest.class, FakeServer.class);
      assertThatThrownBy(() -> session.uploadClassesOf(String.class))
          .hasMessageContaining("is a class of the JDK");
    }
    assertThat(server.askedOf("/sessions/7/upload-jar")).hasSize(1);
    byte[] body = server.askedOf("/sessions/7/upload-jar").get(0).body();
    String text = new String(body, StandardCharsets.ISO_8859_1);
    List<String> names = new ArrayList<>();
    try (ZipInputStream zip =
        new ZipInputStream(
            new ByteArrayInputStream(
                text.substring(text.indexOf("\r\n\r\n") + 4)
                    .getBytes(StandardCharsets.ISO_8859_1)))) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        names.add(entry.getName());
      }
    }
    assertThat(names)
        .contains(
            "io/polybius/client/SessionClientTest.class",
            "io/polybius/client/SessionClientTest$Point.class",
            "io/polybius/client/FakeServer.class");
    try (var left = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertThat(left)
          .noneMatch(file -> file.getFileName().toString().startsWith("polybius-classes-"));
    }
  }

  @Test
  void resourceIsAddedByItsAddress() {
    server.on("POST /sessions/7/add-jar", 200, "");
    server.on("POST /sessions/7/add-file", 400, "{\"msg\": \"cannot be added\"}");
    try (SessionClient session = at().join("etl")) {
      session.addJar(URI.create("hdfs:/a.jar"));
      assertThatThrownBy(() -> session.addFile(URI.create("file:/etc/passwd")))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("cannot be added");
    }
    assertThat(server.askedOf("/sessions/7/add-jar").get(0).text())
        .isEqualTo("{\"uri\":\"hdfs:/a.jar\"}");
  }

  // ---- the end of a client

  @Test
  void closeBreaksOffStreamsAndRequests() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    CountDownLatch lost = new CountDownLatch(2);
    server.on(
        "GET /sessions/7/events",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          write(exchange.getResponseBody(), event(1, "session", "{\"state\":\"idle\"}"));
          awaitQuietly(closed);
          writeUntilLost(exchange.getResponseBody(), lost);
        });
    server.on(
        "GET " + JOB,
        (exchange, body) -> {
          awaitQuietly(closed);
          exchange.sendResponseHeaders(200, 0);
          writeUntilLost(exchange.getResponseBody(), lost);
        });
    List<Long> heard = new CopyOnWriteArrayList<>();
    EventSubscription events;
    JobHandle<Integer> job;
    try (SessionClient session = at().join("etl")) {
      events = session.events(event -> heard.add(event.id()));
      job = session.submit(context -> 1);
      await().atMost(PATIENCE).until(() -> heard.size() == 1 && !server.askedOf(JOB).isEmpty());
    } finally {
      closed.countDown();
    }
    assertThat(lost.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(heard).containsExactly(1L);
    assertThatThrownBy(() -> events.end().get(5, TimeUnit.SECONDS))
        .hasRootCauseMessage("This client was closed.");
    assertThatThrownBy(() -> job.get(PATIENCE)).hasMessage("This client was closed.");
  }

  /** Sends events until nobody takes them; for a time only in which a client would not end. */
  private static void writeUntilLost(OutputStream out, CountDownLatch lost) {
    byte[] bytes = event(2, "session", "{\"state\":\"idle\"}").getBytes(StandardCharsets.UTF_8);
    try {
      for (int i = 0; i < 1000; i++) {
        out.write(bytes);
        out.flush();
        Thread.sleep(10);
      }
    } catch (IOException e) {
      lost.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void waitsThatPauseFailWhenTheClientIsClosed() {
    server = restarted();
    server.on("GET /sessions/7/state", 200, "{\"state\": \"starting\"}");
    server.on("GET /sessions/7/events", 503, "");
    server.on("GET " + JOB, 200, state("STARTED", "null"));
    CompletableFuture<Void> ready;
    CompletableFuture<Integer> value;
    try (SessionClient session = at().join("etl")) {
      ready = CompletableFuture.runAsync(session::awaitReady);
      value = session.submit(context -> 1).toCompletableFuture();
      // By then pauses are long.
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  server.askedOf(JOB).size() > 4
                      && server.askedOf("/sessions/7/events").size() > 3);
    }
    assertThatThrownBy(() -> value.get(5, TimeUnit.SECONDS))
        .hasRootCauseMessage("This client was closed.");
    assertThatThrownBy(() -> ready.get(5, TimeUnit.SECONDS))
        .hasRootCauseMessage("This client was closed.");
  }

  @Test
  void sessionIsEndedAlsoByAServerThatCannotJustNow() throws IOException {
    server.close();
    server =
        FakeServer.start()
            .on("POST /sessions", 201, "{\"id\": 7}")
            .on("DELETE /sessions/7", 503, "")
            .on("DELETE /sessions/7", (exchange, body) -> exchange.close())
            .on("DELETE /sessions/7", 404, "");
    at().open().close();
    assertThat(server.askedOf("/sessions/7")).hasSize(3);
  }

  @Test
  void endOfASessionIsNotAskedForLong() throws IOException {
    server.close();
    server =
        FakeServer.start()
            .on("POST /sessions", 201, "{\"id\": 7}")
            .on("DELETE /sessions/7", 503, "{\"msg\": \"no\"}");
    SessionClient session = at().outageTimeout(Duration.ofMinutes(5)).open();
    assertThatThrownBy(session::close).hasMessageContaining("503 no");
    assertThatThrownBy(session::state).hasMessage("This client was closed.");
  }

  @Test
  void answerThatStopsInItsMiddleIsAskedForAgain() throws Exception {
    server = restarted();
    CountDownLatch again = new CountDownLatch(1);
    CountDownLatch lost = new CountDownLatch(1);
    server.on(
        "GET /sessions/7/state",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          write(exchange.getResponseBody(), "{\"state\":");
          awaitQuietly(again);
          writeUntilLost(exchange.getResponseBody(), lost);
        });
    server.on(
        "GET /sessions/7/state",
        (exchange, body) -> {
          again.countDown();
          FakeServer.send(exchange, 200, "{\"state\": \"idle\"}");
        });
    try (SessionClient session = at().requestTimeout(Duration.ofMillis(500)).join("etl")) {
      assertThat(session.state()).isEqualTo("idle");
      assertThat(lost.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void listenerThatThrowsHearsOnUntilTheEnd() throws Exception {
    server.on(
        "GET /sessions/7/events",
        (exchange, body) -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            write(out, event(1, "session", "{}") + event(2, "session", "{}"));
          }
        });
    server.on("GET /sessions/7/events", 204, "");
    server.on("GET /sessions/7/events", 404, "{\"msg\": \"Session '7' not found.\"}");
    List<Long> heard = new CopyOnWriteArrayList<>();
    try (SessionClient session = at().join("etl")) {
      EventSubscription events =
          session.events(
              event -> {
                heard.add(event.id());
                throw new AssertionError("of a listener, which is printed");
              });
      events.end().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(heard).containsExactly(1L, 2L);
      assertThatThrownBy(
              () -> session.events(event -> {}).end().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .hasMessageContaining("404 Session '7' not found.");
    }
  }

  // ---- what results may be

  @Test
  void resultsAreWhatIsAllowedAndNoMoreThanTheirBytes() throws Exception {
    String base64 = Base64.getEncoder().encodeToString(bytes(new Point(1)));
    server.on("GET " + JOB, 200, succeeded(new Point(1)));
    server.on("GET " + JOB, 200, succeeded(new ArrayList<>(List.of(1, 2))));
    byte[] huge = bytes(new byte[10]);
    // After the class come the four bytes of the length.
    huge[huge.length - 14] = 0x7f;
    server.on("GET " + JOB, 200, succeeded(new Point(1)).replace(base64, base64Of(huge)));
    server.on("GET " + JOB, 200, nested(5000));
    ObjectInputFilter plain = ObjectInputFilter.Config.createFilter("java.base/*;!*");
    try (SessionClient session = at().resultFilter(plain).join("etl")) {
      assertThatThrownBy(() -> session.job(1, Object.class).get(PATIENCE))
          .hasMessageContaining("resultFilter does not allow " + Point.class.getName());
      assertThat(session.<List<Integer>>run(context -> new ArrayList<>())).containsExactly(1, 2);
      assertThatThrownBy(() -> session.job(1, Object.class).get(PATIENCE))
          .hasMessageContaining("it claims to have 2130706442 elements");
      assertThatThrownBy(() -> session.job(1, Object.class).get(PATIENCE))
          .hasMessageContaining("nested too deeply");
    }
  }

  /** Arrays in arrays, which take a larger stack to write than a thread has. */
  private static String nested(int depth) throws InterruptedException {
    Object value = "x";
    for (int i = 0; i < depth; i++) {
      value = new Object[] {value};
    }
    Object whole = value;
    AtomicReference<String> answer = new AtomicReference<>();
    Thread writer = new Thread(null, () -> answer.set(succeeded(whole)), "writer", 64 << 20);
    writer.start();
    writer.join();
    return answer.get();
  }

  private static String base64Of(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  // ---- TLS

  @Test
  void certificateOfOnesOwnIsTrustedWhenItIsNamed() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    KeyPair keys = generator.generateKeyPair();
    X500Name name = new X500Name("CN=localhost");
    Instant now = Instant.now();
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                new JcaX509v3CertificateBuilder(
                        name,
                        BigInteger.ONE,
                        Date.from(now.minusSeconds(60)),
                        Date.from(now.plusSeconds(3600)),
                        name,
                        keys.getPublic())
                    .addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                    .build(
                        new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    char[] password = "changeit".toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", keys.getPrivate(), password, new X509Certificate[] {certificate});
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, password);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    Path pem =
        Files.writeString(
            folder.resolve("server.pem"),
            "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n");
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", certificate);
    Path trustStore = folder.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(trustStore)) {
      trusted.store(out, password);
    }
    try (FakeServer secure = FakeServer.start(tls).withSession()) {
      SessionClient.at(secure.address()).trustCertificates(pem).join("etl").close();
      SessionClient.at(secure.address()).trustStore(trustStore, password).join("etl").close();
      assertThat(secure.asked).hasSize(2);
      assertThatThrownBy(() -> SessionClient.at(secure.address()).join("etl"))
          .isInstanceOf(ServerUnreachableException.class)
          .hasMessageContaining("trustCertificates");
    }
    assertThatThrownBy(
            () -> SessionClient.at("https://localhost").trustCertificates(folder.resolve("token-")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
