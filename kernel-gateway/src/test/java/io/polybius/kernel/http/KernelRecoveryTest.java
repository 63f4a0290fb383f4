package io.polybius.kernel.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.testing.KilledServer;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels whose server ends, or is killed, and another takes its place. */
@Timeout(60)
class KernelRecoveryTest {

  private static final String CLIENT = "notebook";

  @TempDir private Path folder;

  private final ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
  private final Deque<TestingGateway> gateways = new ArrayDeque<>();

  @AfterEach
  void closeAll() {
    gateways.forEach(TestingGateway::close);
  }

  private TestingGateway start(Path store) {
    TestingGateway gateway = TestingGateway.start(folder.resolve("runtime"), launcher, store, 0);
    gateways.push(gateway);
    return gateway;
  }

  private Path store() {
    return folder.resolve("store");
  }

  /** Ends a gateway, and starts another one in its place. */
  private TestingGateway replace(TestingGateway gateway, boolean killed, ScriptedDriver driver)
      throws IOException {
    if (!killed) {
      gateway.close();
      gateways.remove(gateway);
      return start(store());
    }
    // What is there in this moment is what a server that is killed leaves.
    driver.disconnect();
    return start(KilledServer.leaves(store()));
  }

  private static String newKernel(TestingGateway gateway) throws Exception {
    return gateway.call("POST", "/api/kernels", "{}").body().path("id").asText();
  }

  private static String shown(JupyterMessage message) {
    return switch (message.type()) {
      case "status" -> message.content().path("execution_state").asText();
      case "stream" -> message.content().path("text").asText();
      case "execute_reply" ->
          message.content().path("status").asText()
              + " "
              + message.content().path("execution_count").asInt();
      default -> message.type();
    };
  }

  /** Returns what comes for cells until something is shown. */
  private static List<String> until(WebSocketClient client, String last)
      throws InterruptedException {
    List<String> all = new ArrayList<>();
    while (!all.contains(last)) {
      JupyterMessage next = client.next();
      if (next.parentHeader().messageType().equals("execute_request")) {
        all.add(shown(next));
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void cellThatRunsIsAnsweredOnce(boolean killed) throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.cell("long");
    client.cell("next");
    driver.nextCommand(DriverCommand.Execute.class);
    driver.print(0, "a");
    List<String> heard = until(client, "a");
    assertThat(heard).containsExactly("busy", "execute_input", "a");
    // Only now it is certain that the server knows that the client has it.
    client.trace(client.send(Channel.SHELL, "kernel_info_request", JupyterJson.object()));

    TestingGateway after = replace(before, killed, driver);
    if (!killed) {
      assertThat(client.closeCode()).isEqualTo(1012);
    }
    driver.print(0, "b");
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    driver.print(0, "c");
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(until(again, "idle")).containsExactly("b", "c", "ok 1", "idle");
    assertThat(driver.nextCommand(DriverCommand.Execute.class).code()).isEqualTo("next");
    driver.say(new DriverEvent.StatementSucceeded(1));
    assertThat(until(again, "idle")).containsExactly("busy", "execute_input", "ok 2", "idle");
    assertThat(after.call("GET", "/api/kernels/" + kernel, "").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void clientThatWasAwayHearsAll(boolean killed) throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    JupyterMessage cell = client.cell("long");
    driver.nextCommand(DriverCommand.Execute.class);
    until(client, "execute_input");
    client.close();
    await()
        .until(
            () ->
                before.call("GET", "/api/kernels/" + kernel, "").body().path("connections").asInt()
                    == 0);
    driver.print(0, "a");
    driver.say(new DriverEvent.StatementSucceeded(0));
    await().until(() -> before.sessions().statement("0", 0).state().isTerminal());

    TestingGateway after = replace(before, killed, driver);
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    JupyterMessage first = again.next();
    assertThat(shown(first)).isEqualTo("a");
    assertThat(first.parentHeader().messageId()).isEqualTo(cell.id());
    assertThat(until(again, "idle")).containsExactly("ok 1", "idle");
    // And when it comes once more, it has had that.
    again.close();
    WebSocketClient third = WebSocketClient.connect(after, kernel, CLIENT);
    JupyterMessage info = third.send(Channel.SHELL, "kernel_info_request", JupyterJson.object());
    assertThat(shown(third.next())).isEqualTo("busy");
    assertThat(third.next().parentHeader().messageId()).isEqualTo(info.id());
  }

  @Test
  void cellWhoseBeginningIsLongAgoIsAnsweredToo() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.cell("long");
    driver.nextCommand(DriverCommand.Execute.class);
    // More than the session retains events of.
    for (int i = 0; i < 2_500; i++) {
      driver.print(0, "line " + i);
    }
    until(client, "line 2499");

    TestingGateway after = replace(before, false, driver);
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    driver.print(0, "last");
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(until(again, "idle")).containsExactly("last", "ok 1", "idle");
  }

  @Test
  void outputThatIsTooMuchToBeToldIsSaidToBeMissing() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.cell("long");
    driver.nextCommand(DriverCommand.Execute.class);
    for (int i = 0; i < 2_500; i++) {
      driver.print(0, "line " + i);
    }
    until(client, "line 2499");
    before.close();
    gateways.remove(before);
    // As if the clients had been told of the beginning only.
    Path told = store().resolve("kernels").resolve(kernel).resolve("told");
    assertThat(told).exists();
    Files.write(told, ByteBuffer.allocate(Long.BYTES).putLong(5).array());

    TestingGateway after = start(store());
    List<String> heard = until(WebSocketClient.connect(after, kernel, CLIENT), "line 2499");
    assertThat(heard.get(0)).contains("Output is missing here");
    assertThat(heard).doesNotContain("line 100").contains("line 2400");
  }

  @Test
  void answerToAQuestionOfTheEarlierServerArrives() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.send(
        Channel.SHELL,
        "execute_request",
        JupyterJson.object().put("code", "ask").put("allow_stdin", true));
    driver.nextCommand(DriverCommand.Execute.class);
    driver.say(new DriverEvent.InputRequested(0, "name?", false));
    until(client, "input_request");

    TestingGateway after = replace(before, false, driver);
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    again.send(Channel.STDIN, "input_reply", JupyterJson.object().put("value", "ann"));
    assertThat(driver.nextCommand(DriverCommand.AnswerInput.class).text()).isEqualTo("ann");
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(until(again, "idle")).containsExactly("ok 1", "idle");
  }

