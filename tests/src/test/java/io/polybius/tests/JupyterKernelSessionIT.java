package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jupyter kernels as languages of sessions, at both doors: those of IPython and of Bash. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JupyterKernelSessionIT {

  private static final String PYTHON = "jupyter:python3";
  private static final String BASH = "jupyter:bash";

  @TempDir private static Path folder;
  private Path programs;
  private RunningServer server;
  private RestClient rest;
  private int session;

  /** The first one that needs the programs of others waits until they are installed. */
  @BeforeAll
  @Timeout(1800)
  void openSession() throws Exception {
    programs = PythonEnvironment.CLIENTS.programs();
    installBash();
    server =
        RunningServer.start(
            Map.of("JUPYTER_PATH", folder + ":" + programs.resolveSibling("share/jupyter")),
            "polybius.jupyter.kernels=Bash, missing");
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"shared\"}");
  }

  /** Writes what the package's own installer would, into a folder of this test. */
  private void installBash() throws Exception {
    Path kernel = Files.createDirectories(folder.resolve("kernels/bash"));
    ObjectNode description =
        RestClient.JSON.createObjectNode().put("display_name", "Bash").put("language", "bash");
    description
        .putArray("argv")
        .add(programs.resolve("python").toString())
        .add("-m")
        .add("bash_kernel")
        .add("-f")
        .add("{connection_file}");
    description.putObject("env").put("PS1", "$");
    RestClient.JSON.writeValue(kernel.resolve("kernel.json").toFile(), description);
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private JsonNode run(String kind, String code) {
    return rest.run(session, kind, code).get("output");
  }

  private String text(String kind, String code) {
    JsonNode output = run(kind, code);
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    return output.at("/data/text~1plain").asText();
  }

  @Test
  void kernelsRunBesideTheLanguagesOfSpark() {
    assertThat(text("spark", "val n = spark.range(7).count()")).contains("n: Long = 7");
    assertThat(text(BASH, "word=héllo\necho $word")).isEqualTo("héllo");
    assertThat(text(BASH, "echo $word | tr l L\necho problem >&2")).isEqualTo("héLLo\nproblem");
    assertThat(text(PYTHON, "x = 20\nprint('a')\nx * 2 + 2")).isEqualTo("a\n42");
    assertThat(text("spark", "n + 1")).contains("Long = 8");
    assertThat(text(PYTHON, "x")).isEqualTo("20");
  }

  @Test
  void richestFormThatClientsKnowIsSent() {
    JsonNode shown =
        run(PYTHON, "from IPython.display import JSON, display\ndisplay(JSON({'n': 1}))");
    assertThat(shown.at("/data/application~1json").toString()).isEqualTo("{\"n\":1}");
    assertThat(text(PYTHON, "for i in range(20000): print(i)").lines().count()).isEqualTo(20_000);
  }

  @Test
  void hugeTextsAreShownAsFarAsTheyAreKept() {
    String printed = text(PYTHON, "print('x' * 25_000_000)");
    assertThat(printed).hasSizeBetween(8_000_000, 9_000_000);
    JsonNode error = run(PYTHON, "raise ValueError('x' * 21_000_000)");
    assertThat(error.get("ename").asText()).isEqualTo("ValueError");
    assertThat(text(PYTHON, "40 + 2")).isEqualTo("42");
  }

  @Test
  void errorsAreThoseOfTheKernel() {
    JsonNode error = run(PYTHON, "def f():\n    return 1 / 0\nf()");
    assertThat(error.get("ename").asText()).isEqualTo("ZeroDivisionError");
    assertThat(error.get("evalue").asText()).isEqualTo("division by zero");
    List<String> lines = new ArrayList<>();
    error.get("traceback").forEach(line -> lines.add(line.asText()));
    assertThat(lines)
        .endsWith("ZeroDivisionError: division by zero\n")
        .noneMatch(line -> line.contains("\u001b"));
    JsonNode status = run(BASH, "echo before\n(exit 3)");
    assertThat(status.get("evalue").asText()).isEqualTo("3");
    assertThat(status.at("/data/text~1plain").asText()).isEqualTo("before");
  }

  @Test
  void cancelStopsLoopsSleepsAndOtherProcesses() {
    for (String endless :
        List.of(
            "while True: pass",
            "import time\ntime.sleep(600)",
            "!sleep 600",
            "import subprocess\nsubprocess.call(['sleep', '600'])")) {
      cancel(PYTHON, endless);
      assertThat(text(PYTHON, "40 + 2")).isEqualTo("42");
    }
    cancel(BASH, "sleep 600");
    assertThat(text(BASH, "echo on")).isEqualTo("on");
  }

  private void cancel(String kind, String endless) {
    JsonNode stopped = rest.stop(session, rest.post(session, kind, endless));
    assertThat(stopped.get("state").asText()).isEqualTo("cancelled");
  }

  @Test
  void stubbornCodeIsEndedWithItsKernel() {
    Path begun = folder.resolve("begun");
    String stubborn =
        """
        while True:
            try:
                open('%s', 'w').close()
                while True: pass
            except KeyboardInterrupt:
                pass"""
            .formatted(begun);
    JsonNode ended = rest.stop(session, rest.post(session, PYTHON, stubborn), begun);
    assertThat(ended.get("state").asText()).isEqualTo("cancelled");
    assertThat(ended.at("/output/evalue").asText()).contains("did not stop", "gone");
    assertThat(text(PYTHON, "40 + 2")).startsWith("42").contains("started again");
  }

  @Test
  void deadKernelEndsItsStatementAndTheNextStartsAnother() {
    assertThat(text(PYTHON, "kept = 1")).isEmpty();
    JsonNode died = run(PYTHON, "import os\nos._exit(3)");
    assertThat(died.get("evalue").asText()).contains("kernel python3", "exit code 3", "gone");
    assertThat(text(PYTHON, "'kept' in globals()"))
        .startsWith("False")
        .contains("what was defined before its end is gone");
  }

  @Test
  void namesThatAreNotInstalledAreRefusedWithThoseThatAre() {
    HttpResponse<String> opened = rest.send("POST", "/sessions", "{\"kind\": \"jupyter:nobody\"}");
    assertThat(opened.statusCode()).isEqualTo(400);
    assertThat(opened.body()).contains("Invalid kind: jupyter:nobody", "shared", BASH, PYTHON);
    HttpResponse<String> posted =
        rest.send(
            "POST",
            "/sessions/" + session + "/statements",
            "{\"kind\": \"jupyter:nobody\", \"code\": \"1\"}");
    assertThat(posted.statusCode()).isEqualTo(400);
    assertThat(posted.body()).contains("Invalid kind: jupyter:nobody", BASH, PYTHON);
  }

  @Test
  void magicsShowNoValuesOfKernels() {
    assertThat(run(PYTHON, "y = [1]\n%json y").get("evalue").asText())
        .isEqualTo("Values of Jupyter kernels cannot be used by magics.");
    assertThat(text(PYTHON, "%precision 3\n1 / 3")).endsWith("0.333");
  }

  @Test
  void gatewayOffersTheKernelsThatTheOperatorNames() {
    JsonNode specs = rest.call("GET", "/api/kernelspecs", null).get("kernelspecs");
    JsonNode bash = specs.at("/polybius-jupyter-bash/spec");
    assertThat(bash.path("display_name").asText()).isEqualTo("Bash on Polybius");
    assertThat(bash.path("language").asText()).isEqualTo("bash");
    assertThat(specs.has("polybius-jupyter-python3")).isFalse();
    assertThat(specs.has("polybius-jupyter-missing")).isFalse();
  }

  @Test
  void kernelsOfNotebooksPassOnWhatTheirKernelSays() throws Exception {
    Path prefix = folder.resolve("prefix");
    Map<String, String> environment =
        new HashMap<>(RunningServer.clientEnvironment(folder.resolve("data")));
    environment.put(
        "JUPYTER_PATH",
        prefix.resolve("share/jupyter") + ":" + programs.resolveSibling("share/jupyter"));
    Commands.Result installed =
        Commands.run(
            Duration.ofMinutes(1),
            folder,
            environment,
            List.of(
                Commands.POLYBIUS,
                "kernelspec",
                "install",
                "--kind",
                PYTHON,
                "--prefix",
                prefix.toString(),
                "--server",
                server.uri().toString()));
    assertThat(installed.exitCode()).as(installed.output()).isZero();
    Commands.Result tested =
        Commands.run(
            Duration.ofMinutes(4),
            folder,
            environment,
            List.of(
                programs.resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve("test_jupyter_kernel.py").toString()));
    assertThat(tested.exitCode()).as(tested.output()).isZero();
    assertThat(tested.output()).contains("OK").doesNotContain("skipped");
  }

  @Test
  void nothingOfAKernelIsLeftWhenItsSessionEnds() throws Exception {
    int own = rest.openSession("{\"kind\": \"" + BASH + "\"}");
    JsonNode pid = rest.run(own, "echo $PPID").get("output");
    ProcessHandle kernel =
        ProcessHandle.of(Long.parseLong(pid.at("/data/text~1plain").asText())).orElseThrow();
    assertThat(Commands.commandLine(kernel)).contains("bash_kernel");
    Path file = Path.of(Commands.commandLine(kernel).strip().replaceAll(".* ", ""));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");

    rest.call("DELETE", "/sessions/" + own, null);

    await().atMost(60, TimeUnit.SECONDS).until(() -> !kernel.isAlive() && Files.notExists(file));
  }
}
