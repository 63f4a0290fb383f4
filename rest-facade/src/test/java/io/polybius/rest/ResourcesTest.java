package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent.ResourceAdded;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How jars and files are added to sessions. */
@Timeout(60)
class ResourcesTest {

  private static final String BOUNDARY = "----boundary";
  private static final int MAX_UPLOAD = 3 << 20;

  /** What a body has beside its file at most, as the API counts it. */
  private static final int FORM = 1 << 20;

  private static final RestSettings SETTINGS =
      new RestSettings(
          TestingRestServer.VERSION,
          false,
          false,
          1 << 20,
          MAX_UPLOAD,
          TestingRestServer.SECURITY_HEADERS);

  @TempDir Path staging;
  private TestingRestServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private ScriptedDriver serve(ScriptedLauncher launcher, Deadlines deadlines) {
    server = new TestingRestServer(launcher, SETTINGS, deadlines, staging);
    server.openIdleSession();
    return launcher.newestDriver();
  }

  private ScriptedDriver serve() {
    return serve(ScriptedLauncher.ready(Script.TINY), Deadlines.DEFAULT);
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static byte[] part(String disposition, byte[] content) {
    ByteArrayOutputStream part = new ByteArrayOutputStream();
    part.writeBytes(
        ("--"
                + BOUNDARY
                + "\r\nContent-Disposition: form-data; "
                + disposition
                + "\r\nContent-Type: application/octet-stream\r\n\r\n")
            .getBytes(StandardCharsets.UTF_8));
    part.writeBytes(content);
    part.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    return part.toByteArray();
  }

  private static byte[] form(byte[]... parts) {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      form.writeBytes(part);
    }
    form.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return form.toByteArray();
  }

  private HttpRequest.Builder upload(String route, BodyPublisher body) {
    return server
        .to("/sessions/0/" + route)
        .header("Content-Type", "multipart/form-data; boundary=\"" + BOUNDARY + "\"")
        .POST(body);
  }

  private HttpResponse<String> post(String route, byte[]... parts) {
    return server.send(upload(route, BodyPublishers.ofByteArray(form(parts))));
  }

  private static Path fileOf(AddResource added) {
    return Path.of(URI.create(added.uri()));
  }

  private List<Path> stagedFiles() throws IOException {
    try (Stream<Path> all = Files.walk(staging)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private static void assertDone(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String message) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(json(answer).get("msg").asText()).contains(message);
  }

  // ---- by URI

  @ParameterizedTest
  @CsvSource({"add-jar, JAR", "add-file, FILE", "add-pyfile, PYTHON_FILE"})
  void resourcesAreAddedByUri(String route, ResourceKind kind) {
    ScriptedDriver driver = serve();

    assertDone(server.post("/sessions/0/" + route, "{\"uri\":\"hdfs://nn/a\"}"));
    assertDone(server.post("/sessions/0/" + route + "/", "{\"uri\":\"hdfs://nn/b\"}"));

    assertThat(driver.resources()).extracting(AddResource::kind).containsExactly(kind, kind);
    assertThat(driver.resources())
        .extracting(AddResource::uri)
        .containsExactly("hdfs://nn/a", "hdfs://nn/b");
  }

  @Test
  void whatCannotBeAddedIsSaid() {
    serve();

    assertRefused(
        server.post("/sessions/0/add-jar", "{\"uri\":\"hdfs://nn/missing\"}"),
        500,
        "There is no such file.");
    assertRefused(server.post("/sessions/0/add-jar", "{}"), 400, "no uri provided");
    assertRefused(server.post("/sessions/0/add-jar", "{\"url\":\"x\"}"), 400, "url");
    assertRefused(
        server.post("/sessions/7/add-jar", "{\"uri\":\"x\"}"), 404, "Session '7' not found.");
    server.post("/sessions/0/stop", "");
    assertRefused(
        server.post("/sessions/0/add-jar", "{\"uri\":\"hdfs://nn/a\"}"),
        400,
        "requirement failed: Session isn't active.");
    assertRefused(
        post("upload-jar", part("name=\"jar\"; filename=\"x.jar\"", bytes(10))),
        400,
        "requirement failed: Session isn't active.");
  }

  @Test
  void theAnswerComesWhenTheDriverHasAnswered() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    server = new TestingRestServer(launcher, SETTINGS, Deadlines.DEFAULT, staging);
    server.post("/sessions", "{}");
    ScriptedDriver driver = launcher.nextDriver();
    ExecutorService client = Executors.newSingleThreadExecutor();
    try {
      Future<HttpResponse<String>> answer =
          client.submit(
              () -> post("upload-file", part("name=\"file\"; filename=\"x\"", bytes(10))));
      await().until(() -> stagedFiles().size() == 1);
      assertThat(driver.commandIfAny()).isNull();
      driver.ready();
      AddResource asked = driver.nextCommand(AddResource.class);
      assertThat(answer).isNotDone();
      driver.say(new ResourceAdded(asked.requestId(), ""));
      assertDone(answer.get());
    } finally {
      client.shutdownNow();
    }
  }

