package io.polybius.kernel.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.http.TestingGateway;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(40)
class KernelRelayTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration SERVER_PATIENCE = Duration.ofSeconds(4);
  private static final String ID = "0a1b2c3d-0000-4000-8000-123456789abc";

  @TempDir private Path directory;
  private TestingGateway gateway;
  private Path file;
  private Running running;

  /** A relay on a thread of its own. */
  private static final class Running {
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    private final Thread thread;

    Running(RelayOptions options, Map<String, String> environment) {
      this.thread =
          new Thread(() -> exitCode.complete(KernelRelay.run(options, environment)), "relay");
      thread.start();
    }

    int exitCode() throws Exception {
      return exitCode.get(15, TimeUnit.SECONDS);
    }
  }

  @BeforeEach
  void start() throws IOException {
    gateway = TestingGateway.start(directory.resolve("runtime"), Duration.ofSeconds(30));
    file = directory.resolve("kernel-" + ID + ".json");
    List<ServerSocket> free = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      free.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    ConnectionFile.onLoopback("polybius-scala")
        .withPorts(
            free.get(0).getLocalPort(),
            free.get(1).getLocalPort(),
            free.get(2).getLocalPort(),
            free.get(3).getLocalPort(),
            free.get(4).getLocalPort())
        .write(file);
    for (ServerSocket socket : free) {
      socket.close();
    }
  }

  @AfterEach
  void close() throws Exception {
    if (running != null) {
      running.thread.interrupt();
      running.exitCode();
    }
    gateway.close();
  }

  private KernelClient relay() throws IOException {
    return relay(gateway.uri(""), Optional.empty(), Map.of());
  }

  private KernelClient relay(URI server, Optional<String> session, Map<String, String> environment)
      throws IOException {
    running = new Running(options(server, session), environment);
    return new KernelClient(ConnectionFile.read(file));
  }

  private RelayOptions options(URI server, Optional<String> session) {
    return new RelayOptions(server, file, "spark", session, SERVER_PATIENCE);
  }

  private boolean kernelExists() throws Exception {
    return gateway.call("GET", "/api/kernels/" + ID, "").status() == 200;
  }

  private static JupyterMessage run(KernelClient client, String code) throws Exception {
    return client.execute(code, ExecuteOptions.CELL, ignored -> {}, PATIENCE);
  }

  /** Runs a cell beside the test, which goes on when it has begun. */
  private static CompletableFuture<JupyterMessage> begin(
      KernelClient client, String code, List<JupyterMessage> published) throws Exception {
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<JupyterMessage> reply =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return client.execute(
                    code,
                    ExecuteOptions.CELL,
                    message -> {
                      published.add(message);
                      if (message.type().equals("execute_input")) {
                        begun.complete(null);
                      }
                    },
                    PATIENCE);
              } catch (Exception e) {
                begun.completeExceptionally(e);
                throw new AssertionError(e);
              }
            });
    begun.get(10, TimeUnit.SECONDS);
    return reply;
  }

  private static List<String> types(List<JupyterMessage> messages) {
    return messages.stream()
        .map(
            message ->
                message.type().equals("status")
                    ? message.content().path("execution_state").asText()
                    : message.type())
        .toList();
  }

  private static String status(JupyterMessage reply) {
    return reply.content().path("status").asText();
  }

  @Test
  void cellsOfJupyterRunAtTheServer() throws Exception {
    try (KernelClient one = relay();
        KernelClient two = new KernelClient(ConnectionFile.read(file))) {
      List<JupyterMessage> published = new ArrayList<>();
      JupyterMessage info = one.kernelInfo(PATIENCE);
      assertThat(info.content().path("implementation_version").asText()).isEqualTo("1.2.3");

      JupyterMessage reply =
          one.execute("print hello\nvalue 1", ExecuteOptions.CELL, published::add, PATIENCE);

      assertThat(status(reply)).isEqualTo("ok");
      assertThat(types(published))
          .containsExactly("busy", "execute_input", "stream", "execute_result", "idle");
      assertThat(published)
          .allMatch(message -> message.header().session().equals(info.header().session()));
      assertThat(run(two, "value 2").content().path("execution_count").asInt()).isEqualTo(2);
      assertThat(two.isAlive(PATIENCE)).isTrue();
      assertThat(
              one.control("connect_request", JupyterJson.object())
                  .content()
                  .path("hb_port")
                  .asInt())
          .isEqualTo(ConnectionFile.read(file).hbPort());
      assertThat(gateway.sessions().session("0").statements()).hasSize(2);
      assertThat(kernelExists()).isTrue();
    }
  }

  @Test
  void interruptPassesARunningCell() throws Exception {
    try (KernelClient client = relay()) {
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", new ArrayList<>());

      assertThat(client.interrupt().type()).isEqualTo("interrupt_reply");

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("error");
    }
  }

  @Test
  void relayEndsWellWhenTheKernelIsShutDown() throws Exception {
    try (KernelClient client = relay()) {
      client.kernelInfo(PATIENCE);

      assertThat(status(client.shutdown(false))).isEqualTo("ok");

      assertThat(running.exitCode()).isZero();
    }
    assertThat(kernelExists()).isFalse();
    Awaitility.await().atMost(PATIENCE).until(() -> gateway.sessions().sessions().isEmpty());
  }

  @Test
  void restartedRelayFindsItsKernelRestarted() throws Exception {
    String before;
    try (KernelClient client = relay()) {
      before = client.kernelInfo(PATIENCE).header().session();
      run(client, "value 1");

      assertThat(client.shutdown(true).content().path("restart").asBoolean()).isTrue();

      assertThat(running.exitCode()).isZero();
    }
    assertThat(kernelExists()).isTrue();
    try (KernelClient client = relay()) {
      assertThat(client.kernelInfo(PATIENCE).header().session()).isNotEqualTo(before);
      assertThat(run(client, "value 2").content().path("execution_count").asInt()).isOne();
    }
    assertThat(gateway.sessions().sessions()).hasSize(1);
  }

  @Test
  void relayAttachesToASession() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK).withName("mine"), Caller.SERVER);
    try (KernelClient client = relay(gateway.uri("/"), Optional.of("mine"), Map.of())) {
      run(client, "value 1");
      client.shutdown(false);
      assertThat(running.exitCode()).isZero();
    }
    assertThat(gateway.sessions().session("mine").statements()).hasSize(1);
    assertThat(gateway.sessions().session("mine").state()).isEqualTo(SessionState.IDLE);
  }

  @Test
  void relayEndsWithItsSession() throws Exception {
    List<JupyterMessage> published = new ArrayList<>();
    try (KernelClient client = relay()) {
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);

      gateway.launcher().nextDriver().exit("killed");

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("error");
      assertThat(types(published)).endsWith("error", "idle");
      assertThat(running.exitCode()).isOne();
    }
    assertThat(kernelExists()).isFalse();
  }

  @Test
  void relayEndsWithADeletedKernel() throws Exception {
    try (KernelClient client = relay()) {
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", new ArrayList<>());

      gateway.call("DELETE", "/api/kernels/" + ID, "");

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("error");
      assertThat(running.exitCode()).isOne();
    }
  }

  @Test
  void relayEndsItsKernelWhenItsParentIsGone() throws Exception {
    Process parent = new ProcessBuilder("sleep", "60").start();
    try (KernelClient client =
        relay(
            gateway.uri(""),
            Optional.empty(),
            Map.of("JPY_PARENT_PID", String.valueOf(parent.pid())))) {
      client.kernelInfo(PATIENCE);
      assertThat(running.exitCode.isDone()).isFalse();

      parent.destroyForcibly();

      assertThat(running.exitCode()).isZero();
    } finally {
      parent.destroyForcibly();
    }
    assertThat(kernelExists()).isFalse();
  }

  @Test
  void relayEndsItsKernelWhenItIsToldToEnd() throws Exception {
    try (KernelClient client = relay()) {
      client.kernelInfo(PATIENCE);

      running.thread.interrupt();

      assertThat(running.exitCode()).isZero();
      assertThat(client.isAlive(Duration.ofMillis(300))).isFalse();
    }
    assertThat(kernelExists()).isFalse();
  }

  @Test
  void cutConnectionIsMendedWithoutLoss() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new ArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);

      network.cut();
      gateway.call("POST", "/api/kernels/" + ID + "/interrupt", "{}");

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("error");
      assertThat(types(published)).containsExactly("busy", "execute_input", "error", "idle");
      assertThat(status(run(client, "value 1"))).isEqualTo("ok");
    }
  }

  @Test
  void lostServerEndsTheOpenCellAndTheRelay() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new ArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);
      AtomicReference<JupyterMessage> reply = new AtomicReference<>();

      String said =
          errorsOf(
              () -> {
                network.cutForEver();
                reply.set(cell.get(15, TimeUnit.SECONDS));
                assertThat(running.exitCode()).isOne();
              });

      assertThat(reply.get().content().path("ename").asText()).isEqualTo("ServerLost");
      assertThat(reply.get().content().path("execution_count").asInt()).isOne();
      assertThat(types(published)).containsExactly("busy", "execute_input", "error", "idle");
      assertThat(said).hasLineCount(1).contains(network.uri().toString());
    }
  }

  @Test
  void missingServerIsSaidInOneLine() throws Exception {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    String server = "http://127.0.0.1:" + nobody;

    String said = errorsOf(() -> assertThat(exitCode(server, Map.of())).isOne());

    assertThat(said).hasLineCount(1).contains(server).contains("polybius serve");
  }

  @Test
  void otherProblemsAtTheStartAreSaidInOneLine() throws Exception {
    for (String server : List.of("ftp://127.0.0.1", "nonsense")) {
      assertThat(errorsOf(() -> assertThat(exitCode(server, Map.of())).isOne()))
          .hasLineCount(1)
          .contains(server);
    }
    String noSession =
        errorsOf(
            () -> {
              RelayOptions options = options(gateway.uri(""), Optional.of("none"));
              assertThat(KernelRelay.run(options, Map.of())).isOne();
            });
    assertThat(noSession).hasLineCount(1).contains("'none' not found");
    String noFile =
        errorsOf(
            () -> {
              RelayOptions options =
                  new RelayOptions(
                      gateway.uri(""),
                      directory.resolve("none"),
                      "spark",
                      Optional.empty(),
                      SERVER_PATIENCE);
              assertThat(KernelRelay.run(options, Map.of())).isOne();
            });
    assertThat(noFile).hasLineCount(1).contains("none");
  }

  @Test
  void tokenIsSentAndItsLackExplained() throws Exception {
    List<String> seen = new ArrayList<>();
    HttpServer strict =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    strict.createContext(
        "/",
        exchange -> {
          seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          exchange.sendResponseHeaders(401, -1);
          exchange.close();
        });
    strict.start();
    String server = "http://127.0.0.1:" + strict.getAddress().getPort();
    Path tokenFile = directory.resolve("token");
    Files.writeString(tokenFile, "from-file\n");
    Files.setPosixFilePermissions(tokenFile, PosixFilePermissions.fromString("rw-------"));
    try {
      List<Map<String, String>> environments =
          List.of(
              Map.of(),
              Map.of("POLYBIUS_TOKEN", "direct"),
              Map.of("POLYBIUS_TOKEN_FILE", tokenFile.toString()));
      for (Map<String, String> environment : environments) {
        String said = errorsOf(() -> assertThat(exitCode(server, environment)).isOne());
        assertThat(said)
            .hasLineCount(1)
            .contains("POLYBIUS_TOKEN")
            .doesNotContain("direct", "from-file");
      }
      assertThat(seen).containsExactly("null", "token direct", "token from-file");

      Files.setPosixFilePermissions(tokenFile, PosixFilePermissions.fromString("rw-r--r--"));
      String said =
          errorsOf(
              () ->
                  assertThat(exitCode(server, Map.of("POLYBIUS_TOKEN_FILE", tokenFile.toString())))
                      .isOne());
      assertThat(said).contains("chmod 600").doesNotContain("from-file");
      assertThat(seen).hasSize(3);
    } finally {
      strict.stop(0);
    }
  }

  @Test
  void kernelIdComesFromTheFileOrIsMadeOfItsPath() {
    assertThat(KernelRelay.kernelId(Path.of("/x/kernel-" + ID + ".json"))).isEqualTo(ID);
    String made = KernelRelay.kernelId(Path.of("/x/kernel-123.json"));
    assertThat(made).isEqualTo(KernelRelay.kernelId(Path.of("/x/kernel-123.json")));
    assertThat(made).isNotEqualTo(KernelRelay.kernelId(Path.of("/y/kernel-123.json")));
    assertThat(made).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  }

  @Test
  void nothingIsLeftOfAnEndedRelay() throws Exception {
    try (KernelClient client = relay()) {
      client.kernelInfo(PATIENCE);
      client.shutdown(false);
      assertThat(running.exitCode()).isZero();
    }
    gateway.close();

    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(
                        name ->
                            name.startsWith("kernel-")
                                || name.startsWith("relay-")
                                || name.startsWith("iothread")
                                || name.startsWith("reaper")));
    int shell = ConnectionFile.read(file).shellPort();
    try (ServerSocket free = new ServerSocket(shell, 1, InetAddress.getLoopbackAddress())) {
      assertThat(free.isBound()).isTrue();
    }
  }

  private int exitCode(String server, Map<String, String> environment) {
    return KernelRelay.run(options(URI.create(server), Optional.empty()), environment);
  }

  /** Something that a test does. */
  private interface Action {
    void run() throws Exception;
  }

  private static String errorsOf(Action action) throws Exception {
    PrintStream before = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(before);
    }
    return said.toString(UTF_8);
  }
}
