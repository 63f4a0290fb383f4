package io.polybius.kernel.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.kernel.Kernel;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.LegacyWebSocketCodec;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.session.SessionState;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code jupyter lab --gateway-url} and other clients rely on at a WebSocket, and at the
 * kernel behind it.
 */
@Timeout(60)
class GatewayContractTest {

  private static final Duration GRACE = Duration.ofMillis(300);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Long enough for a client to come in on a machine that has much else to do. */
  private static final Duration UNUSED = Duration.ofSeconds(2);

  private static final String TORNADO = "User-Agent: Tornado/6.5.2";
  private static final int NINE_MEBIBYTES = 9 << 20;

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

  private void restartGateway(TestingGateway other) {
    gateway.close();
    gateway = other;
  }

  private JsonNode get(String path) throws Exception {
    return gateway.call("GET", path, "").body();
  }

  private String newKernel() throws Exception {
    return gateway.call("POST", "/api/kernels", "{}").body().path("id").asText();
  }

  private RawWebSocket jupyterServer(String kernel, String session) throws IOException {
    RawWebSocket socket = new RawWebSocket(gateway, kernel, session, TORNADO);
    assertThat(socket.head()).startsWith("HTTP/1.1 101").doesNotContainIgnoringCase("protocol:");
    return socket;
  }