  // ---- uploads

  @ParameterizedTest
  @CsvSource({
    "upload-jar, jar, JAR",
    "upload-file, file, FILE",
    "upload-pyfile, file, PYTHON_FILE"
  })
  void filesAreUploaded(String route, String field, ResourceKind kind) {
    ScriptedDriver driver = serve();
    byte[] content = bytes(500_000);

    assertDone(post(route, part("name=\"" + field + "\"; filename=\"a b.bin\"", content)));

    assertThat(driver.resources()).extracting(AddResource::kind).containsExactly(kind);
    Path file = fileOf(driver.resources().get(0));
    assertThat(file).startsWith(staging).hasFileName("a b.bin").hasBinaryContent(content);
  }

  @Test
  void theFileOfTheFieldIsTakenWhereverItStands() {
    ScriptedDriver driver = serve();

    assertDone(
        post(
            "upload-jar",
            part("name=\"note\"", bytes(100)),
            part("name=\"file\"; filename=\"other.jar\"", bytes(200)),
            part("name=\"jar\"; filename=\"\"", bytes(0)),
            part("filename=\"../../first.jar\"; name=jar", bytes(300)),
            part("name=\"jar\"; filename=\"second.jar\"", bytes(400))));

    assertThat(driver.resources()).hasSize(1);
    Path file = fileOf(driver.resources().get(0));
    assertThat(file).hasFileName("first.jar").hasBinaryContent(bytes(300));
  }

  @Test
  void aFileMayBeEmpty() {
    ScriptedDriver driver = serve();

    assertDone(post("upload-file", part("name=\"file\"; filename=\"_SUCCESS\"", bytes(0))));

    assertThat(fileOf(driver.resources().get(0))).isEmptyFile();
  }

