package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;

/** A client of the Livy REST API that knows the server from its address alone. */
final class RestClient {

  static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration SESSION_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration STATEMENT_TIMEOUT = Duration.ofMinutes(2);
  private static final Set<String> STARTING = Set.of("not_started", "starting");
  private static final Set<String> FINAL = Set.of("dead", "killed", "success");
  private static final Set<String> UNFINISHED = Set.of("waiting", "running", "cancelling");
  private static final Set<String> UNFINISHED_JOBS = Set.of("SENT", "QUEUED", "STARTED");

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(REQUEST_TIMEOUT).build();
  private final URI server;

  RestClient(URI server) {
    this.server = server;
  }

  /** Sends a request and returns the answer, whatever its status. */
  HttpResponse<String> send(String method, String path, String body) {
    return send(
        HttpRequest.newBuilder(server.resolve(path))
            .timeout(REQUEST_TIMEOUT)
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(request + " failed: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Sends a request that must succeed, and returns the JSON of the answer. */
  JsonNode call(String method, String path, String body) {
    HttpResponse<String> response = send(method, path, body);
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + response.body(), e);
    }
  }

  /** Opens a Scala session and waits until it is no longer starting; returns its id. */
  int openSession() {
    return openSession("{\"kind\": \"spark\"}");
  }

  /** Opens the session that a request asks for, and waits until it is idle. */
  int openSession(String request) {
    int id = create("/sessions", request);
    awaitIdle(id);
    return id;
  }

  /** Creates a session or a batch, which then starts, and returns its id. */
  int create(String path, String request) {
    return call("POST", path, request).get("id").asInt();
  }

  /** Waits until a session has started; it must be idle then. */
  void awaitIdle(int id) {
    org.awaitility.Awaitility.await()
        .atMost(SESSION_TIMEOUT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> !STARTING.contains(state(id)));
    assertThat(state(id))
        .as(call("GET", "/sessions/" + id + "/log", null).toString())
        .isEqualTo("idle");
  }

  /**
   * Waits until a session or a batch is in a state for good, and returns that state.
   *
   * @param path such as {@code /sessions/3}
   */
  String awaitEnd(String path) {
    return org.awaitility.Awaitility.await()
        .atMost(SESSION_TIMEOUT)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> call("GET", path + "/state", null).get("state").asText(), FINAL::contains);
  }

  /**
   * Returns the whole log of a session or a batch.
   *
   * @param path such as {@code /sessions/3}
   */
  String log(String path) {
    StringJoiner log = new StringJoiner("\n");
    call("GET", path + "/log?from=0&size=-1", null)
        .get("log")
        .forEach(line -> log.add(line.asText()));
    return log.toString();
  }

  /** Returns a session's state. */
  String state(int session) {
    return call("GET", "/sessions/" + session + "/state", null).get("state").asText();
  }

  /** Posts a statement and returns its id. */
  int post(int session, String code) {
    ObjectNode body = JSON.createObjectNode().put("code", code);
    return call("POST", "/sessions/" + session + "/statements", body.toString()).get("id").asInt();
  }

  /** Posts a statement of a language and returns its id. */
  int post(int session, String kind, String code) {
    ObjectNode body = JSON.createObjectNode().put("kind", kind).put("code", code);
    return call("POST", "/sessions/" + session + "/statements", body.toString()).get("id").asInt();
  }

  /** Returns a statement. */
  JsonNode statement(int session, int statement) {
    return call("GET", "/sessions/" + session + "/statements/" + statement, null);
  }

  /** Waits for a statement's end and returns it. */
  JsonNode await(int session, int statement) {
    return org.awaitility.Awaitility.await()
        .atMost(STATEMENT_TIMEOUT)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> statement(session, statement),
            found -> !UNFINISHED.contains(found.get("state").asText()));
  }

  /** Cancels a statement once it runs, and returns it when it has ended. */
  JsonNode stop(int session, int statement) {
    org.awaitility.Awaitility.await()
        .atMost(REQUEST_TIMEOUT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> statement(session, statement).get("state").asText().equals("running"));
    call("POST", "/sessions/" + session + "/statements/" + statement + "/cancel", "");
    return await(session, statement);
  }

  /** Cancels a statement once it has made a file, and returns it when it has ended. */
  JsonNode stop(int session, int statement, Path begun) {
    org.awaitility.Awaitility.await()
        .atMost(STATEMENT_TIMEOUT)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> Files.exists(begun));
    return stop(session, statement);
  }

  /** Sends a compiled job and returns its id. */
  int submitJob(int session, byte[] job) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("job", Base64.getEncoder().encodeToString(job))
            .put("jobType", "spark");
    return call("POST", "/sessions/" + session + "/submit-job", body.toString()).get("id").asInt();
  }

  /** Returns a job. */
  JsonNode job(int session, int job) {
    return call("GET", "/sessions/" + session + "/jobs/" + job, null);
  }

  /** Waits for a job's end and returns it. */
  JsonNode awaitJob(int session, int job) {
    return org.awaitility.Awaitility.await()
        .atMost(STATEMENT_TIMEOUT)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> job(session, job),
            found -> !UNFINISHED_JOBS.contains(found.get("state").asText()));
  }

  /**
   * Uploads a file by a form with one field, and returns the answer, whatever its status.
   *
   * @param route such as {@code upload-jar}
   * @param name the file's, as the form has it
   */
  HttpResponse<String> upload(
      int session, String route, String field, String name, InputStream content) {
    String head =
        "--x-x\r\nContent-Disposition: form-data; name=\""
            + field
            + "\"; filename=\""
            + name
            + "\"\r\n\r\n";
    InputStream form =
        new SequenceInputStream(
            Collections.enumeration(
                List.of(
                    new ByteArrayInputStream(head.getBytes(StandardCharsets.UTF_8)),
                    content,
                    new ByteArrayInputStream("\r\n--x-x--\r\n".getBytes(StandardCharsets.UTF_8)))));
    return send(
        HttpRequest.newBuilder(server.resolve("/sessions/" + session + "/" + route))
            .timeout(REQUEST_TIMEOUT)
            .header("Content-Type", "multipart/form-data; boundary=x-x")
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> form))
            .build());
  }

  /** Uploads a jar, which the session must take. */
  void uploadJar(int session, Path jar) {
    try (InputStream content = Files.newInputStream(jar)) {
      HttpResponse<String> answer =
          upload(session, "upload-jar", "jar", jar.getFileName().toString(), content);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Runs a statement to its end and returns it. */
  JsonNode run(int session, String code) {
    return await(session, post(session, code));
  }

  /** Runs a statement of a language that must succeed, and returns what it shows as text. */
  String shown(int session, String kind, String code) {
    JsonNode output = run(session, kind, code).get("output");
    assertThat(output.path("status").asText()).as(output.toString()).isEqualTo("ok");
    JsonNode data = output.get("data");
    return data.has("text/plain") ? data.get("text/plain").asText() : data.toString();
  }

  /** Runs a statement of a language to its end and returns it. */
  JsonNode run(int session, String kind, String code) {
    return await(session, post(session, kind, code));
  }
}
