package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.session.BatchService;
import io.polybius.session.CoreSettings;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.SubmissionRules;
import io.polybius.session.testing.ScriptedBatches;
import io.polybius.session.testing.ScriptedLauncher;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The REST API over the real session core, on a real port, with drivers that follow a script. */
final class TestingRestServer implements AutoCloseable {

  static final VersionInfo VERSION =
      new VersionInfo("0.9.1", "builder", "abc123", "main", "2026-01-01", "http://example.org");
  static final Map<String, String> SECURITY_HEADERS =
      Map.of(
          "X-Frame-Options",
          "SAMEORIGIN",
          "X-XSS-Protection",
          "1; mode=block",
          "X-Content-Type-Options",
          "nosniff",
          "Content-Security-Policy",
          "default-src 'self'; frame-ancestors 'self'");
  static final RestSettings SETTINGS = new RestSettings(VERSION, false, 10 << 20, SECURITY_HEADERS);

  /** What the clock of the server always shows. */
  static final long NOW = 1767225600000L;

  private static final Clock FIXED = Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC);

  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(30),
          Duration.ofMillis(200),
          Duration.ofSeconds(30),
          Duration.ofSeconds(2),
          1000,
          100_000);
  private static final BodyRoom ROOM = BodyRoom.ofThisProcess();
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final ScriptedLauncher launcher;
  private final SessionService sessions;
  private final ScriptedBatches batchLauncher = new ScriptedBatches();
  private final BatchService batches;
  private final RestFacade rest;
  private final Undertow undertow;

  TestingRestServer(ScriptedLauncher launcher) {
    this(launcher, SETTINGS, Deadlines.DEFAULT, handler -> handler);
  }

  TestingRestServer(
      ScriptedLauncher launcher,
      RestSettings settings,
      Deadlines deadlines,
      UnaryOperator<HttpHandler> around) {
    this(launcher, settings, deadlines, around, FIXED);
  }

  TestingRestServer(
      ScriptedLauncher launcher,
      RestSettings settings,
      Deadlines deadlines,
      UnaryOperator<HttpHandler> around,
      Clock clock) {
    this(launcher, settings, deadlines, around, clock, CoreSettings.of(LIMITS), ROOM);
  }

  /** Makes one that keeps uploaded files in a folder. */
  TestingRestServer(
      ScriptedLauncher launcher, RestSettings settings, Deadlines deadlines, Path stagingFolder) {
    this(
        launcher,
        settings,
        deadlines,
        handler -> handler,
        FIXED,
        CoreSettings.of(LIMITS).withStagingFolder(stagingFolder),
        ROOM);
  }

  TestingRestServer(ScriptedLauncher launcher, SubmissionRules rules) {
    this(
        launcher,
        SETTINGS,
        Deadlines.DEFAULT,
        handler -> handler,
        FIXED,
        CoreSettings.of(LIMITS).withRules(rules),
        ROOM);
  }

  TestingRestServer(ScriptedLauncher launcher, Deadlines deadlines, BodyRoom room) {
    this(launcher, SETTINGS, deadlines, handler -> handler, FIXED, CoreSettings.of(LIMITS), room);
  }

  private TestingRestServer(
      ScriptedLauncher launcher,
      RestSettings settings,
      Deadlines deadlines,
      UnaryOperator<HttpHandler> around,
      Clock clock,
      CoreSettings core,
      BodyRoom room) {
    this.launcher = launcher;
    this.sessions = new SessionService(launcher, core, clock);
    this.batches = new BatchService(batchLauncher, core, clock);
    this.rest = new RestFacade(sessions, batches, settings, deadlines, room);
    this.undertow =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setIoThreads(2)
            .setWorkerThreads(4)
            .setHandler(around.apply(rest.handler()))
            .build();
    undertow.start();
  }

  ScriptedLauncher launcher() {
    return launcher;
  }

  /** Returns the URL table. */
  List<Route> routes() {
    return rest.routes().table();
  }

  ScriptedBatches batchLauncher() {
    return batchLauncher;
  }

  RestFacade rest() {
    return rest;
  }

  SessionService sessions() {
    return sessions;
  }

  int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Returns a request that has no method yet. */
  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(PATIENCE);
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    return send(request, BodyHandlers.ofString());
  }

  <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> body) {
    try {
      return client.send(request.build(), body);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  HttpResponse<String> get(String path) {
    return send(to(path).GET());
  }

  HttpResponse<String> post(String path, String body) {
    return send(
        to(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  HttpResponse<String> delete(String path) {
    return send(to(path).DELETE());
  }

  /** Opens a session and waits until it is idle. */
  int openIdleSession() {
    HttpResponse<String> opened = post("/sessions", "{\"kind\": \"spark\"}");
    assertThat(opened.statusCode()).isEqualTo(201);
    int id = json(opened).get("id").asInt();
    awaitState(id, "idle");
    return id;
  }

  void awaitState(int session, String state) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> json(get("/sessions/" + session + "/state")).get("state").asText(),
            state::equals);
  }

  /** Runs code in session 0 and returns the statement when it has ended. */
  String run(String code) {
    HttpResponse<String> posted =
        post("/sessions/0/statements", MAPPER.createObjectNode().put("code", code).toString());
    assertThat(posted.statusCode()).isEqualTo(201);
    return awaitEnd(posted.headers().firstValue("Location").orElseThrow());
  }

  /** Returns the statement at that path when it has ended. */
  String awaitEnd(String path) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> get(path).body(),
            body -> {
              String state = json(body).get("state").asText();
              return state.equals("available") || state.equals("cancelled");
            });
  }

  /** Returns how many requests wait for a statement, or follow something. */
  int lastingRequests() {
    return json(get("/metrics/metrics")).at("/gauges/requests.lasting/value").asInt();
  }

  static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  @Override
  public void close() {
    rest.close();
    undertow.stop();
    batches.close();
    sessions.close();
  }
}
