package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * One session, opened by REST, with a kernel attached to it: each door sees what the other does.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BothDoorsIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private RunningServer server;
  private RestClient rest;
  private int session;
  private Path connectionFile;
  private KernelClient kernel;

  @BeforeAll
  void attachKernel() throws Exception {
    server = RunningServer.start();
    rest = server.rest();
    session = rest.openSession();
    JsonNode attached = rest.call("POST", "/sessions/" + session + "/kernel", null);
    connectionFile = Path.of(attached.get("connection_file").asText());
    assertThat(attached.toString()).doesNotContain("\"key\"");
    kernel = new KernelClient(ConnectionFile.read(connectionFile));
    kernel.kernelInfo(TIMEOUT);
  }

  @AfterAll
  void stop() throws Exception {
    if (kernel != null) {
      kernel.close();
    }
    server.close();
  }

  @Test
  void connectionFileIsTheOwnersAlone() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(connectionFile)))
        .isEqualTo("rw-------");
  }

  @Test
  void valuesOfOneDoorAreThereAtTheOther() throws Exception {
    rest.run(session, "val fromRest = 20");
    List<JupyterMessage> published = execute("val fromKernel = fromRest + 1\nfromKernel * 2");
    assertThat(of("execute_result", published).get(0).at("/data/text~1plain").asText())
        .isEqualTo("42");
    assertThat(rest.run(session, "fromKernel").at("/output/data/text~1plain").asText())
        .matches("res\\d+: Int = 21\n");
  }

  @Test
  void kernelExecutionsAreStatementsOfTheRestDoor() throws Exception {
    List<JupyterMessage> published = execute("println(\"by kernel\")\nSeq(1, 2).sum");
    int count = of("execute_input", published).get(0).get("execution_count").asInt();
    JsonNode statement = rest.statement(session, count - 1);
    assertThat(statement.get("code").asText()).startsWith("println(\"by kernel\")");
    assertThat(statement.at("/output/data/text~1plain").asText())
        .matches("by kernel\nres\\d+: Int = 3\n");
    assertThat(statement.at("/output/execution_count").asInt()).isEqualTo(count - 1);
  }

  @Test
  void restStatementsAppearOnTheKernelsIopub() throws Exception {
    List<JupyterMessage> heard = Collections.synchronizedList(new ArrayList<>());
    try (KernelListener listener = new KernelListener(ConnectionFile.read(connectionFile), heard)) {
      listener.awaitWelcome();
      int id = rest.post(session, "println(\"by rest\")\n%json session0");
      rest.await(session, id);
      int good = rest.post(session, "val t = Seq(1)\n%table t");
      rest.await(session, good);
      org.awaitility.Awaitility.await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> of("display_data", heard).size() == 1);
      List<JsonNode> inputs = of("execute_input", heard);
      assertThat(inputs.get(0).get("code").asText()).startsWith("println(\"by rest\")");
      assertThat(inputs.get(0).get("execution_count").asInt()).isEqualTo(id + 1);
      assertThat(of("stream", heard).get(0).get("text").asText()).isEqualTo("by rest\n");
      assertThat(of("error", heard).get(0).get("ename").asText()).isEqualTo("NameError");
      assertThat(of("display_data", heard).get(0).at("/data/text~1html").asText())
          .contains("<table");
    }
  }

  @Test
  void hiddenExecutionsAreInNobodysHistory() throws Exception {
    int before = total();
    kernel.execute("1", ExecuteOptions.SILENT, message -> {}, TIMEOUT);
    assertThat(total()).isEqualTo(before);
  }

  @Test
  void interruptAtTheKernelStopsAStatementOfTheRestDoor() throws Exception {
    int endless = rest.post(session, "while (true) {}");
    org.awaitility.Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(() -> rest.statement(session, endless).get("state").asText().equals("running"));
    kernel.interrupt();
    assertThat(rest.await(session, endless).get("state").asText()).isEqualTo("cancelled");
  }

  @Test
  void cancelAtTheRestDoorEndsACellWithAnError() throws Exception {
    CompletableFuture<List<JupyterMessage>> cell =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return execute("Thread.sleep(60000)");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    org.awaitility.Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () -> {
              JsonNode last = lastStatement();
              return last.get("code").asText().equals("Thread.sleep(60000)")
                  && last.get("state").asText().equals("running");
            });
    int id = lastStatement().get("id").asInt();
    rest.call("POST", "/sessions/" + session + "/statements/" + id + "/cancel", "");
    List<JupyterMessage> published = cell.get(60, TimeUnit.SECONDS);
    assertThat(of("error", published).get(0).get("ename").asText()).contains("Interrupt");
  }

  private List<JupyterMessage> execute(String code) throws Exception {
    List<JupyterMessage> published = new ArrayList<>();
    kernel.execute(code, ExecuteOptions.CELL, published::add, TIMEOUT);
    return published;
  }

  private int total() {
    return rest.call("GET", "/sessions/" + session + "/statements", null)
        .get("total_statements")
        .asInt();
  }

  private JsonNode lastStatement() {
    return rest.call("GET", "/sessions/" + session + "/statements?order=desc&size=1", null)
        .at("/statements/0");
  }

  private static List<JsonNode> of(String type, List<JupyterMessage> messages) {
    synchronized (messages) {
      return messages.stream()
          .filter(message -> message.type().equals(type))
          .map(message -> (JsonNode) message.content())
          .toList();
    }
  }
}
