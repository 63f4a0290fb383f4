package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Jobs and uploads that are broken, or do what they should not, all in one session: it survives
 * each of them, and nothing is left of them.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class JobFaultsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MOST_UPLOADED = 1 << 20;
  private static final int FLOOD = 64 << 20;

  /** Tests in between need the classes of the jobs. */
  private static final int BEFORE_THE_JAR = 1;

  private static final int THE_JAR = 2;

  /** As Livy's clients write it. */
  private static final String FORTY_TWO = Base64.getEncoder().encodeToString(new byte[] {2, 84});

  @TempDir private static Path folder;

  private RunningServer server;
  private RestClient rest;
  private JobPayloads payloads;
  private Path staging;
  private int session;

  @BeforeAll
  void start() throws Exception {
    staging = folder.resolve("staging");
    server =
        RunningServer.start(
            "livy.session.staging-dir=" + staging,
            "livy.file.upload.max.size=" + MOST_UPLOADED,
            "livy.rsc.job-cancel.timeout=3s");
    rest = server.rest();
    session = rest.create("/sessions", "{\"kind\": \"spark\", \"driverMemory\": \"600m\"}");
    payloads = JobPayloads.written();
    rest.awaitIdle(session);
    rest.run(session, "val kept = 41");
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Also that it is the same driver. */
  @AfterEach
  void sessionGoesOn() {
    if (server.process().isAlive()
        && rest.send("GET", "/sessions/" + session, null).statusCode() == 200) {
      assertThat(rest.shown(session, "spark", "kept + 1")).endsWith("= 42\n");
      assertThat(rest.state(session)).isEqualTo("idle");
    }
  }

  private String error(byte[] job) {
    JsonNode end = rest.awaitJob(session, rest.submitJob(session, job));
    assertThat(end.get("state").asText()).as(end.toString()).isEqualTo("FAILED");
    assertThat(end.get("result").isNull()).isTrue();
    return end.get("error").asText();
  }

  @Test
  @Order(BEFORE_THE_JAR)
  void classThatTheDriverHasNotGotIsNamed() throws Exception {
    assertThat(error(payloads.job("Adding")))
        .contains("The driver has no class LivyPayloads$Adding", "uploadJar");
  }

  @Test
  @Order(THE_JAR)
  void jobsRunOnceTheirJarIsThere() throws Exception {
    rest.uploadJar(session, payloads.jar());
    JsonNode end = rest.awaitJob(session, rest.submitJob(session, payloads.job("Adding")));
    assertThat(end.get("state").asText()).as(end.toString()).isEqualTo("SUCCEEDED");
    end = rest.awaitJob(session, rest.submitJob(session, payloads.job("OnExecutors")));
    assertThat(end.get("state").asText()).as(end.toString()).isEqualTo("SUCCEEDED");
  }

  /** The form of its lambdas was another one; that of plain objects was not. */
  @Test
  void jobsOfAnOlderClientRunOrSayWhyNot() throws Exception {
    assertThat(error(payloads.oldJob("Lambda")))
        .contains("an older version of Livy's client, which cannot send lambdas");
    for (byte[] job : List.of(payloads.oldJob("Adding"), payloads.job("Lambda"))) {
      JsonNode end = rest.awaitJob(session, rest.submitJob(session, job));
      assertThat(end.get("result").asText()).as(end.toString()).isEqualTo(FORTY_TWO);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Throwing, java.lang.IllegalStateException: thrown by a job",
    "Unsendable, 'java.util.logging.Logger, cannot be serialized'",
    "Exiting, must not end the session's driver",
    "ExitingBeside, must not end the session's driver",
    "Halting, must not end the session's driver",
    "Allocating, java.lang.OutOfMemoryError",
    "Deep, nested too deeply",
    "DeepResult, nested too deeply"
  })
  void jobThatFailsSaysWhy(String name, String why) throws Exception {
    assertThat(error(payloads.job(name))).contains(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Endless", "Stubborn"})
  void jobThatDoesNotEndCanBeCancelled(String name) throws Exception {
    int job = rest.submitJob(session, payloads.job(name));
    await()
        .atMost(PATIENCE)
        .until(() -> rest.job(session, job).get("state").asText().equals("STARTED"));
    rest.call("POST", "/sessions/" + session + "/jobs/" + job + "/cancel", "");
    assertThat(rest.awaitJob(session, job).get("state").asText()).isEqualTo("CANCELLED");
    assertThat(rest.log("/sessions/" + session).contains("Job " + job + " does not react"))
        .isEqualTo(name.equals("Stubborn"));
  }

  @Test
  void garbageIsRefused() {
    byte[] bytes = new byte[100_000];
    new Random(7).nextBytes(bytes);
    assertThat(error(bytes)).contains("Livy 0.8");
  }

  @Test
  void bodyThatIsTooLargeIsRefusedBeforeItHasCome() throws Exception {
    String path = "/sessions/" + session + "/submit-job";
    String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n";
    assertThat(flood(head + "Content-Length: " + FLOOD + "\r\n\r\n", false))
        .startsWith("HTTP/1.1 413");
    assertThat(flood(head + "Transfer-Encoding: chunked\r\n\r\n", true)).startsWith("HTTP/1.1 413");
  }

  /** Sends a body that is too large, for as long as it is taken; returns the answer's head. */
  private String flood(String head, boolean chunked) throws IOException {
    byte[] piece = new byte[1 << 20];
    try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket
          .getOutputStream()
          .write(
              head.replace("\r\n\r\n", "\r\nContent-Type: application/json\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      try {
        for (int sent = 0; sent < FLOOD && socket.getInputStream().available() == 0; ) {
          if (chunked) {
            socket.getOutputStream().write("100000\r\n".getBytes(StandardCharsets.US_ASCII));
          }
          socket.getOutputStream().write(piece);
          if (chunked) {
            socket.getOutputStream().write("\r\n".getBytes(StandardCharsets.US_ASCII));
          }
          sent += piece.length;
        }
      } catch (IOException e) {
        // The server takes no more, and has answered.
      }
      return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void uploadThatIsTooLargeIsRefused() {
    HttpResponse<String> answer =
        rest.upload(
            session,
            "upload-file",
            "file",
            "large",
            new ByteArrayInputStream(new byte[2 * MOST_UPLOADED + 100]));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(413);
    assertThat(answer.body()).contains("livy.file.upload.max.size");
  }

  @Test
  void namesOfFilesLoseTheirFoldersOrAreRefused() {
    assertThat(upload("../../outside").statusCode()).isEqualTo(200);
    assertThat(upload("C:\\\\temp\\\\..\\\\backwards").statusCode()).isEqualTo(200);
    String read =
        "Seq(\"outside\", \"backwards\").map(name => scala.io.Source.fromFile("
            + "org.apache.spark.SparkFiles.get(name)).mkString).mkString(\"+\")";
    assertThat(rest.shown(session, "spark", read)).contains("content+content");
    assertThat(staging.resolve("../outside")).doesNotExist();
    assertRefused("..", "it is no name of a file");
    assertRefused("a\u0007b", "it has control characters");
    assertRefused("x".repeat(300), "it is longer than 255 bytes");
    HttpResponse<String> empty = upload("");
    assertThat(empty.statusCode()).isEqualTo(400);
    assertThat(empty.body()).contains("No file sent!");
  }

  private HttpResponse<String> upload(String name) {
    return rest.upload(
        session,
        "upload-file",
        "file",
        name,
        new ByteArrayInputStream("content".getBytes(StandardCharsets.UTF_8)));
  }

  private void assertRefused(String name, String why) {
    HttpResponse<String> answer = upload(name);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(answer.body()).contains(why);
  }

  @Test
  void whatIsNoJarIsRefused() {
    HttpResponse<String> answer =
        rest.upload(
            session, "upload-jar", "jar", "no.jar", new ByteArrayInputStream(new byte[] {1, 2}));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
    assertThat(answer.body()).contains("no.jar is no jar");
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void nothingIsLeft() throws Exception {
    assertThat(Files.list(staging)).isNotEmpty();
    rest.call("DELETE", "/sessions/" + session, null);
    await().atMost(PATIENCE).until(() -> server.processes().isEmpty());
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(server.stateFiles()).isEmpty());
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (var left = Files.walk(staging)) {
                return left.noneMatch(file -> file.getFileName().toString().startsWith("upload-"));
              }
            });
    assertThat(server.stop()).isIn(0, 143);
    assertThat(staging).doesNotExist();
  }
}
