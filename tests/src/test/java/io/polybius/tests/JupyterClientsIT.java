package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jupyter's own clients, on the installed kernelspec, through the gateway and on connection files.
 */
@Timeout(1200)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JupyterClientsIT {

  @TempDir private static Path folder;
  private Path programs;
  private RunningServer server;
  private Map<String, String> environment;

  @BeforeAll
  void installKernelspec() throws Exception {
    programs = PythonEnvironment.CLIENTS.programs();
    // That Python has what the tests of its kernel show.
    server = RunningServer.start(PythonEnvironment.CLIENTS.forStatements());
    environment = new HashMap<>(RunningServer.clientEnvironment(folder.resolve("data")));
    environment.put("JUPYTER_PATH", folder.resolve("prefix/share/jupyter").toString());
    Commands.Result installed =
        run(
            Duration.ofMinutes(1),
            Commands.POLYBIUS,
            "kernelspec",
            "install",
            "--aliases",
            "--prefix",
            folder.resolve("prefix").toString(),
            "--server",
            server.uri().toString());
    assertThat(installed.exitCode()).as(installed.output()).isZero();
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void kernelPassesJupytersTests() throws Exception {
    testKernel("test_kernel.py", environment);
  }

  @Test
  void kernelBehindTheGatewayPassesJupytersTests() throws Exception {
    Map<String, String> gateway = new HashMap<>(environment);
    gateway.put("JUPYTER_GATEWAY_URL", server.uri().toString());
    testKernel("test_kernel.py", gateway);
  }

  @Test
  void pythonKernelPassesJupytersTests() throws Exception {
    testKernel("test_python_kernel.py", environment);
  }

  @Test
  void sqlKernelPassesJupytersTests() throws Exception {
    testKernel("test_sql_kernel.py", environment);
  }

  @Test
  void rKernelPassesJupytersTests() throws Exception {
    Path unused = DebianPackage.program(List.of("R"), "r-base-core");
    testKernel("test_r_kernel.py", environment);
  }

  @Test
  void nbclientExecutesTheNotebooks() throws Exception {
    for (Path notebook : notebooks()) {
      Path executed = folder.resolve("executed-" + notebook.getFileName());
      Commands.Result run = jupyter("execute", "--output=" + executed, notebook.toString());
      assertThat(run.exitCode()).as(run.output()).isZero();
      assertEveryCellRan(executed);
    }
    awaitNoSessions();
  }

  @Test
  void nbconvertMakesPagesOfNotebooks() throws Exception {
    Path page = folder.resolve("page.html");
    Commands.Result converted =
        jupyter(
            "nbconvert",
            "--to",
            "html",
            "--execute",
            "--output",
            page.toString(),
            Commands.HOME.resolve("notebooks/tables-and-plots.ipynb").toString());
    assertThat(converted.exitCode()).as(converted.output()).isZero();
    assertThat(page).content().contains("<table", "data:image/png;base64,iVBOR");
    awaitNoSessions();
  }

  @Test
  void papermillFillsInParameters() throws Exception {
    Path filled = folder.resolve("filled.ipynb");
    Commands.Result run =
        papermill(filled, "-p", "name", "O\"Neil", "-p", "count", "4", "-y", "factors: [2.5, 1.5]");
    assertThat(run.exitCode()).as(run.output()).isZero();
    assertEveryCellRan(filled);
    assertThat(RestClient.JSON.readTree(filled.toFile()).get("cells").findValues("text"))
        .anySatisfy(text -> assertThat(text.path(0).asText()).isEqualTo("O\"Neil: 16.0\n"));
    awaitNoSessions();
  }

  @Test
  void papermillFailsWhereACellFails() throws Exception {
    Path filled = folder.resolve("failed.ipynb");
    Commands.Result run = papermill(filled, "-p", "count", "many");
    assertThat(run.exitCode()).as(run.output()).isNotZero();
    assertThat(run.output()).contains("PapermillExecutionError");
    awaitNoSessions();
  }

  @Test
  void consoleAttachesToARunningSession() throws Exception {
    RestClient rest = server.rest();
    int session = rest.openSession("{\"kind\": \"spark\", \"name\": \"my session\"}");
    Commands.Result connected =
        run(
            Duration.ofMinutes(1),
            Commands.POLYBIUS,
            "connect",
            "my session",
            "--server",
            server.uri().toString());
    assertThat(connected.exitCode()).as(connected.output()).isZero();
    Path file =
        connected
            .output()
            .lines()
            .flatMap(line -> Stream.of(line.split("\\s+")))
            .filter(word -> word.endsWith(".json"))
            .map(Path::of)
            .findFirst()
            .orElseThrow();
    Commands.Result typed =
        run(
            Duration.ofMinutes(3),
            programs.resolve("python").toString(),
            JupyterTools.SCRIPTS.resolve("console_existing.py").toString(),
            file.toString());
    assertThat(typed.exitCode()).as(typed.output()).isZero();
    assertThat(rest.run(session, "fromConsole").at("/output/data/text~1plain").asText())
        .contains("42");
    rest.call("DELETE", "/sessions/" + session, null);
    await().atMost(10, TimeUnit.SECONDS).until(() -> !Files.exists(file));
  }

  private void testKernel(String script, Map<String, String> door) throws Exception {
    Commands.Result tested =
        Commands.run(
            Duration.ofMinutes(10),
            folder,
            door,
            List.of(
                programs.resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve(script).toString()));
    assertThat(tested.exitCode()).as(tested.output()).isZero();
    assertThat(tested.output()).contains("OK").doesNotContain("skipped");
    awaitNoSessions();
  }

  private Commands.Result papermill(Path output, String... parameters) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                programs.resolve("papermill").toString(),
                "--no-progress-bar",
                Commands.HOME.resolve("tests/src/test/notebooks/parameters.ipynb").toString(),
                output.toString()));
    command.addAll(List.of(parameters));
    return Commands.run(Duration.ofMinutes(5), folder, environment, command);
  }

  private Commands.Result jupyter(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(programs.resolve("jupyter").toString());
    command.addAll(List.of(arguments));
    return Commands.run(Duration.ofMinutes(5), folder, environment, command);
  }

  private static List<Path> notebooks() throws Exception {
    try (Stream<Path> files = Files.list(Commands.HOME.resolve("notebooks"))) {
      List<Path> notebooks =
          new ArrayList<>(
              files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList());
      assertThat(notebooks).isNotEmpty();
      return notebooks;
    }
  }

  private static void assertEveryCellRan(Path notebook) throws Exception {
    JsonNode cells = RestClient.JSON.readTree(notebook.toFile()).get("cells");
    int outputs = 0;
    for (JsonNode cell : cells) {
      if (cell.get("cell_type").asText().equals("code")) {
        assertThat(cell.get("execution_count").isInt()).as(cell.toString()).isTrue();
        boolean mayFail = cell.at("/metadata/tags").toString().contains("raises-exception");
        int failures = 0;
        for (JsonNode output : cell.get("outputs")) {
          boolean failed = output.get("output_type").asText().equals("error");
          failures += failed ? 1 : 0;
          outputs++;
        }
        assertThat(failures > 0).as(cell.toString()).isEqualTo(mayFail);
      }
    }
    assertThat(outputs).as("outputs in " + notebook).isPositive();
  }

  /** Every kernel that a client has shut down takes its session and its driver with it. */
  private void awaitNoSessions() {
    await()
        .atMost(90, TimeUnit.SECONDS)
        .until(
            () ->
                server.rest().call("GET", "/sessions", null).get("total").asInt() == 0
                    && server.drivers().isEmpty());
  }

  private Commands.Result run(Duration timeout, String... command) throws Exception {
    return Commands.run(timeout, folder, environment, List.of(command));
  }
}