  @Test
  void formsWithoutTheFileAreRefusedInLivysWords() throws IOException {
    ScriptedDriver driver = serve();

    for (HttpResponse<String> answer :
        List.of(
            post("upload-jar"),
            post("upload-jar", part("name=\"file\"; filename=\"x.jar\"", bytes(10))),
            post("upload-jar", part("name=\"jar\"", bytes(10))),
            post("upload-jar", part("name=\"jar\"; filename=\"\"", bytes(0))),
            server.post("/sessions/0/upload-jar", "{\"uri\":\"hdfs://nn/a\"}"),
            server.post("/sessions/0/upload-jar", ""))) {
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).isEqualTo("\"No jar sent!\"");
    }
    for (String route : List.of("upload-file", "upload-pyfile")) {
      HttpResponse<String> answer =
          post(route, part("name=\"jar\"; filename=\"x.jar\"", bytes(10)));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).isEqualTo("\"No file sent!\"");
    }
    assertThat(driver.resources()).isEmpty();
    assertThat(stagedFiles()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "a/..", "x/", "nul\0.jar", "line\tend"})
  void badNamesAreRefused(String name) throws IOException {
    serve();

    assertRefused(
        post("upload-jar", part("name=\"jar\"; filename=\"" + name + "\"", bytes(1000))),
        400,
        "cannot be used");
    assertThat(stagedFiles()).isEmpty();
  }

  @Test
  void halfAFormIsRefusedAndNotKept() throws IOException {
    ScriptedDriver driver = serve();
    byte[] whole = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(100_000)));

    assertRefused(
        server.send(upload("upload-jar", BodyPublishers.ofByteArray(whole, 0, whole.length - 100))),
        400,
        "it ends before its last boundary");
    assertRefused(
        server.send(
            server
                .to("/sessions/0/upload-jar")
                .header("Content-Type", "multipart/form-data; boundary=" + "x".repeat(71))
                .POST(BodyPublishers.ofByteArray(whole))),
        400,
        "boundary");
    assertThat(driver.resources()).isEmpty();
    assertThat(stagedFiles()).isEmpty();
  }

  @Test
  void filesAreAsLargeAsTheOperatorSays() throws IOException {
    ScriptedDriver driver = serve();
    String disposition = "name=\"file\"; filename=\"x\"";

    assertDone(post("upload-file", part(disposition, bytes(MAX_UPLOAD))));
    assertRefused(
        post("upload-file", part(disposition, bytes(MAX_UPLOAD + 1))),
        413,
        "larger than " + MAX_UPLOAD + " bytes (livy.file.upload.max.size)");
    assertThat(driver.resources()).hasSize(1);
    assertThat(stagedFiles()).hasSize(1);
  }

  @Test
  void whatIsMuchTooLargeIsRefusedWhetherItsLengthIsKnownOrNot() throws IOException {
    serve();
    byte[] body = form(part("name=\"file\"; filename=\"x\"", bytes(12 * MAX_UPLOAD)));

    assertRefused(
        server.send(upload("upload-file", BodyPublishers.ofByteArray(body))),
        413,
        "larger than " + MAX_UPLOAD);
    assertRefused(
        server.send(
            upload(
                "upload-file", BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))),
        413,
        "larger than " + MAX_UPLOAD);
    // A form of nothing but other fields is not read for ever either.
    byte[] other = form(part("name=\"note\"", bytes(MAX_UPLOAD + 2 * FORM)));
    assertRefused(
        server.send(
            upload(
                "upload-file",
                BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(other)))),
        413,
        "larger than");
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void chunkedBodiesAreReadToo() {
    ScriptedDriver driver = serve();
    byte[] body = form(part("name=\"file\"; filename=\"x\"", bytes(1_000_000)));

    assertDone(
        server.send(
            upload(
                "upload-file",
                BodyPublishers.ofInputStream(
                    () ->
                        new SequenceInputStream(
                            new ByteArrayInputStream(body, 0, 70),
                            new ByteArrayInputStream(body, 70, body.length - 70))))));
    assertThat(fileOf(driver.resources().get(0))).hasBinaryContent(bytes(1_000_000));
  }

  @Test
  void manyCanUploadAtOnce() throws Exception {
    ScriptedDriver driver = serve();
    ExecutorService clients = Executors.newFixedThreadPool(20);
    try {
      List<Callable<HttpResponse<String>>> uploads =
          IntStream.range(0, 60)
              .<Callable<HttpResponse<String>>>mapToObj(
                  i ->
                      () ->
                          post(
                              "upload-file",
                              part("name=\"file\"; filename=\"x\"", bytes(300_000 + i))))
              .toList();
      for (Future<HttpResponse<String>> answer : clients.invokeAll(uploads)) {
        assertDone(answer.get());
      }
    } finally {
      clients.shutdownNow();
    }
    assertThat(driver.resources())
        .hasSize(60)
        .allSatisfy(
            added -> {
              Path file = fileOf(added);
              assertThat(file).hasBinaryContent(bytes((int) Files.size(file)));
            });
  }

  // ---- clients that stop, or are told to

  /** Sends the head of an upload, and perhaps more, by hand. */
  private Socket sendHead(String session, long length, String... headers) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(20_000);
    String head =
        "POST /sessions/"
            + session
            + "/upload-jar HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            + length
            + "\r\nContent-Type: multipart/form-data; boundary="
            + BOUNDARY
            + "\r\n"
            + String.join("", Stream.of(headers).map(header -> header + "\r\n").toList())
            + "\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String line(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      StringBuilder line = new StringBuilder();
      for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
        line.append((char) next);
      }
      return line.toString().strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void clientsThatAskAreToldBeforeTheySendTheBody() throws IOException {
    ScriptedDriver driver = serve();
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(200_000)));
    try (Socket unknown = sendHead("7", form.length, "Expect: 100-continue");
        Socket tooLarge = sendHead("0", 1L << 40, "Expect: 100-continue");
        Socket good = sendHead("0", form.length, "Expect: 100-continue")) {
      assertThat(line(unknown)).isEqualTo("HTTP/1.1 404 Not Found");
      assertThat(line(tooLarge)).isEqualTo("HTTP/1.1 413 Request Entity Too Large");
      assertThat(line(good)).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(line(good)).isEmpty();
      good.getOutputStream().write(form);
      assertThat(line(good)).isEqualTo("HTTP/1.1 200 OK");
    }
    assertThat(driver.resources()).hasSize(1);
  }

  @Test
  void whatAClientThatGoesAwayHasSentIsNotKept() throws IOException {
    ScriptedDriver driver = serve();
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(200_000)));
    try (Socket client = sendHead("0", form.length)) {
      client.getOutputStream().write(form, 0, 150_000);
      await().until(() -> stagedFiles().size() == 1);
    }
    await().until(() -> stagedFiles().isEmpty());
    assertThat(driver.resources()).isEmpty();
    assertDone(post("upload-jar", part("name=\"jar\"; filename=\"x.jar\"", bytes(10))));
  }

  @Test
  void aClientThatSendsTooSlowlyIsGivenUp() throws Exception {
    Deadlines quick =
        new Deadlines(
            Duration.ofMillis(700),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(1),
            Duration.ofSeconds(15));
    ScriptedDriver driver = serve(ScriptedLauncher.ready(Script.TINY), quick);
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(2_000_000)));
    try (Socket client = sendHead("0", form.length)) {
      OutputStream out = client.getOutputStream();
      // As long as enough comes, the whole may take longer than that.
      int sent = 0;
      for (; sent < 1_500_000; sent += 100_000) {
        out.write(form, sent, 100_000);
        Thread.sleep(100);
      }
      assertThat(stagedFiles()).hasSize(1);
      out.write(form, sent, 10);
      assertThat(line(client)).isEqualTo("HTTP/1.1 408 Request Time-out");
    }
    await().until(() -> stagedFiles().isEmpty());
    assertThat(driver.resources()).isEmpty();
  }

  @Test
  void aSessionThatIsDeletedEndsItsUploads() throws IOException {
    serve();
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(200_000)));
    try (Socket client = sendHead("0", form.length)) {
      client.getOutputStream().write(form, 0, 150_000);
      await().until(() -> stagedFiles().size() == 1);
      assertThat(server.delete("/sessions/0").statusCode()).isEqualTo(200);
      assertThat(line(client)).isEqualTo("HTTP/1.1 400 Bad Request");
    }
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void aServerThatEndsEndsUploads() throws IOException {
    serve();
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(200_000)));
    try (Socket client = sendHead("0", form.length)) {
      client.getOutputStream().write(form, 0, 150_000);
      await().until(() -> stagedFiles().size() == 1);
      server.rest().close();
      assertThat(line(client)).isEqualTo("HTTP/1.1 503 Service Unavailable");
    }
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void slowClientsTakeNoThreads() throws IOException {
    ScriptedDriver driver = serve();
    byte[] form = form(part("name=\"jar\"; filename=\"x.jar\"", bytes(1000)));
    Socket[] clients = new Socket[40];
    try {
      for (int i = 0; i < clients.length; i++) {
        clients[i] = sendHead("0", form.length);
        clients[i].getOutputStream().write(form, 0, 500);
      }
      await().until(() -> stagedFiles().size() == clients.length);
      // The server of the tests has four worker threads.
      assertDone(post("upload-jar", part("name=\"jar\"; filename=\"y.jar\"", bytes(10))));
      for (Socket client : clients) {
        client.getOutputStream().write(form, 500, form.length - 500);
        assertThat(line(client)).isEqualTo("HTTP/1.1 200 OK");
      }
    } finally {
      for (Socket client : clients) {
        if (client != null) {
          client.close();
        }
      }
    }
    assertThat(driver.resources()).hasSize(clients.length + 1);
  }
}
