package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelStore;
import io.polybius.session.CoreSettings;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.SubmissionRules;
import io.polybius.session.store.FileSessionStore;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import io.undertow.Undertow;
import io.undertow.server.handlers.ResponseCodeHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A gateway on a free port, with the real session core and drivers that follow a script. */
public final class TestingGateway implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final ScriptedLauncher launcher;
  private final SessionService sessions;
  private final KernelGateway gateway;
  private final Undertow server;

  /** Starts a gateway whose drivers speak the small language of the tests. */
  public static TestingGateway start(Path runtimeDirectory, Duration relayGrace) {
    return start(runtimeDirectory, relayGrace, 0);
  }

  /** Starts a gateway that ends kernels without use. */
  public static TestingGateway start(Path runtimeDirectory, KernelGatewaySettings.Culling culling) {
    return new TestingGateway(
        ScriptedLauncher.ready(Script.TINY),
        runtimeDirectory,
        Duration.ofSeconds(30),
        culling,
        0,
        Optional.empty());
  }

  /** Starts a gateway with drivers of its own kind. */
  public static TestingGateway start(Path runtimeDirectory, ScriptedLauncher launcher) {
    return new TestingGateway(
        launcher,
        runtimeDirectory,
        Duration.ofSeconds(30),
        KernelGatewaySettings.Culling.NEVER,
        0,
        Optional.empty());
  }

  /** Starts a gateway whose sessions and kernels outlive it in a folder. */
  public static TestingGateway start(
      Path runtimeDirectory, ScriptedLauncher launcher, Path store, int port) {
    return start(runtimeDirectory, launcher, store, port, SubmissionRules.NONE);
  }

  /** Starts a gateway whose sessions and kernels outlive it in a folder, with rules. */
  public static TestingGateway start(
      Path runtimeDirectory,
      ScriptedLauncher launcher,
      Path store,
      int port,
      SubmissionRules rules) {
    return new TestingGateway(
        launcher,
        runtimeDirectory,
        Duration.ofSeconds(30),
        KernelGatewaySettings.Culling.NEVER,
        port,
        Optional.of(store),
        rules);
  }

  /** Starts a gateway on a given port. */
  public static TestingGateway start(Path runtimeDirectory, Duration relayGrace, int port) {
    return new TestingGateway(
        ScriptedLauncher.ready(Script.TINY),
        runtimeDirectory,
        relayGrace,
        KernelGatewaySettings.Culling.NEVER,
        port,
        Optional.empty());
  }

  private TestingGateway(
      ScriptedLauncher launcher,
      Path runtimeDirectory,
      Duration relayGrace,
      KernelGatewaySettings.Culling culling,
      int port,
      Optional<Path> store) {
    this(launcher, runtimeDirectory, relayGrace, culling, port, store, SubmissionRules.NONE);
  }

  private TestingGateway(
      ScriptedLauncher launcher,
      Path runtimeDirectory,
      Duration relayGrace,
      KernelGatewaySettings.Culling culling,
      int port,
      Optional<Path> store,
      SubmissionRules rules) {
    this.launcher = launcher;
    CoreSettings plain =
        CoreSettings.of(
                new SessionLimits(
                    Duration.ofSeconds(60),
                    Duration.ofMillis(100),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(2),
                    1000,
                    8 << 20))
            .withRules(rules);
    try {
      CoreSettings core = plain;
      Optional<KernelStore> kernels = Optional.empty();
      if (store.isPresent()) {
        core = plain.withStore(new FileSessionStore(store.get().resolve("sessions")));
        kernels = Optional.of(new KernelStore(store.get().resolve("kernels")));
      }
      this.sessions = new SessionService(launcher, core, Clock.systemUTC());
      this.gateway =
          new KernelGateway(
              sessions,
              new KernelGatewaySettings(
                  "1.2.3",
                  runtimeDirectory,
                  relayGrace,
                  culling,
                  Optional.empty(),
                  true,
                  List.of()),
              kernels);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.server =
        Undertow.builder()
            .addHttpListener(port, "127.0.0.1")
            .setIoThreads(1)
            .setWorkerThreads(4)
            .setHandler(gateway.handler(new ResponseCodeHandler(418)))
            .build();
    server.start();
  }

  /** Returns the sessions behind the gateway. */
  public SessionService sessions() {
    return sessions;
  }

  /** Returns what launches the drivers. */
  public ScriptedLauncher launcher() {
    return launcher;
  }

  /** Returns the kernels behind the gateway. */
  KernelRegistry kernels() {
    return gateway.kernels();
  }

  /** Returns the port that it listens on. */
  public int port() {
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Returns the address of a path. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  /** An answer of the gateway. */
  public record Answer(int status, JsonNode body, HttpResponse<String> response) {}

  /** Sends a request. */
  public Answer call(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        CLIENT.send(
            HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(10))
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    return new Answer(
        response.statusCode(),
        response.body().isEmpty() ? JSON.createObjectNode() : JSON.readTree(response.body()),
        response);
  }

  /** Stops listening at once, without telling clients. */
  public void stopListening() {
    server.stop();
  }

  @Override
  public void close() {
    gateway.close();
    server.stop();
    sessions.close();
  }
}