  private void awaitConnections(String kernel, int count) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> get("/api/kernels/" + kernel).path("connections").asInt() == count);
  }

  private void awaitStatements(int count) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> gateway.sessions().session("0").statements().size() == count);
  }

  // ---- models

  @Test
  void modelsAreWhatTheClientParses() throws Exception {
    JsonNode made = gateway.call("POST", "/api/kernels", "{}").body();
    String id = made.path("id").asText();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      socket.trace(socket.cell("value 1"));
      for (JsonNode model : List.of(made, get("/api/kernels/" + id), get("/api/kernels").path(0))) {
        // Python's %Y-%m-%dT%H:%M:%S.%fZ
        assertThat(model.path("last_activity").asText())
            .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,6}Z");
        assertThat(model.path("connections").isInt()).isTrue();
        assertThat(model.path("execution_state").asText()).isIn("starting", "idle", "busy");
        assertThat(model.path("id").asText()).matches("\\w+-\\w+-\\w+-\\w+-\\w+");
      }
    }
  }

  @Test
  void kernelAnswersWhileItsDriverStillStarts() throws Exception {
    restartGateway(
        TestingGateway.start(directory.resolve("slow"), ScriptedLauncher.slow(Script.TINY)));
    JsonNode made = gateway.call("POST", "/api/kernels", "{}").body();
    assertThat(made.path("execution_state").asText()).isEqualTo("starting");
    String id = made.path("id").asText();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      assertThat(
              RawWebSocket.types(
                  socket.trace(socket.request("kernel_info_request", JupyterJson.object()))))
          .containsExactly("busy", "kernel_info_reply", "idle");
      String cell = socket.cell("value 1");
      awaitStatements(1);
      ScriptedDriver driver = gateway.launcher().nextDriver();
      assertThat(get("/api/kernels/" + id).path("execution_state").asText()).isEqualTo("starting");

      driver.ready();

      assertThat(RawWebSocket.types(socket.trace(cell)))
          .containsExactly("busy", "execute_input", "execute_result", "execute_reply", "idle");
    }
  }

  @Test
  void kernelWhoseDriverCannotStartSaysWhyAndStaysListedAsDead() throws Exception {
    restartGateway(
        TestingGateway.start(directory.resolve("slow"), ScriptedLauncher.slow(Script.TINY)));
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      String first = socket.cell("value 1");
      awaitStatements(1);

      gateway.launcher().nextDriver().say(new DriverEvent.DriverFailed("no room on the cluster"));

      List<ObjectNode> trace = socket.trace(first);
      assertThat(RawWebSocket.types(trace))
          .containsExactly("busy", "error", "execute_reply", "idle");
      assertThat(trace.get(1).toString()).contains("no room on the cluster");
      assertThat(socket.next().json().at("/content/execution_state").asText()).isEqualTo("dead");
      JsonNode model = get("/api/kernels/" + id);
      assertThat(model.path("execution_state").asText()).isEqualTo("dead");
      assertThat(model.path("reason").asText()).contains("no room on the cluster");

      TestingGateway.Answer restart = gateway.call("POST", "/api/kernels/" + id + "/restart", "{}");
      assertThat(restart.status()).isEqualTo(409);
      assertThat(restart.body().path("message").asText()).contains("start a new kernel");
      String next = socket.request("kernel_info_request", JupyterJson.object());
      assertThat(socket.next().json().at("/parent_header/msg_id").asText()).isEqualTo(next);
    }
  }

  // ---- forms of messages

  @Test
  void jupyterServerGetsTextWithTheChannelInEveryMessage() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      List<ObjectNode> trace =
          socket.trace(socket.cell("print a\nwarn b\ndisplay text/html <b>\nvalue 1"));

      assertThat(RawWebSocket.types(trace))
          .containsExactly(
              "busy",
              "execute_input",
              "stream",
              "stream",
              "display_data",
              "execute_result",
              "execute_reply",
              "idle");
      for (ObjectNode message : trace) {
        assertThat(message.path("channel").asText())
            .isEqualTo(message.path("msg_type").asText().endsWith("_reply") ? "shell" : "iopub");
        assertThat(message.path("msg_id")).isEqualTo(message.at("/header/msg_id"));
        assertThat(message.path("buffers").isArray()).isTrue();
        assertThat(message.path("buffers")).isEmpty();
      }
    }
  }

  @Test
  void buffersTravelAsTheClientCanTakeThem() throws Exception {
    JupyterMessage comm =
        new JupyterMessage(
            Channel.IOPUB,
            List.of(),
            new Header(JupyterJson.object().put("msg_id", "m").put("msg_type", "comm_msg")),
            Header.NONE,
            JupyterJson.object(),
            JupyterJson.object().put("comm_id", "c"),
            List.of(new byte[] {-1, -2}, new byte[] {3}));

    WireForm.Frame toJupyterServer = WireForm.LEGACY_TEXT.encode(comm);
    assertThat(toJupyterServer.isText()).isTrue();
    assertThat(JupyterJson.readObject(toJupyterServer.bytes().array()).path("buffers")).isEmpty();
    WireForm.Frame toOthers = WireForm.LEGACY.encode(comm);
    assertThat(toOthers.isText()).isFalse();
    assertThat(toOthers.bytes().getInt(0)).isEqualTo(3);
    assertThat(WireForm.LEGACY.encode(comm.withContent(JupyterJson.object())).isText()).isFalse();
    WireForm.Frame v1 = WireForm.V1.encode(comm);
    assertThat(v1.isText()).isFalse();
    assertThat(v1.bytes().order(ByteOrder.LITTLE_ENDIAN).getLong(0)).isEqualTo(8);
  }

  @Test
  void clientThatOffersTheSubprotocolGetsItsBinaryFrames() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket =
        new RawWebSocket(
            gateway,
            id,
            "a",
            "Sec-WebSocket-Protocol: other, " + V1WebSocketCodec.SUBPROTOCOL,
            TORNADO)) {
      assertThat(socket.head()).contains("Sec-WebSocket-Protocol: " + V1WebSocketCodec.SUBPROTOCOL);
      ObjectNode request = RawWebSocket.message("kernel_info_request", JupyterJson.object());
      JupyterMessage message =
          new LegacyWebSocketCodec().decode(ByteBuffer.wrap(JupyterJson.write(request)));
      socket.send(RawWebSocket.BINARY, new V1WebSocketCodec().encode(message).array());

      for (int i = 0; i < 3; i++) {
        RawWebSocket.Frame frame = socket.next();
        assertThat(frame.opcode()).isEqualTo(RawWebSocket.BINARY);
        assertThat(ByteBuffer.wrap(frame.bytes()).order(ByteOrder.LITTLE_ENDIAN).getLong())
            .isEqualTo(6);
      }
    }
  }

  @Test
  void binaryMessageIsTakenAlsoInATextFrame() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      for (int opcode : List.of(RawWebSocket.TEXT, RawWebSocket.BINARY)) {
        ObjectNode comm =
            RawWebSocket.message("comm_msg", JupyterJson.object().put("comm_id", "c"));
        JupyterMessage message =
            new LegacyWebSocketCodec().decode(ByteBuffer.wrap(JupyterJson.write(comm)));
        byte[] notUtf8 = {-1, -2, -128, 0};
        ByteBuffer frame =
            new LegacyWebSocketCodec()
                .encodeBinary(
                    new JupyterMessage(
                        Channel.SHELL,
                        List.of(),
                        message.header(),
                        Header.NONE,
                        message.metadata(),
                        message.content(),
                        List.of(notUtf8, new byte[100_000])));

        socket.send(opcode, frame.array());

        assertThat(RawWebSocket.types(socket.trace(message.id()))).containsExactly("busy", "idle");
      }
      assertThat(RawWebSocket.types(socket.trace(socket.cell("value 1"))))
          .contains("execute_reply");
    }
  }

  @Test
  void messageWithoutAChannelAndWithANumberForADateIsServed() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      ObjectNode request =
          RawWebSocket.message("execute_request", JupyterJson.object().put("code", "value 1"));
      request.withObject("/header").put("date", 1_700_000_000.25);
      assertThat(request.has("channel")).isFalse();
      socket.send(RawWebSocket.TEXT, JupyterJson.write(request));

      List<ObjectNode> trace = socket.trace(request.at("/header/msg_id").asText());

      assertThat(RawWebSocket.types(trace)).contains("execute_result", "execute_reply");
      assertThat(trace.get(0).at("/parent_header/date").asDouble()).isEqualTo(1_700_000_000.25);
      ObjectNode interrupt = RawWebSocket.message("interrupt_request", JupyterJson.object());
      socket.send(RawWebSocket.TEXT, JupyterJson.write(interrupt));
      assertThat(socket.trace(interrupt.at("/header/msg_id").asText()).get(1).path("channel"))
          .isEqualTo(JupyterJson.object().put("channel", "control").get("channel"));
    }
  }

  @Test
  void brokenTextIsDroppedAndTheSocketStaysOpen() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      for (String text : List.of("", "x", "[1]", "{\"channel\":\"nowhere\"}")) {
        socket.send(RawWebSocket.TEXT, text.getBytes(UTF_8));
      }
      assertThat(RawWebSocket.types(socket.trace(socket.cell("value 1"))))
          .contains("execute_reply");
    }
  }

  // ---- sizes

  @Test
  void displayThatIsTooLargeIsReplacedByWhatFitsAndANote() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      String cell = socket.cell("wait");
      awaitStatements(1);
      ScriptedDriver driver = gateway.launcher().nextDriver();
      MimeBundle bundle =
          MimeBundle.text("small").with("text/html", "ä".repeat(6 << 20)).with("image/png", "iVBO");
      driver.say(new DriverEvent.StatementPutOut(0, new StatementOutput.Display(bundle)));
      driver.say(new DriverEvent.StatementSucceeded(0));

      List<ObjectNode> trace = socket.trace(cell);

      assertThat(RawWebSocket.types(trace))
          .containsExactly("busy", "execute_input", "display_data", "execute_reply", "idle");
      JsonNode data = trace.get(2).at("/content/data");
      assertThat(data.fieldNames()).toIterable().containsExactly("text/plain", "image/png");
      assertThat(data.path("text/plain").asText())
          .startsWith("small")
          .contains("text/html was left out: 12.0 MiB");
    }
  }

  @Test
  void printedTextThatIsTooLargeComesInPieces() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      String cell = socket.cell("wait");
      awaitStatements(1);
      ScriptedDriver driver = gateway.launcher().nextDriver();
      String text = "\u0001" + "😀".repeat(3 << 20);
      driver.say(
          new DriverEvent.StatementPutOut(
              0, new StatementOutput.StreamText(StreamName.STDOUT, text)));
      driver.say(new DriverEvent.StatementSucceeded(0));

      StringBuilder printed = new StringBuilder();
      List<String> ids = new ArrayList<>();
      for (ObjectNode message : socket.trace(cell)) {
        assertThat(JupyterJson.write(message).length).isLessThan(NINE_MEBIBYTES);
        if (message.path("msg_type").asText().equals("stream")) {
          printed.append(message.at("/content/text").asText());
        }
        ids.add(message.path("msg_id").asText());
      }
      assertThat(printed.toString().equals(text)).isTrue();
      assertThat(ids).doesNotHaveDuplicates();
    }
  }

  @Test
  void requestOfSixteenMebibytesIsTaken() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      String request =
          socket.request("comm_msg", JupyterJson.object().put("data", "x".repeat(15 << 20)));
      assertThat(RawWebSocket.types(socket.trace(request))).containsExactly("busy", "idle");
    }
  }

  // ---- connections

  @Test
  void clientWhoseConnectionWasCutHearsTheRestOfItsCellOnce() throws Exception {
    String id = newKernel();
    RawWebSocket before = jupyterServer(id, "same");
    String cell = before.cell("print one\nwait");
    List<String> heard = new ArrayList<>();
    while (!heard.contains("stream")) {
      heard.addAll(RawWebSocket.types(List.of(before.next().json())));
    }
    before.kill();
    awaitConnections(id, 0);
    ScriptedDriver driver = gateway.launcher().nextDriver();
    for (String text : List.of("two", "three")) {
      driver.say(
          new DriverEvent.StatementPutOut(
              0, new StatementOutput.StreamText(StreamName.STDOUT, text)));
    }
    driver.say(new DriverEvent.StatementSucceeded(0));

    try (RawWebSocket after = jupyterServer(id, "same")) {
      List<ObjectNode> rest = after.trace(cell);
      assertThat(RawWebSocket.types(rest)).endsWith("execute_reply", "idle");
      assertThat(
              rest.stream()
                  .map(message -> message.at("/content/text").asText())
                  .collect(Collectors.joining()))
          .isEqualTo("twothree");
      assertThat(heard).containsExactly("busy", "execute_input", "stream");
      assertThat(RawWebSocket.types(after.trace(after.cell("value 1"))))
          .containsExactly("busy", "execute_input", "execute_result", "execute_reply", "idle");
    }
  }

  @Test
  void lastClientIsWaitedForUntilAnotherComes() throws Exception {
    String id = newKernel();
    RawWebSocket first = jupyterServer(id, "first");
    String cell = first.cell("wait");
    awaitStatements(1);
    first.kill();
    awaitConnections(id, 0);
    // Longer than any client is waited for while others are there.
    Awaitility.await().pollDelay(GRACE.multipliedBy(3)).atMost(PATIENCE).until(() -> true);
    gateway.launcher().nextDriver().say(new DriverEvent.StatementSucceeded(0));
    try (RawWebSocket back = jupyterServer(id, "first")) {
      assertThat(RawWebSocket.types(back.trace(cell))).endsWith("execute_reply", "idle");
      back.kill();
    }
    awaitConnections(id, 0);
    Awaitility.await().pollDelay(GRACE.multipliedBy(3)).atMost(PATIENCE).until(() -> true);
    String missed;
    try (RawWebSocket second = jupyterServer(id, "second")) {
      missed = second.cell("value 1");
      second.trace(missed);
    }
    try (RawWebSocket late = jupyterServer(id, "first")) {
      String next = late.cell("value 2");
      assertThat(late.next().json().at("/parent_header/msg_id").asText()).isEqualTo(next);
    }
  }

  @Test
  void newSocketOfAClientReplacesTheStaleOne() throws Exception {
    String id = newKernel();
    try (RawWebSocket stale = jupyterServer(id, "same");
        RawWebSocket fresh = jupyterServer(id, "same")) {
      assertThat(stale.isClosed()).isTrue();
      assertThat(RawWebSocket.types(fresh.trace(fresh.cell("value 1")))).contains("execute_reply");
      awaitConnections(id, 1);
    }
  }

  @Test
  void socketThatWasAskedForEarlierDoesNotReplaceALaterOne() throws Exception {
    String id = newKernel();
    Kernel kernel = gateway.kernels().kernel(id);
    CompletableFuture<RawWebSocket> connecting;
    RawWebSocket later;
    synchronized (kernel) {
      connecting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return jupyterServer(id, "same");
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      Awaitility.await().atMost(PATIENCE).until(() -> isWaitedFor(kernel));
      // It is the second one for the same place, and so need not wait for the kernel.
      later = jupyterServer(id, "same");
    }
    RawWebSocket earlier = connecting.get(10, TimeUnit.SECONDS);
    try (earlier;
        later) {
      assertThat(RawWebSocket.types(later.trace(later.cell("value 1")))).contains("execute_reply");
      assertThat(earlier.isClosed()).isTrue();
    }
  }

  private static boolean isWaitedFor(Object monitor) {
    return Arrays.stream(ManagementFactory.getThreadMXBean().dumpAllThreads(false, false))
        .map(ThreadInfo::getLockInfo)
        .anyMatch(
            lock -> lock != null && lock.getIdentityHashCode() == System.identityHashCode(monitor));
  }

  @Test
  void cellWhoseEndWentIntoADeadConnectionEndsAllTheSame() throws Exception {
    String id = newKernel();
    // Nobody reads what is written to the first one, and nobody closes it.
    try (RawWebSocket dead = jupyterServer(id, "same")) {
      String cell = dead.cell("print x\nvalue 1");
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> gateway.sessions().session("0").state() == SessionState.IDLE);
      awaitStatements(1);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> gateway.sessions().session("0").statements().get(0).state().isTerminal());
      try (RawWebSocket next = jupyterServer(id, "same")) {
        assertThat(RawWebSocket.types(next.trace(cell))).containsExactly("execute_reply", "idle");
      }
    }
  }

  @Test
  void bothSocketsHearOutputsAndOnlyTheSenderItsReply() throws Exception {
    String id = newKernel();
    try (RawWebSocket sender = jupyterServer(id, "sender");
        RawWebSocket other = jupyterServer(id, "other")) {
      String cell = sender.cell("print a\nvalue 1");

      assertThat(RawWebSocket.types(sender.trace(cell)))
          .containsExactly(
              "busy", "execute_input", "stream", "execute_result", "execute_reply", "idle");
      assertThat(RawWebSocket.types(other.trace(cell)))
          .containsExactly("busy", "execute_input", "stream", "execute_result", "idle");
    }
  }

  @Test
  void clientThatDoesNotReadLosesOutputButNeitherRepliesNorItsPlace() throws Exception {
    String id = newKernel();
    String much = "print " + "x".repeat(6 << 20);
    try (RawWebSocket slow = jupyterServer(id, "slow");
        RawWebSocket good = jupyterServer(id, "good")) {
      for (int i = 0; i < 20; i++) {
        assertThat(RawWebSocket.types(good.trace(good.cell(much)))).contains("execute_reply");
      }
      String last = slow.cell("value 1");
      good.trace(last);

      List<ObjectNode> heard = new ArrayList<>();
      while (heard.stream()
          .noneMatch(
              message ->
                  message.at("/parent_header/msg_id").asText().equals(last)
                      && message.at("/content/execution_state").asText().equals("idle"))) {
        heard.add(slow.next().json());
      }
      assertThat(RawWebSocket.types(heard)).contains("execute_reply");
      assertThat(RawWebSocket.types(heard).stream().filter("idle"::equals)).hasSize(21);
      assertThat(heard.stream().map(message -> message.at("/content/text").asText()))
          .anyMatch(text -> text.contains("Output was dropped here"));
    }
  }

  // ---- restart and culling

  @Test
  void restartedKernelHasANewSessionCountsFromOneAndAbortsItsQueue() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      String before = socket.trace(socket.cell("value 1")).get(0).at("/header/session").asText();
      String running = socket.cell("wait");
      String queued = socket.cell("value 2");
      awaitStatements(3);

      assertThat(gateway.call("POST", "/api/kernels/" + id + "/restart", "{}").status())
          .isEqualTo(200);

      List<ObjectNode> all = new ArrayList<>();
      while (!RawWebSocket.types(all).contains("starting")) {
        all.add(socket.next().json());
      }
      assertThat(of(all, running)).contains("execute_reply", "idle");
      List<ObjectNode> aborted = all.stream().filter(message -> isOf(message, queued)).toList();
      assertThat(RawWebSocket.types(aborted)).containsExactly("busy", "execute_reply", "idle");
      assertThat(aborted.get(1).at("/content/status").asText()).isEqualTo("aborted");
      List<ObjectNode> first = socket.trace(socket.cell("value 3"));
      assertThat(first.get(1).at("/content/execution_count").asInt()).isOne();
      assertThat(first).allMatch(message -> !message.at("/header/session").asText().equals(before));
    }
  }

  private static boolean isOf(ObjectNode message, String request) {
    return message.at("/parent_header/msg_id").asText().equals(request);
  }

  private static List<String> of(List<ObjectNode> messages, String request) {
    return RawWebSocket.types(messages.stream().filter(m -> isOf(m, request)).toList());
  }

  @Test
  void kernelWithoutUseEndsAndOneThatWorksOrIsConnectedDoesNot() throws Exception {
    cullEvery(false);
    String unused = newKernel();
    String working = newKernel();
    String connected = newKernel();
    RawWebSocket worker = jupyterServer(working, "a");
    worker.cell("wait");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> get("/api/kernels/" + working).path("execution_state").asText().equals("busy"));
    worker.kill();
    try (RawWebSocket socket = jupyterServer(connected, "a")) {
      awaitGone(unused);
      Awaitility.await().pollDelay(UNUSED).atMost(PATIENCE).until(() -> true);
      assertThat(get("/api/kernels"))
          .extracting(model -> model.path("id").asText())
          .containsExactlyInAnyOrder(working, connected);
      assertThat(RawWebSocket.types(socket.trace(socket.cell("value 1"))))
          .contains("execute_reply");
    }
    gateway.call("POST", "/api/kernels/" + working + "/interrupt", "{}");
    awaitGone(working);
    awaitGone(connected);
    Awaitility.await().atMost(PATIENCE).until(() -> gateway.sessions().sessions().isEmpty());
  }

  @Test
  void forgottenTabKeepsAKernelOnlyIfConnectionsCount() throws Exception {
    cullEvery(true);
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      awaitGone(id);
      assertThat(socket.isClosed()).isTrue();
    }
  }

  @Test
  void onlyWhatUsersDoIsActivity() throws Exception {
    String id = newKernel();
    try (RawWebSocket socket = jupyterServer(id, "a")) {
      socket.trace(socket.cell("value 1"));
      String before = get("/api/kernels/" + id).path("last_activity").asText();
      for (String type : List.of("kernel_info_request", "comm_info_request")) {
        socket.trace(socket.request(type, JupyterJson.object()));
      }
      assertThat(get("/api/kernels/" + id).path("last_activity").asText()).isEqualTo(before);

      socket.trace(socket.request("is_complete_request", JupyterJson.object().put("code", "x")));

      assertThat(get("/api/kernels/" + id).path("last_activity").asText()).isGreaterThan(before);
    }
  }

  private void cullEvery(boolean evenConnected) {
    restartGateway(
        TestingGateway.start(
            directory.resolve("culling"),
            new KernelGatewaySettings.Culling(UNUSED, evenConnected, Duration.ofMillis(100))));
  }

  private void awaitGone(String kernel) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> gateway.call("GET", "/api/kernels/" + kernel, "").status() == 404);
  }
}
