package io.polybius.kernel.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.http.TestingGateway.Answer;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class KernelGatewayTest {

  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String ID = "0a1b2c3d-0000-4000-8000-123456789abc";

  @TempDir private Path directory;
  private TestingGateway gateway;

  @BeforeEach
  void start() {
    gateway = TestingGateway.start(directory.resolve("runtime"), GRACE);
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  private Answer call(String method, String path) throws Exception {
    return gateway.call(method, path, "");
  }

  private String newKernel() throws Exception {
    return gateway.call("POST", "/api/kernels", "{}").body().path("id").asText();
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

  // ---- REST

  @Test
  void kernelIsMadeListedShownAndDeleted() throws Exception {
    Answer made =
        gateway.call(
            "POST",
            "/api/kernels",
            "{\"name\":\"polybius-scala\",\"env\":{\"KERNEL_ID\":\"%s\",\"KERNEL_LAUNCH_TIMEOUT\":\"40\"}}"
                .formatted(ID));

    assertThat(made.status()).isEqualTo(201);
    assertThat(made.response().headers().firstValue("Location")).contains("/api/kernels/" + ID);
    assertThat(made.body().path("id").asText()).isEqualTo(ID);
    assertThat(made.body().path("name").asText()).isEqualTo("polybius-scala");
    assertThat(made.body().path("connections").isInt()).isTrue();
    assertThat(made.body().path("execution_state").asText()).isIn("starting", "idle");
    assertThat(made.body().path("last_activity").asText()).endsWith("Z").contains(".");
    assertThat(call("GET", "/api/kernels").body()).hasSize(1);
    assertThat(call("GET", "/api/kernels/" + ID).body().path("id").asText()).isEqualTo(ID);
    assertThat(gateway.sessions().sessions()).hasSize(1);

    assertThat(call("DELETE", "/api/kernels/" + ID).status()).isEqualTo(204);

    assertThat(call("GET", "/api/kernels/" + ID).status()).isEqualTo(404);
    assertThat(call("GET", "/api/kernels").body()).isEmpty();
    Awaitility.await().atMost(PATIENCE).until(() -> gateway.sessions().sessions().isEmpty());
  }

  @Test
  void kernelOfASessionLeavesItWhenDeleted() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK).withName("mine"), Caller.SERVER);
    for (String session : List.of("\"mine\"", "0", "\"0\"")) {
      Answer made = gateway.call("POST", "/api/kernels", "{\"session\":%s}".formatted(session));
      assertThat(made.status()).isEqualTo(201);
      assertThat(call("DELETE", "/api/kernels/" + made.body().path("id").asText()).status())
          .isEqualTo(204);
    }
    assertThat(gateway.sessions().session("0").state().isActive()).isTrue();
  }

  @Test
  void badRequestsAreAnsweredInJson() throws Exception {
    newKernelWithId(ID);
    assertError(400, "POST", "/api/kernels", "{");
    assertError(400, "POST", "/api/kernels", "{\"name\": 5}");
    assertError(400, "POST", "/api/kernels", "{\"name\": \"cobol\"}");
    assertError(400, "POST", "/api/kernels", "{\"env\":{\"KERNEL_ID\":\"../x\"}}");
    assertError(409, "POST", "/api/kernels", "{\"env\":{\"KERNEL_ID\":\"" + ID + "\"}}");
    assertError(404, "POST", "/api/kernels", "{\"session\":\"none\"}");
    assertError(404, "GET", "/api/kernels/none", "");
    assertError(404, "DELETE", "/api/kernels/none", "");
    assertError(404, "POST", "/api/kernels/none/interrupt", "{}");
    assertError(404, "POST", "/api/kernels/none/restart", "{}");
    assertError(404, "GET", "/api/kernels/none/channels", "");
    assertError(404, "POST", "/sessions/7/kernel", "");
    assertError(405, "PUT", "/api/kernels", "");
    assertError(400, "GET", "/api/kernels/" + ID + "/channels", "");
    assertError(413, "POST", "/api/kernels", " ".repeat((1 << 20) + 1));
    assertThat(gateway.sessions().sessions()).hasSize(1);
  }

  private void newKernelWithId(String id) throws Exception {
    String body = "{\"env\":{\"KERNEL_ID\":\"%s\"}}".formatted(id);
    assertThat(gateway.call("POST", "/api/kernels", body).status()).isEqualTo(201);
  }

  private void assertError(int status, String method, String path, String body) throws Exception {
    Answer answer = gateway.call(method, path, body);
    assertThat(answer.status()).as(path).isEqualTo(status);
    assertThat(answer.body().path("reason").asText()).isNotEmpty();
    assertThat(answer.body().path("message").asText()).isNotEmpty();
  }

  @Test
  void otherPathsAreLeftToTheNextHandler() throws Exception {
    assertThat(call("GET", "/sessions").status()).isEqualTo(418);
    assertThat(call("GET", "/").status()).isEqualTo(418);
    assertThat(call("GET", "/api").body().path("version").asText()).isEqualTo("1.2.3");
  }

  @Test
  void restartAndInterruptOverHttp() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    JupyterMessage cell = client.cell("wait");
    JupyterMessage busy = client.next();
    assertThat(busy.content().path("execution_state").asText()).isEqualTo("busy");

    assertThat(gateway.call("POST", "/api/kernels/" + id + "/interrupt", "{}").status())
        .isEqualTo(204);

    assertThat(types(client.trace(cell)))
        .containsExactly("execute_input", "error", "execute_reply", "idle");
    Answer restarted = gateway.call("POST", "/api/kernels/" + id + "/restart", "{}");
    assertThat(restarted.status()).isEqualTo(200);
    assertThat(restarted.body().path("id").asText()).isEqualTo(id);
    JupyterMessage starting = client.next();
    assertThat(types(List.of(starting))).containsExactly("starting");
    assertThat(starting.header().session()).isNotEqualTo(busy.header().session());
    List<JupyterMessage> first = client.trace(client.cell("value 1"));
    assertThat(first.get(1).content().path("execution_count").asInt()).isEqualTo(1);
  }

  // ---- WebSocket

  @Test
  void cellRunsOverAWebSocket() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");

    assertThat(client.subprotocol()).isEqualTo(V1WebSocketCodec.SUBPROTOCOL);
    List<JupyterMessage> trace = client.trace(client.cell("print hello\nvalue 1"));

    assertThat(types(trace))
        .containsExactly(
            "busy", "execute_input", "stream", "execute_result", "execute_reply", "idle");
    assertThat(trace.get(4).channel()).isEqualTo(Channel.SHELL);
    assertThat(trace.get(4).identities()).isEmpty();
    assertThat(call("GET", "/api/kernels/" + id).body().path("connections").asInt()).isOne();
    client.close();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).body().path("connections").asInt() == 0);
  }

  @Test
  void allSocketsHearOutputsAndOnlyTheAskerTheReply() throws Exception {
    String id = newKernel();
    WebSocketClient one = WebSocketClient.connect(gateway, id, "one");
    WebSocketClient two = WebSocketClient.connect(gateway, id, "two");

    JupyterMessage cell = one.cell("value 1");

    assertThat(types(one.trace(cell)))
        .containsExactly("busy", "execute_input", "execute_result", "execute_reply", "idle");
    assertThat(types(two.trace(cell)))
        .containsExactly("busy", "execute_input", "execute_result", "idle");
  }

  @Test
  void textIsNoMessageOfTheSubprotocol() throws Exception {
    WebSocketClient text = WebSocketClient.connect(gateway, newKernel(), "a");
    text.sendText("{}");
    assertThat(text.closeCode()).isEqualTo(1008);
  }

  @Test
  void largeMessagesPassAndTooLargeOnesCloseTheSocket() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    JupyterMessage large =
        client.send(
            Channel.SHELL,
            "comm_msg",
            JupyterJson.object().put("text", "x".repeat(1000)),
            List.of(new byte[15 << 20]));
    assertThat(types(client.trace(large))).containsExactly("busy", "idle");

    client.send(Channel.SHELL, "comm_msg", JupyterJson.object(), List.of(new byte[(16 << 20) + 1]));

    assertThat(client.closeCode()).isIn(1009, -1);
    WebSocketClient again = WebSocketClient.connect(gateway, id, "a");
    assertThat(types(again.trace(again.cell("value 1")))).contains("execute_reply");
  }

  @Test
  void brokenFramesAreDropped() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    client.send(Channel.IOPUB, "status", JupyterJson.object());
    client.send(Channel.SHELL, "", JupyterJson.object());

    assertThat(types(client.trace(client.cell("value 1")))).contains("execute_reply");
  }

  @Test
  void clientThatComesBackHearsWhatItMissed() throws Exception {
    String id = newKernel();
    WebSocketClient before = WebSocketClient.connect(gateway, id, "same");
    JupyterMessage cell = before.cell("wait");
    before.next();
    before.next();
    before.abort();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).body().path("connections").asInt() == 0);
    call("POST", "/api/kernels/" + id + "/interrupt");
    Awaitility.await().until(() -> gateway.sessions().session("0").state() == SessionState.IDLE);

    WebSocketClient after = WebSocketClient.connect(gateway, id, "same");

    assertThat(types(after.trace(cell))).containsExactly("error", "execute_reply", "idle");
  }

  @Test
  void newSocketOfAClientReplacesItsOldOne() throws Exception {
    String id = newKernel();
    WebSocketClient old = WebSocketClient.connect(gateway, id, "same");
    WebSocketClient fresh = WebSocketClient.connect(gateway, id, "same");
    old.closeCode();

    assertThat(types(fresh.trace(fresh.cell("value 1")))).contains("execute_reply");
    assertThat(call("GET", "/api/kernels/" + id).body().path("connections").asInt()).isOne();
  }

  @Test
  void deletedKernelClosesItsSocketsAfterTheLastWord() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    JupyterMessage cell = client.cell("wait");
    client.next();

    call("DELETE", "/api/kernels/" + id);

    assertThat(types(client.trace(cell))).contains("error", "execute_reply");
    assertThat(client.closeCode()).isEqualTo(1000);
    assertThatThrownBy(() -> WebSocketClient.connect(gateway, id, "a")).isNotNull();
  }

  @Test
  void shutdownRequestIsAnsweredBeforeTheSocketCloses() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    JupyterMessage request =
        client.send(
            Channel.CONTROL, "shutdown_request", JupyterJson.object().put("restart", false));

    assertThat(types(client.trace(request)))
        .containsExactly("busy", "shutdown_reply", "shutdown_reply", "idle");
    assertThat(client.closeCode()).isEqualTo(1000);
  }

  @Test
  void stoppingGatewayTellsClientsToComeBackLater() throws Exception {
    String id = newKernel();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    JupyterMessage cell = client.cell("wait");
    client.next();

    gateway.close();

    assertThat(types(client.trace(cell))).contains("error", "execute_reply");
    assertThat(client.closeCode()).isEqualTo(1012);
  }

  // ---- kernels of relays

  @Test
  void kernelOfALostRelayEndsAfterAWhile() throws Exception {
    String id = gateway.call("POST", "/api/kernels", "{\"relay\":true}").body().path("id").asText();
    WebSocketClient client = WebSocketClient.connect(gateway, id, "a");
    Awaitility.await()
        .during(GRACE.multipliedBy(2))
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).status() == 200);

    client.abort();

    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).status() == 404);
    Awaitility.await().atMost(PATIENCE).until(() -> gateway.sessions().sessions().isEmpty());
  }

  @Test
  void kernelOfARelayThatNeverConnectsEnds() throws Exception {
    String id = gateway.call("POST", "/api/kernels", "{\"relay\":true}").body().path("id").asText();

    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).status() == 404);
  }

  @Test
  void kernelOfARelayThatComesBackLivesOn() throws Exception {
    String id = gateway.call("POST", "/api/kernels", "{\"relay\":true}").body().path("id").asText();
    WebSocketClient.connect(gateway, id, "a").abort();
    WebSocketClient second = WebSocketClient.connect(gateway, id, "b");

    Awaitility.await()
        .during(GRACE.multipliedBy(2))
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).status() == 200);
    assertThat(types(second.trace(second.cell("value 1")))).contains("execute_reply");
  }

  @Test
  void kernelWithoutARelayLivesOnWithoutClients() throws Exception {
    String id = newKernel();
    WebSocketClient.connect(gateway, id, "a").abort();

    Awaitility.await()
        .during(GRACE.multipliedBy(2))
        .atMost(PATIENCE)
        .until(() -> call("GET", "/api/kernels/" + id).status() == 200);
  }

  // ---- ZeroMQ sockets for a session

  private Path connect(String session) throws Exception {
    Answer answer = gateway.call("POST", "/sessions/" + session + "/kernel", "");
    assertThat(answer.status()).isEqualTo(201);
    return Path.of(answer.body().path("connection_file").asText());
  }

  @Test
  void sessionGetsOneConnectionFileForAllClients() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK).withName("mine"), Caller.SERVER);

    Answer first = gateway.call("POST", "/sessions/mine/kernel", "");
    Answer second = gateway.call("POST", "/sessions/0/kernel", "");

    assertThat(second.body()).isEqualTo(first.body());
    JsonNode body = first.body();
    Path file = Path.of(body.path("connection_file").asText());
    assertThat(file.getFileName().toString())
        .isEqualTo("kernel-" + body.path("kernel_id").asText() + ".json");
    assertThat(body.path("session_id").asInt(-1)).isZero();
    assertThat(body.toString()).doesNotContain(ConnectionFile.read(file).key());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void clientsOfAConnectionFileWorkOnTheSession() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    ConnectionFile file = ConnectionFile.read(connect("0"));
    List<JupyterMessage> published = new ArrayList<>();
    try (KernelClient one = new KernelClient(file);
        KernelClient two = new KernelClient(file)) {
      assertThat(one.kernelInfo(PATIENCE).content().path("status").asText()).isEqualTo("ok");
      assertThat(two.isAlive(PATIENCE)).isTrue();
      JupyterMessage reply =
          one.execute("print hello\nvalue 1", ExecuteOptions.CELL, published::add, PATIENCE);

      assertThat(reply.content().path("execution_count").asInt()).isOne();
      assertThat(types(published))
          .containsExactly("busy", "execute_input", "stream", "execute_result", "idle");
      assertThat(two.isComplete("x {", PATIENCE).content().path("status").asText())
          .isEqualTo("incomplete");
      assertThat(
              two.execute("value 2", ExecuteOptions.CELL, ignored -> {}, PATIENCE)
                  .content()
                  .path("execution_count")
                  .asInt())
          .isEqualTo(2);
      assertThat(
              two.execute("value 3", ExecuteOptions.SILENT, ignored -> {}, PATIENCE)
                  .content()
                  .path("execution_count")
                  .asInt())
          .isEqualTo(2);
      assertThat(
              one.control("connect_request", JupyterJson.object())
                  .content()
                  .path("shell_port")
                  .asInt())
          .isEqualTo(file.shellPort());
    }
    assertThat(gateway.sessions().session("0").statements()).hasSize(2);
  }

  @Test
  void interruptGoesBesideARunningCell() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    ConnectionFile file = ConnectionFile.read(connect("0"));
    try (KernelClient client = new KernelClient(file)) {
      client.kernelInfo(PATIENCE);
      CompletableFuture<Void> begun = new CompletableFuture<>();
      CompletableFuture<JupyterMessage> cell =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return client.execute(
                      "wait",
                      ExecuteOptions.CELL,
                      message -> {
                        if (message.type().equals("execute_input")) {
                          begun.complete(null);
                        }
                      },
                      PATIENCE);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      begun.get(10, TimeUnit.SECONDS);

      assertThat(client.interrupt().type()).isEqualTo("interrupt_reply");

      assertThat(cell.get(10, TimeUnit.SECONDS).content().path("status").asText())
          .isEqualTo("error");
    }
  }

  @Test
  void socketsAndFileGoAwayWithTheSession() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    Path path = connect("0");
    ConnectionFile file = ConnectionFile.read(path);

    gateway.sessions().delete("0").toCompletableFuture().get(10, TimeUnit.SECONDS);

    awaitGone(path, file);
    assertThat(call("GET", "/api/kernels").body()).isEmpty();
  }

  @Test
  void socketsAndFileGoAwayWithTheKernelAndCanBeHadAgain() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    Path path = connect("0");
    ConnectionFile file = ConnectionFile.read(path);
    try (KernelClient client = new KernelClient(file)) {
      client.kernelInfo(PATIENCE);
      assertThat(client.shutdown(false).content().path("status").asText()).isEqualTo("ok");
    }

    awaitGone(path, file);
    assertThat(gateway.sessions().session("0").state().isActive()).isTrue();
    assertThat(connect("0")).isNotEqualTo(path);
  }

  @Test
  void restartOverSocketsKeepsThem() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    Path path = connect("0");
    try (KernelClient client = new KernelClient(ConnectionFile.read(path))) {
      client.execute("value 1", ExecuteOptions.CELL, ignored -> {}, PATIENCE);
      String before = client.kernelInfo(PATIENCE).header().session();
      assertThat(client.shutdown(true).content().path("restart").asBoolean()).isTrue();

      assertThat(client.kernelInfo(PATIENCE).header().session()).isNotEqualTo(before);
      assertThat(
              client
                  .execute("value 2", ExecuteOptions.CELL, ignored -> {}, PATIENCE)
                  .content()
                  .path("execution_count")
                  .asInt())
          .isOne();
    }
    assertThat(path).exists();
  }

  @Test
  void closedGatewayLeavesNothing() throws Exception {
    gateway.sessions().open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    Path path = connect("0");
    ConnectionFile file = ConnectionFile.read(path);
    WebSocketClient.connect(gateway, newKernel(), "a");

    gateway.close();

    awaitGone(path, file);
    try (Stream<Path> files = Files.list(path.getParent())) {
      assertThat(files).isEmpty();
    }
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("kernel-") || name.startsWith("XNIO")));
  }

  private static void awaitGone(Path path, ConnectionFile file) {
    Awaitility.await().atMost(PATIENCE).until(() -> !Files.exists(path));
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (ServerSocket free =
                  new ServerSocket(file.shellPort(), 1, InetAddress.getLoopbackAddress())) {
                return free.isBound();
              } catch (java.net.BindException e) {
                return false;
              }
            });
  }
}
