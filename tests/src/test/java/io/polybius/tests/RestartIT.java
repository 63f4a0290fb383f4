package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server ends, or is killed, under a running statement, and another takes its place. */
@Timeout(400)
class RestartIT {

  private static final String RECOVERY = "livy.server.recovery.mode=recovery";
  private static final String ONE_AHEAD = "polybius.server.prespawned-drivers=1";
  private static final Duration LONG = Duration.ofSeconds(90);
  private static final int LINES = 60;
  private static final String CELL =
      "for (i <- 1 to " + LINES + ") { println(s\"line $i\"); Thread.sleep(200) }";
  private static final String ALL_LINES =
      IntStream.rangeClosed(1, LINES).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
  private static final List<String> FILES_OF_THE_SERVER =
      List.of("lock", "next-session", "port", "server.p12", "server.password");

  /** What was run in notebooks is kept longer than their kernels, in a folder with a lock. */
  private static final List<String> FILES_AFTER_A_NOTEBOOK =
      Stream.concat(FILES_OF_THE_SERVER.stream(), Stream.of("everybody.jsonl", "lock"))
          .sorted()
          .toList();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sessionsGoOn(boolean killed) throws Exception {
    JobPayloads payloads = JobPayloads.written();
    try (RunningServer before = RunningServer.start(RECOVERY)) {
      RestClient rest = before.rest();
      int session = rest.openSession("{\"kind\": \"spark\", \"name\": \"mine\"}");
      rest.run(session, "val kept = 41");
      rest.uploadJar(session, payloads.jar());
      int ended = rest.submitJob(session, payloads.job("Adding"));
      String result = rest.awaitJob(session, ended).get("result").asText();
      int job = rest.submitJob(session, payloads.job("Slow"));
      int running = rest.post(session, CELL);
      int waiting = rest.post(session, "kept + 1");
      await()
          .atMost(LONG)
          .until(() -> rest.statement(session, running).get("state").asText().equals("running"));
      end(before, killed);
      List<ProcessHandle> drivers = before.processes();
      assertThat(drivers).hasSize(1);

      try (RunningServer after = before.startAgain()) {
        assertThat(rest.state(session)).isEqualTo("busy");
        assertThat(rest.call("GET", "/sessions/mine", null).get("id").asInt()).isEqualTo(session);
        assertThat(text(rest, session, 0)).isEqualTo("kept: Int = 41\n");
        await()
            .atMost(LONG)
            .until(
                () -> rest.statement(session, waiting).get("state").asText().equals("available"));
        JsonNode slow = rest.awaitJob(session, job);
        assertThat(slow.get("state").asText()).as(slow.toString()).isEqualTo("SUCCEEDED");
        assertThat(Base64.getDecoder().decode(slow.get("result").asText()))
            .asString(StandardCharsets.ISO_8859_1)
            .contains("slow, but don");
        assertThat(rest.job(session, ended).get("result").asText()).isEqualTo(result);
        assertThat(text(rest, session, running).strip()).isEqualTo(ALL_LINES);
        assertThat(text(rest, session, waiting)).endsWith("= 42\n");
        assertThat(value(rest, session, "kept + 2")).endsWith("= 43\n");
        assertThat(rest.openSession()).isEqualTo(session + 1);
        assertThat(after.processes()).hasSize(2);

        for (int each : List.of(session, session + 1)) {
          rest.call("DELETE", "/sessions/" + each, null);
        }
        await().atMost(LONG).until(() -> after.processes().isEmpty());
        await()
            .atMost(LONG)
            .untilAsserted(
                () -> assertThat(names(after.stateFiles())).isEqualTo(FILES_OF_THE_SERVER));
        assertThat(after.stop()).isIn(0, 143);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void notebooksGoOn(boolean killed) throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY)) {
      String kernel = before.rest().call("POST", "/api/kernels", "{}").get("id").asText();
      Notebook notebook = new Notebook(before.uri(), kernel);
      notebook.run(CELL);
      await().atMost(LONG).until(() -> notebook.shown().contains("line 5\n"));
      end(before, killed);
      // A connection that just ends is an error, or 1006.
      assertThat(notebook.closeCode()).isIn(killed ? List.of(-1, 1006) : List.of(1012));

      try (RunningServer after = before.startAgain()) {
        // As Jupyter's clients do, it comes with the name that it had.
        notebook.connect(after.uri());
        await().atMost(LONG).until(() -> notebook.shown().endsWith("idle "));
        assertThat(notebook.shown())
            .isEqualTo("busy execute_input " + ALL_LINES + "\nexecute_reply ok idle ");
        notebook.run("println(6 * 7)");
        await().atMost(LONG).until(() -> notebook.shown().contains("42\nexecute_reply ok idle "));
        after.rest().call("DELETE", "/api/kernels/" + kernel, null);
        await().atMost(LONG).until(() -> after.processes().isEmpty());
        await()
            .atMost(LONG)
            .untilAsserted(
                () -> assertThat(names(after.stateFiles())).isEqualTo(FILES_AFTER_A_NOTEBOOK));
        assertThat(after.stop()).isIn(0, 143);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void kernelOfAKernelspecGoesOn(boolean killed) throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY)) {
      Map<String, String> environment =
          new HashMap<>(RunningServer.clientEnvironment(folder.resolve("jupyter")));
      JupyterTools.installKernelspec(before.uri(), environment);
      restartUnderJupyter(before, environment, killed);
    }
  }