  @Test
  void cellThatDidNotReachTheSessionIsRun() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.trace(client.send(Channel.SHELL, "kernel_info_request", JupyterJson.object()));
    Path left = KilledServer.leaves(store());
    client.cell("late");
    driver.nextCommand(DriverCommand.Execute.class);
    // The kernel has noted the request, and its session knows of nothing.
    Path requests = Path.of("kernels", kernel, "requests");
    Files.copy(
        store().resolve(requests), left.resolve(requests), StandardCopyOption.REPLACE_EXISTING);
    driver.disconnect();

    TestingGateway after = start(left);
    assertThat(driver.nextCommand(DriverCommand.Execute.class).code()).isEqualTo("late");
    driver.say(new DriverEvent.StatementSucceeded(0));
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    assertThat(until(again, "idle")).containsExactly("busy", "execute_input", "ok 1", "idle");
  }

  @Test
  void kernelStaysWhatItWas() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.send(Channel.SHELL, "kernel_info_request", JupyterJson.object());
    String session = client.next().header().session();

    TestingGateway after = replace(before, false, driver);
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    again.send(Channel.SHELL, "kernel_info_request", JupyterJson.object());
    assertThat(again.next().header().session()).isEqualTo(session);
    assertThat(after.call("DELETE", "/api/kernels/" + kernel, "").status()).isEqualTo(204);
    assertThat(driver.nextCommand()).isInstanceOf(DriverCommand.Shutdown.class);
    driver.exit("exit code 0");
    await().until(() -> after.sessions().sessions().isEmpty());
    await()
        .untilAsserted(
            () -> {
              try (Stream<Path> files = Files.walk(store())) {
                assertThat(files.filter(Files::isRegularFile))
                    .containsExactly(store().resolve("sessions/next-session"));
              }
            });
  }

  @Test
  void deadDriverEndsTheCellInAnError() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    client.cell("long");
    driver.nextCommand(DriverCommand.Execute.class);
    until(client, "execute_input");
    before.close();
    gateways.remove(before);
    driver.exit("exit code 9");

    TestingGateway after = start(store());
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    assertThat(until(again, "idle")).containsExactly("error", "error 1", "idle");
    assertThat(
            after.call("GET", "/api/kernels/" + kernel, "").body().path("execution_state").asText())
        .isEqualTo("dead");
  }

  @Test
  void kernelWithoutASessionIsForgotten() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    launcher.nextDriver();
    before.close();
    gateways.remove(before);
    try (Stream<Path> files = Files.walk(store().resolve("sessions/0"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }

    TestingGateway after = start(store());
    assertThat(after.call("GET", "/api/kernels/" + kernel, "").status()).isEqualTo(404);
    assertThat(store().resolve("kernels")).isEmptyDirectory();
  }

  @Test
  void cellOfAnotherDoorEndsForTheKernelToo() throws Exception {
    TestingGateway before = start(store());
    String kernel = newKernel(before);
    ScriptedDriver driver = launcher.nextDriver();
    WebSocketClient client = WebSocketClient.connect(before, kernel, CLIENT);
    before
        .sessions()
        .execute("0", new NewStatement(Kind.SPARK, "1", Origin.REST, false, false, true));
    driver.nextCommand(DriverCommand.Execute.class);
    until(client, "execute_input");

    TestingGateway after = replace(before, false, driver);
    WebSocketClient again = WebSocketClient.connect(after, kernel, CLIENT);
    driver.print(0, "x");
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(until(again, "idle")).containsExactly("x", "idle");
  }
}
