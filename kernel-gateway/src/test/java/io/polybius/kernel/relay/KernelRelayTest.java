package io.polybius.kernel.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.http.KernelGatewaySettings;
import io.polybius.kernel.http.TestingGateway;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.WireCodec;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
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
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

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
    return new RelayOptions(server, file, "spark", session, Optional.empty(), SERVER_PATIENCE);
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
      // Not "dead": Jupyter sees that the relay has ended, and starts the kernel again.
      assertThat(types(published)).endsWith("error", "idle").doesNotContain("dead");
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
  void kernelOfARelayDoesNotEndForWantOfUse() throws Exception {
    gateway.close();
    gateway =
        TestingGateway.start(
            directory.resolve("culling"),
            new KernelGatewaySettings.Culling(
                Duration.ofMillis(500), true, Duration.ofMillis(100)));
    try (KernelClient client = relay()) {
      client.kernelInfo(PATIENCE);
      for (int i = 0; i < 2; i++) {
        String other = gateway.call("POST", "/api/kernels", "{}").body().path("id").asText();
        Awaitility.await()
            .atMost(PATIENCE)
            .until(() -> gateway.call("GET", "/api/kernels/" + other, "").status() == 404);
      }

      assertThat(kernelExists()).isTrue();
      assertThat(status(run(client, "value 1"))).isEqualTo("ok");
    }
  }

  @Test
  void wishesOfTheEnvironmentAreThoseOfTheNewSession() throws Exception {
    Map<String, String> environment =
        Map.of(
            "KERNEL_EXTRA_SPARK_OPTS", "--conf polybius.spark=new --driver-memory 2g",
            "KERNEL_PROFILE", "large");
    try (KernelClient client = relay(gateway.uri(""), Optional.empty(), environment)) {
      client.kernelInfo(PATIENCE);
      assertThat(gateway.sessions().sessions().get(0).settings().application().conf())
          .isEqualTo(
              Map.of(
                  "polybius.spark", "new",
                  "spark.driver.memory", "2g",
                  "polybius.profile", "large"));
    }
  }

  @Test
  void launchProfileOfTheKernelspecWinsOverThatOfTheEnvironment() throws Exception {
    running =
        new Running(
            new RelayOptions(
                gateway.uri(""),
                file,
                "spark",
                Optional.empty(),
                Optional.of("large"),
                SERVER_PATIENCE),
            Map.of("KERNEL_PROFILE", "small"));
    try (KernelClient client = new KernelClient(ConnectionFile.read(file))) {
      client.kernelInfo(PATIENCE);
      assertThat(gateway.sessions().sessions().get(0).settings().application().profile())
          .contains("large");
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
  void eachCutHasItsOwnTime() throws Exception {
    gateway.close();
    gateway = TestingGateway.start(directory.resolve("impatient"), Duration.ofSeconds(5));
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      String session = client.kernelInfo(PATIENCE).header().session();
      network.cut();
      run(client, "value 1");
      Awaitility.await().pollDelay(Duration.ofSeconds(4)).until(() -> true);

      // Away when the time of the first cut would have been over.
      network.hold();
      Awaitility.await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
      network.release(gateway.port());

      assertThat(run(client, "value 2").header().session()).isEqualTo(session);
    }
  }

  @Test
  void everyMessageArrivesOnceAndInOrderOverManyCuts() throws Exception {
    int count = 2000;
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of());
        ZContext context = new ZContext()) {
      client.kernelInfo(PATIENCE);
      ConnectionFile connection = ConnectionFile.read(file);
      ZMQ.Socket iopub = socket(context, SocketType.SUB, connection.iopubPort());
      iopub.subscribe("");
      iopub.setReceiveTimeOut(5000);
      assertThat(iopub.recv()).as("the welcome").isNotNull();
      iopub.setReceiveTimeOut(50);
      ZMQ.Socket shell = socket(context, SocketType.DEALER, connection.shellPort());
      WireCodec codec = new WireCodec(connection.signatureScheme(), connection.key());
      MessageSource messages = new MessageSource(() -> "client", "tester", Clock.systemUTC());
      AtomicBoolean cutting = new AtomicBoolean(true);
      Random random = new Random(1);
      CompletableFuture<Integer> cuts =
          CompletableFuture.supplyAsync(
              () -> {
                int done = 0;
                while (cutting.get()) {
                  LockSupport.parkNanos(Duration.ofMillis(5 + random.nextInt(60)).toNanos());
                  try {
                    network.cut();
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                  done++;
                }
                return done;
              });

      List<String> sent = new ArrayList<>();
      List<String> replied = new ArrayList<>();
      List<String> idle = new ArrayList<>();
      Set<String> heard = new HashSet<>();
      try {
        while (idle.size() < count || replied.size() < count) {
          // A few at a time, so that they and their answers are cut in all stages.
          while (sent.size() < count && sent.size() < replied.size() + 200) {
            JupyterMessage request = request(messages, "comm_info_request");
            send(shell, codec.encode(request));
            sent.add(request.id());
          }
          for (JupyterMessage reply : received(codec, Channel.SHELL, shell)) {
            assertThat(heard.add(reply.id())).isTrue();
            replied.add(reply.parentHeader().messageId());
          }
          for (JupyterMessage published : received(codec, Channel.IOPUB, iopub)) {
            assertThat(heard.add(published.id())).isTrue();
            // The other client's question may still be ending.
            if (published.parentHeader().session().equals("client")
                && published.content().path("execution_state").asText().equals("idle")) {
              idle.add(published.parentHeader().messageId());
            }
          }
        }
      } finally {
        cutting.set(false);
      }

      assertThat(cuts.get(5, TimeUnit.SECONDS)).isGreaterThan(3);
      assertThat(replied).isEqualTo(sent);
      assertThat(idle).isEqualTo(sent);
    }
  }

  @Test
  void questionsOfTheCodeReachItsClientAndTheAnswersComeBack() throws Exception {
    try (KernelClient client = relay();
        ZContext context = new ZContext()) {
      client.kernelInfo(PATIENCE);
      ConnectionFile connection = ConnectionFile.read(file);
      WireCodec codec = new WireCodec(connection.signatureScheme(), connection.key());
      MessageSource messages = new MessageSource(() -> "client", "tester", Clock.systemUTC());
      ZMQ.Socket shell = socket(context, SocketType.DEALER, connection.shellPort());
      ZMQ.Socket stdin = socket(context, SocketType.DEALER, connection.stdinPort());
      JupyterMessage cell = asking(messages);
      send(shell, codec.encode(cell));
      List<JupyterMessage> questions = received(codec, Channel.STDIN, stdin);
      for (int i = 0; i < 100 && questions.isEmpty(); i++) {
        if (i % 20 == 19) {
          // The question was lost, because the client's stdin was not connected yet.
          gateway.call("POST", "/api/kernels/" + ID + "/interrupt", "{}");
          replies(codec, shell, cell);
          cell = asking(messages);
          send(shell, codec.encode(cell));
        }
        questions = received(codec, Channel.STDIN, stdin);
      }
      JupyterMessage question = questions.get(0);
      send(
          stdin,
          codec.encode(
              messages.message(
                  Channel.STDIN,
                  "input_reply",
                  Header.NONE,
                  JupyterJson.object(),
                  JupyterJson.object().put("value", "Ann"))));

      assertThat(question.parentHeader()).isEqualTo(cell.header());
      assertThat(question.content().path("prompt").asText()).isEqualTo("name");
      assertThat(status(replies(codec, shell, cell).get(0))).isEqualTo("ok");
      assertThat(gateway.sessions().session("0").statements())
          .last()
          .satisfies(
              statement ->
                  assertThat(statement.outputs().toList())
                      .containsExactly(new StatementOutput.StreamText(StreamName.STDOUT, "Ann\n")));
    }
  }

  private static JupyterMessage asking(MessageSource messages) {
    return messages.message(
        Channel.SHELL,
        "execute_request",
        Header.NONE,
        JupyterJson.object(),
        JupyterJson.object().put("code", "ask name").put("allow_stdin", true));
  }

  private static List<JupyterMessage> replies(
      WireCodec codec, ZMQ.Socket shell, JupyterMessage request) {
    List<JupyterMessage> replies = new ArrayList<>();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              replies.addAll(received(codec, Channel.SHELL, shell));
              return replies.stream()
                  .anyMatch(reply -> reply.parentHeader().messageId().equals(request.id()));
            });
    return replies;
  }

  private static JupyterMessage request(MessageSource messages, String type) {
    return messages.message(
        Channel.SHELL, type, Header.NONE, JupyterJson.object(), JupyterJson.object());
  }

  private ZMQ.Socket socket(ZContext context, SocketType type, int port) throws IOException {
    ZMQ.Socket socket = context.createSocket(type);
    socket.setReceiveTimeOut(50);
    socket.setIdentity("client".getBytes(UTF_8));
    socket.setHandshakeIvl(500);
    socket.setSndHWM(0);
    socket.setRcvHWM(0);
    socket.connect(ConnectionFile.read(file).address(port));
    return socket;
  }

  private static void send(ZMQ.Socket socket, List<byte[]> frames) {
    for (int i = 0; i < frames.size(); i++) {
      socket.send(frames.get(i), i + 1 < frames.size() ? ZMQ.SNDMORE : 0);
    }
  }

  /** Returns what has come, waiting a moment if nothing has. */
  private static List<JupyterMessage> received(WireCodec codec, Channel channel, ZMQ.Socket socket)
      throws Exception {
    List<JupyterMessage> messages = new ArrayList<>();
    for (byte[] frame = socket.recv(); frame != null; frame = socket.recv(ZMQ.DONTWAIT)) {
      List<byte[]> frames = new ArrayList<>(List.of(frame));
      while (socket.hasReceiveMore()) {
        frames.add(socket.recv());
      }
      messages.add(codec.decode(channel, frames));
    }
    return messages;
  }

  @Test
  void whileTheServerIsAwayTheRelayAnswersWhatItKnowsAndTheRestWaits() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      JupyterMessage known = client.kernelInfo(PATIENCE);
      network.hold();
      assertThat(client.kernelInfo(PATIENCE).content()).isEqualTo(known.content());
      CompletableFuture<JupyterMessage> cell =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return run(client, "value 1");
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      assertThat(client.isAlive(PATIENCE)).isTrue();
      assertThat(cell.isDone()).isFalse();

      network.release(gateway.port());

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("ok");
      assertThat(gateway.sessions().session("0").statements()).hasSize(1);
    }
  }

  @Test
  void tooMuchOutputForALostConnectionIsLeftOutAndSaid() throws Exception {
    int count = 11_000;
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new CopyOnWriteArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);
      network.hold();
      ScriptedDriver driver = gateway.launcher().nextDriver();
      for (int i = 0; i < count; i++) {
        driver.say(
            new DriverEvent.StatementPutOut(
                0, new StatementOutput.StreamText(StreamName.STDOUT, "line " + i + "\n")));
      }
      driver.say(new DriverEvent.StatementSucceeded(0));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> gateway.sessions().session("0").state() == SessionState.IDLE);

      network.release(gateway.port());

      assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("ok");
      assertThat(published.size()).isLessThan(count);
      assertThat(published)
          .filteredOn(message -> message.content().path("name").asText().equals("stderr"))
          .hasSize(1)
          .allMatch(message -> message.content().path("text").asText().contains("left out"));
      assertThat(types(published)).startsWith("busy", "execute_input").endsWith("idle");
    }
  }

  @Test
  void shutDownWithoutTheServerEndsTheRelay() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      client.kernelInfo(PATIENCE);
      network.hold();

      assertThat(status(client.shutdown(false))).isEqualTo("ok");

      assertThat(running.exitCode()).isZero();
    }
  }

  @Test
  void serverThatHasForgottenTheKernelEndsTheOpenCellAndTheRelay() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        TestingGateway other =
            TestingGateway.start(directory.resolve("other"), Duration.ofSeconds(30));
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new CopyOnWriteArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);

      network.hold();
      network.release(other.port());

      JupyterMessage reply = cell.get(10, TimeUnit.SECONDS);
      assertThat(reply.content().path("ename").asText()).isEqualTo("KernelDied");
      assertThat(reply.content().path("evalue").asText()).contains("restarted");
      assertThat(types(published)).containsExactly("busy", "execute_input", "error", "idle");
      assertThat(running.exitCode()).isOne();
    }
  }

  @Test
  void serverThatTakesOverGoesOnWithTheOpenCells() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    Path store = directory.resolve("store");
    TestingGateway before = TestingGateway.start(directory.resolve("before"), launcher, store, 0);
    try (CuttableProxy network = new CuttableProxy(before.port());
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new CopyOnWriteArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "long", published);
      ScriptedDriver driver = launcher.nextDriver();
      driver.nextCommand(DriverCommand.Execute.class);
      print(driver, "a");
      Awaitility.await().atMost(PATIENCE).until(() -> types(published).contains("stream"));
      network.hold();
      before.close();
      print(driver, "b");

      try (TestingGateway after =
          TestingGateway.start(directory.resolve("after"), launcher, store, 0)) {
        network.release(after.port());
        print(driver, "c");
        driver.say(new DriverEvent.StatementSucceeded(0));

        assertThat(status(cell.get(10, TimeUnit.SECONDS))).isEqualTo("ok");
        assertThat(published.stream().map(message -> message.content().path("text").asText("")))
            .filteredOn(text -> !text.isEmpty())
            .containsExactly("a", "b", "c");
        assertThat(types(published))
            .containsExactly("busy", "execute_input", "stream", "stream", "stream", "idle");
        CompletableFuture<JupyterMessage> next =
            begin(client, "next", new CopyOnWriteArrayList<>());
        driver.nextCommand(DriverCommand.Execute.class);
        driver.say(new DriverEvent.StatementSucceeded(1));
        assertThat(status(next.get(10, TimeUnit.SECONDS))).isEqualTo("ok");
      }
    } finally {
      before.close();
    }
  }

  private static void print(ScriptedDriver driver, String text) {
    driver.say(
        new DriverEvent.StatementPutOut(
            0, new StatementOutput.StreamText(StreamName.STDOUT, text)));
  }

  @Test
  void serverThatKnowsTheKernelButNotTheCellEndsItAndTakesTheNext() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        TestingGateway other =
            TestingGateway.start(directory.resolve("other"), Duration.ofSeconds(30));
        KernelClient client = relay(network.uri(), Optional.empty(), Map.of())) {
      List<JupyterMessage> published = new CopyOnWriteArrayList<>();
      CompletableFuture<JupyterMessage> cell = begin(client, "wait", published);
      network.hold();
      other.call(
          "POST",
          "/api/kernels",
          "{\"name\": \"spark\", \"env\": {\"KERNEL_ID\": \"" + ID + "\"}}");

      network.release(other.port());

      assertThat(cell.get(10, TimeUnit.SECONDS).content().path("ename").asText())
          .isEqualTo("ResultLost");
      assertThat(types(published)).containsExactly("busy", "execute_input", "error", "idle");
      assertThat(status(run(client, "value 1"))).isEqualTo("ok");
      assertThat(other.sessions().session("0").statements()).hasSize(1);
    }
  }

  @Test
  void nextRelayOfAKilledOneFindsTheSessionAndBringsTheAnswer() throws Exception {
    try (CuttableProxy network = new CuttableProxy(gateway.port());
        KernelClient other = relay(network.uri(), Optional.empty(), Map.of());
        ZContext context = new ZContext()) {
      other.kernelInfo(PATIENCE);
      ConnectionFile connection = ConnectionFile.read(file);
      WireCodec codec = new WireCodec(connection.signatureScheme(), connection.key());
      MessageSource messages = new MessageSource(() -> "client", "tester", Clock.systemUTC());
      ZMQ.Socket shell = socket(context, SocketType.DEALER, connection.shellPort());
      JupyterMessage cell = request(messages, "execute_request");
      send(shell, codec.encode(cell.withContent(JupyterJson.object().put("code", "wait"))));
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> gateway.sessions().session("0").state() == SessionState.BUSY);
      network.hold();
      // It cannot tell the server that it ends, no more than one that was killed.
      running.thread.interrupt();
      assertThat(running.exitCode()).isZero();

      running = new Running(options(gateway.uri(""), Optional.empty()), Map.of());
      Set<String> answered = new HashSet<>();
      while (!answered.contains("kernel_info_reply")) {
        send(shell, codec.encode(request(messages, "kernel_info_request")));
        received(codec, Channel.SHELL, shell).forEach(reply -> answered.add(reply.type()));
      }
      gateway.call("POST", "/api/kernels/" + ID + "/interrupt", "{}");

      List<JupyterMessage> replies = new ArrayList<>();
      while (replies.stream().noneMatch(reply -> reply.type().equals("execute_reply"))) {
        replies.addAll(received(codec, Channel.SHELL, shell));
      }
      assertThat(gateway.sessions().sessions()).hasSize(1);
      // One that was there before may not hear the next relay's first messages.
      try (KernelClient fresh = new KernelClient(connection)) {
        assertThat(status(run(fresh, "value 1"))).isEqualTo("ok");
      }
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
      assertThat(types(published))
          .containsExactly("busy", "execute_input", "stream", "error", "idle");
      assertThat(published.get(2).content().path("text").asText())
          .contains(network.uri().toString(), "waited for");
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