  @Test
  void kernelOfAJupyterServerGoesOn() throws Exception {
    String token = UUID.randomUUID().toString();
    Path tokenFile = Files.writeString(folder.resolve("token"), token);
    Files.setPosixFilePermissions(tokenFile, PosixFilePermissions.fromString("rw-------"));
    try (RunningServer before =
        RunningServer.start(RECOVERY, "polybius.server.token-file=" + tokenFile)) {
      Map<String, String> environment =
          new HashMap<>(RunningServer.clientEnvironment(folder.resolve("jupyter")));
      environment.put("JUPYTER_GATEWAY_URL", before.uri().toString());
      environment.put("JUPYTER_GATEWAY_AUTH_TOKEN", token);
      restartUnderJupyter(before, environment, false);
    }
  }

  private void restartUnderJupyter(
      RunningServer before, Map<String, String> environment, boolean killed) throws Exception {
    Path printed = folder.resolve("printed");
    Process jupyter = jupyter(environment, printed);
    try {
      await()
          .atMost(LONG)
          .failFast(() -> assertThat(jupyter.isAlive()).as(Files.readString(errors())).isTrue())
          .untilAsserted(
              () ->
                  assertThat(Files.readString(printed))
                      .as(Files.readString(errors()))
                      .contains("line 5\n"));
      end(before, killed);
      try (RunningServer after = before.startAgain()) {
        assertThat(jupyter.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readString(printed))
            .as(Files.readString(errors()))
            .startsWith(ALL_LINES + "\nexecute_reply ok")
            .endsWith("done\n");
        assertThat(jupyter.exitValue()).isZero();
        await().atMost(LONG).until(() -> after.processes().isEmpty());
        assertThat(after.stop()).isIn(0, 143);
      }
    } finally {
      Commands.killTree(jupyter.toHandle());
    }
  }

  /** What a Jupyter client that does not go on says of it. */
  private Path errors() {
    return folder.resolve("errors");
  }

  /** Starts a Jupyter client that runs the cell. */
  private Process jupyter(Map<String, String> environment, Path printed) throws Exception {
    ProcessBuilder client =
        new ProcessBuilder(
                PythonEnvironment.CLIENTS.programs().resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve("restart.py").toString(),
                CELL)
            .redirectOutput(printed.toFile())
            .redirectError(errors().toFile());
    client.environment().putAll(environment);
    return client.start();
  }

  /** A client of a kernel, which notes what it is told about its cells. */
  private static final class Notebook implements WebSocket.Listener {

    private static final V1WebSocketCodec CODEC = new V1WebSocketCodec();

    private final MessageSource messages =
        new MessageSource(() -> "notebook", "tester", Clock.systemUTC());
    private final StringBuffer shown = new StringBuffer();
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
    private final String kernel;
    private volatile CompletableFuture<Integer> closed;
    private volatile WebSocket socket;

    Notebook(URI server, String kernel) throws Exception {
      this.kernel = kernel;
      connect(server);
    }

