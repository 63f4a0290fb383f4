package io.polybius.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import io.polybius.session.CoreSettings;
import io.polybius.session.Lifetimes;
import io.polybius.session.SessionLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ServerAssemblyTest {

  @TempDir Path folder;
  private Path state;

  @BeforeEach
  void makeState() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
  }

  @Test
  void servesTheRestDoor() throws Exception {
    try (ServerAssembly server = start(Map.of())) {
      assertThat(server.uri().getHost()).isEqualTo("127.0.0.1");
      HttpResponse<String> version = get(server.uri().resolve("/version"));
      assertThat(version.statusCode()).isEqualTo(200);
      assertThat(version.body()).contains("\"version\":\"0.9.0\"");
      assertThat(get(server.uri().resolve("/sessions")).body()).contains("\"total\":0");
    }
  }

  @Test
  void closingLeavesNothing() throws Exception {
    Set<Long> before = threads();
    ServerAssembly server = start(Map.of());
    int port = server.uri().getPort();
    assertThat(get(server.uri().resolve("/version")).statusCode()).isEqualTo(200);
    try (var folders = Files.list(state)) {
      Path own = folders.findFirst().orElseThrow();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
          .isEqualTo("rwx------");
    }

    server.close();
    server.close();

    assertThat(state).isEmptyDirectory();
    try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(again.isBound()).isTrue();
    }
    await()
        .pollInSameThread()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(liveThreadsBut(before)).isEmpty());
  }

  @Test
  void aPortInUseFailsWithOneSentenceAndLeavesNothing() throws Exception {
    Set<Long> before = threads();
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());

      assertThatThrownBy(() -> start(Map.of("livy.server.port", port)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + port + ": another program uses the port");
    }
    assertThat(state).isEmptyDirectory();
    await()
        .pollInSameThread()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(liveThreadsBut(before)).isEmpty());
  }

  @Test
  void anAddressThatOthersReachNeedsATokenOrTheOperatorsWord() throws Exception {
    assertThatThrownBy(() -> start(Map.of("livy.server.host", "0.0.0.0")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("polybius.server.token-file")
        .hasMessageContaining("polybius.server.allow-unauthenticated");
    assertThat(state).isEmptyDirectory();

    try (ServerAssembly server =
        start(
            Map.of(
                "livy.server.host", "0.0.0.0", "polybius.server.allow-unauthenticated", "true"))) {
      assertThat(get(server.uri().resolve("/version")).statusCode()).isEqualTo(200);
    }
    try (ServerAssembly server =
        start(Map.of("livy.server.host", "0.0.0.0", "polybius.server.token-file", tokenFile()))) {
      assertThat(get(server.uri().resolve("/version")).statusCode()).isEqualTo(401);
      assertThat(get(server.uri().resolve("/api/kernels")).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void theTokenOpensBothDoors() throws Exception {
    try (ServerAssembly server = start(Map.of("polybius.server.token-file", tokenFile()))) {
      for (String path : List.of("/version", "/sessions", "/api/kernels")) {
        assertThat(get(server.uri().resolve(path)).statusCode()).as(path).isEqualTo(401);
        assertThat(get(server.uri().resolve(path + "?token=0123456789abcdef")).statusCode())
            .as(path)
            .isEqualTo(200);
      }
    }
  }

  @Test
  void aTokenFileThatCannotBeUsedFailsTheStart() {
    assertThatThrownBy(
            () -> start(Map.of("polybius.server.token-file", folder.resolve("missing").toString())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not exist");
    assertThat(state).isEmptyDirectory();
  }

  @Test
  void withoutSettingsTheCoreHasItsOwnDefaults() throws Exception {
    CoreSettings settings = ServerAssembly.coreSettings(config(Map.of()), folder);

    assertThat(settings.limits()).isEqualTo(SessionLimits.DEFAULT);
    assertThat(settings.lifetimes()).isEqualTo(Lifetimes.DEFAULT);
    assertThat(settings.logFolder()).contains(folder);
  }

  @Test
  void whatOutlivesTheServerBelongsToOneServerAtATime() throws Exception {
    Map<String, String> recovery = Map.of("livy.server.recovery.mode", "recovery");
    Path kept = state.resolve("recovery");
    ServerAssembly first = start(recovery);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
        .isEqualTo("rwx------");

    assertThatThrownBy(() -> start(recovery))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Another server keeps its sessions in " + kept)
        .hasMessageContaining("livy.server.recovery.state-store.url");
    Map<String, String> elsewhere = new HashMap<>(recovery);
    elsewhere.put("livy.server.recovery.state-store.url", folder.resolve("own").toUri().toString());
    try (ServerAssembly second = start(elsewhere)) {
      assertThat(get(second.uri().resolve("/sessions")).statusCode()).isEqualTo(200);
      assertThat(folder.resolve("own/sessions")).isDirectory();
    }

    first.close();
    try (var folders = Files.list(state)) {
      assertThat(folders)
          .contains(kept)
          .noneMatch(left -> left.getFileName().toString().startsWith("server-"));
    }
    start(recovery).close();
  }

  @Test
  void nothingOutlivesTheServerUnlessTheOperatorSaysSo() throws Exception {
    try (ServerAssembly server = start(Map.of())) {
      assertThat(get(server.uri().resolve("/sessions")).statusCode()).isEqualTo(200);
      assertThat(state.resolve("recovery")).doesNotExist();
    }
    assertThat(state.resolve("recovery")).doesNotExist();
    assertThat(Installation.recoveryFolder(config(Map.of()), Map.of("XDG_STATE_HOME", "/st")))
        .isEqualTo(Path.of("/st/polybius/recovery"));
  }

  @Test
  void theOperatorSaysWhenSessionsEnd() throws Exception {
    CoreSettings settings =
        ServerAssembly.coreSettings(
            config(
                Map.of(
                    "livy.server.session.timeout-check", "false",
                    "livy.server.session.ttl-check", "true",
                    "livy.server.session.ttl", "2h",
                    "livy.server.session.state-retain.sec", "3m",
                    "livy.server.heartbeat-watchdog.interval", "4s",
                    "livy.rsc.job-cancel.timeout", "5s")),
            folder);

    assertThat(settings.lifetimes())
        .isEqualTo(
            new Lifetimes(
                Optional.empty(),
                Optional.of(Duration.ofHours(2)),
                Duration.ofSeconds(4),
                Duration.ofMinutes(3)));
    assertThat(settings.limits().cancelTimeout()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void theOperatorSaysWhatUsersMaySubmit() throws Exception {
    try (ServerAssembly server = start(Map.of())) {
      HttpResponse<String> refused =
          post(server.uri().resolve("/sessions"), "{\"jars\": [\"/etc/passwd\"]}");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body())
          .isEqualTo(
              "{\"msg\":\"Rejected, Reason: requirement failed: Local path /etc/passwd cannot be"
                  + " added to user sessions.\"}");
      assertThat(get(server.uri().resolve("/sessions")).body()).contains("\"total\":0");
    }
  }

  @Test
  void historyIsKeptWhereTheOperatorWantsIt() throws ConfigException {
    assertThat(
            ServerAssembly.historyFolder(
                config(Map.of("polybius.server.state-dir", state.toString())), Map.of()))
        .contains(state.resolve("history"));
    assertThat(ServerAssembly.historyFolder(config(Map.of()), Map.of("XDG_STATE_HOME", "/st")))
        .contains(Path.of("/st/polybius/history"));
    assertThat(
            ServerAssembly.historyFolder(
                config(Map.of("polybius.kernel.history-dir", "/own")), Map.of()))
        .contains(Path.of("/own"));
    assertThat(
            ServerAssembly.historyFolder(
                config(Map.of("polybius.kernel.history-dir", "off")), Map.of()))
        .isEmpty();
  }

  @Test
  void logsOfRequestsAreWhereTheOperatorSays() throws Exception {
    Installation installation = Installation.at(folder);
    Map<String, String> livy = Map.of("LIVY_LOG_DIR", "/var/log/livy");

    assertThat(ServerAssembly.accessLogFolder(config(Map.of()), installation, Map.of()))
        .contains(folder.resolve("logs"));
    assertThat(ServerAssembly.accessLogFolder(config(Map.of()), installation, livy))
        .contains(Path.of("/var/log/livy"));
    Map<String, String> chosen = Map.of("polybius.server.access-log-dir", "/logs");
    assertThat(ServerAssembly.accessLogFolder(config(chosen), installation, livy))
        .contains(Path.of("/logs"));
    Map<String, String> off = Map.of("polybius.server.access-log-dir", "off");
    assertThat(ServerAssembly.accessLogFolder(config(off), installation, livy)).isEmpty();
  }

  private String tokenFile() throws IOException {
    Path file = folder.resolve("token");
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, "0123456789abcdef\n");
    return file.toString();
  }

  private ServerAssembly start(Map<String, String> settings) throws ConfigException, IOException {
    Map<String, String> all = new HashMap<>();
    all.put("livy.server.port", "0");
    all.put("polybius.server.prespawned-drivers", "0");
    all.put("polybius.server.state-dir", state.toString());
    all.put("polybius.server.cache-dir", folder.resolve("cache").toString());
    all.putAll(settings);
    return ServerAssembly.start(config(all), Installation.at(folder), Map.of());
  }

  private ServerConfig config(Map<String, String> settings) throws ConfigException {
    return ServerConfig.load(new Sources(folder, Map.of(), Map.of(), settings));
  }

  private static HttpResponse<String> post(URI uri, String body)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(5))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
  }

  private static HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(5)).build(),
            BodyHandlers.ofString());
  }

  private static Set<Long> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getId)
        .collect(Collectors.toSet());
  }

  /**
   * Returns what runs beside those, without what the JDK's HTTP client and Netty's globals keep.
   */
  private static List<String> liveThreadsBut(Set<Long> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread.getId()))
        .map(Thread::getName)
        .filter(
            name ->
                !name.startsWith("HttpClient-")
                    && !name.startsWith("globalEventExecutor")
                    && !name.startsWith("ForkJoinPool.commonPool"))
        .toList();
  }
}