    void connect(URI server) throws Exception {
      parts.reset();
      closed = new CompletableFuture<>();
      URI channels =
          URI.create(
              server.toString().replaceFirst("http", "ws")
                  + "/api/kernels/"
                  + kernel
                  + "/channels?session_id=notebook");
      socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .subprotocols(V1WebSocketCodec.SUBPROTOCOL)
              .buildAsync(channels, this)
              .get(10, TimeUnit.SECONDS);
    }

    void run(String code) throws Exception {
      JupyterMessage request =
          messages.message(
              Channel.SHELL,
              "execute_request",
              Header.NONE,
              JupyterJson.object(),
              JupyterJson.object().put("code", code));
      socket.sendBinary(CODEC.encode(request), true).get(10, TimeUnit.SECONDS);
    }

    String shown() {
      return shown.toString();
    }

    int closeCode() throws Exception {
      return closed.get(20, TimeUnit.SECONDS);
    }

    @Override
    public void onOpen(WebSocket opened) {
      opened.request(Long.MAX_VALUE);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      byte[] part = new byte[data.remaining()];
      data.get(part);
      parts.writeBytes(part);
      if (last) {
        note(ByteBuffer.wrap(parts.toByteArray()));
        parts.reset();
      }
      return null;
    }

    private void note(ByteBuffer frame) {
      try {
        JupyterMessage message = CODEC.decode(frame);
        if (message.parentHeader().messageType().equals("execute_request")) {
          shown.append(
              switch (message.type()) {
                case "stream" -> message.content().path("text").asText();
                case "status" -> message.content().path("execution_state").asText() + " ";
                case "execute_reply" ->
                    "execute_reply " + message.content().path("status").asText() + " ";
                // How far the start of Spark is; how often it is said depends on the machine.
                case "display_data", "update_display_data" -> "";
                default -> message.type() + " ";
              });
        }
      } catch (WireException e) {
        shown.append(e);
      }
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      closed.complete(code);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      closed.complete(-1);
    }
  }

  @Test
  void driverThatWasStartedAheadGoesOnWithItsSession() throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY, ONE_AHEAD)) {
      await().atMost(LONG).until(() -> before.processes().size() == 1);
      ProcessHandle taken = before.processes().get(0);
      RestClient rest = before.rest();
      int session = rest.openSession();
      assertThat(value(rest, session, "val pid = ProcessHandle.current.pid"))
          .contains(String.valueOf(taken.pid()));
      end(before, true);

      try (RunningServer after = before.startAgain()) {
        assertThat(value(rest, session, "pid")).contains(String.valueOf(taken.pid()));
        rest.call("DELETE", "/sessions/" + session, null);
        await().atMost(LONG).until(() -> !taken.isAlive());
        assertThat(after.stop()).isIn(0, 143);
        assertThat(after.processes()).isEmpty();
        assertThat(names(after.stateFiles())).isEqualTo(FILES_OF_THE_SERVER);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void driverThatWaitsForASessionEnds(boolean killed) throws Exception {
    try (RunningServer before = RunningServer.start(RECOVERY, ONE_AHEAD)) {
      await().atMost(LONG).until(() -> before.processes().size() == 1);
      ProcessHandle waiting = before.processes().get(0);
      end(before, killed);

      try (RunningServer after = before.startAgain()) {
        await().atMost(LONG).until(() -> !waiting.isAlive());
        assertThat(after.stop()).isIn(0, 143);
        await().atMost(LONG).until(() -> after.processes().isEmpty());
      }
    }
  }

  private static void end(RunningServer server, boolean killed) throws InterruptedException {
    if (killed) {
      server.kill();
      server.awaitEnd();
    } else {
      assertThat(server.stop()).isIn(0, 143);
    }
  }

  private static String value(RestClient rest, int session, String code) {
    return rest.run(session, code).at("/output/data/text~1plain").asText();
  }

  private static String text(RestClient rest, int session, int statement) {
    return rest.statement(session, statement).at("/output/data/text~1plain").asText();
  }

  private static List<String> names(List<Path> files) {
    return files.stream().map(file -> file.getFileName().toString()).sorted().toList();
  }
}
