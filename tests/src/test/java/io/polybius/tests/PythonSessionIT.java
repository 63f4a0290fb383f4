package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Python on a real Spark at the REST door, one session for all. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonSessionIT {

  private static final String PYTHON = "{\"kind\": \"pyspark\"}";

  private RunningServer server;
  private RestClient rest;
  private int session;

  @BeforeAll
  void openSession() throws Exception {
    server = RunningServer.start();
    rest = server.rest();
    session = rest.openSession(PYTHON);
  }

  @AfterAll
  void stopServer() throws Exception {
    server.close();
  }

  private JsonNode run(String code) {
    return rest.run(session, code).get("output");
  }

  private String text(String code) {
    JsonNode output = run(code);
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    return output.at("/data/text~1plain").asText();
  }

  @Test
  void resultsHaveTheFormThatLivyGivesThem() {
    assertThat(text("1 + 1")).isEqualTo("2");
    assertThat(text("x = 41")).isEmpty();
    assertThat(text("print('a')\nx + 1")).isEqualTo("a\n42");
    assertThat(text("import sys\nprint('out')\nprint('err', file=sys.stderr)\n'v'"))
        .isEqualTo("out\n'v'\nerr");
    assertThat(text("'\u00e9\ud83d\ude00 \u4e2d'")).isEqualTo("'\u00e9\ud83d\ude00 \u4e2d'");
  }

  @Test
  void errorsHaveTheFormThatLivyGivesThem() {
    JsonNode division = run("def f():\n    return 1 / 0\nf()");
    assertThat(division.get("ename").asText()).isEqualTo("ZeroDivisionError");
    assertThat(division.get("evalue").asText()).isEqualTo("division by zero");
    List<String> lines = new ArrayList<>();
    division.get("traceback").forEach(line -> lines.add(line.asText()));
    assertThat(lines)
        .startsWith("Traceback (most recent call last):\n")
        .endsWith("ZeroDivisionError: division by zero\n")
        .noneMatch(line -> line.contains("polybius"));

    JsonNode syntax = run("1 +");
    assertThat(syntax.get("ename").asText()).isEqualTo("SyntaxError");
    JsonNode name = run("nothingOfThatName");
    assertThat(name.get("evalue").asText()).isEqualTo("name 'nothingOfThatName' is not defined");
    assertThat(text("'still there'")).isEqualTo("'still there'");
  }

  @Test
  void sparkIsTheDrivers() {
    assertThat(text("spark.range(10).count()")).isEqualTo("10");
    assertThat(text("sc.parallelize([3, 1, 2]).map(lambda n: n * 2).collect()"))
        .isEqualTo("[6, 2, 4]");
    run("spark.range(3).createOrReplaceTempView('three')");
    assertThat(text("spark.sql('select sum(id) as s from three').collect()"))
        .isEqualTo("[Row(s=3)]");
  }

  @Test
  void outputOfChildProcessesAndOfCodeInCIsCaught() {
    assertThat(text("import subprocess\nnothing = subprocess.run(['echo', 'child'])"))
        .isEqualTo("child");
    assertThat(text("import ctypes\nn = ctypes.CDLL(None).puts(b'from c')")).isEqualTo("from c");
  }

  @Test
  void magicsShowValuesOfPython() {
    JsonNode json = run("data = [{'n': 1, 'f': 0.5, 'none': None}]\n%json data");
    assertThat(json.at("/data/application~1json").toString())
        .isEqualTo("[{\"n\":1,\"f\":0.5,\"none\":null}]");
    JsonNode table = run("rows = [{'b': 1, 'a': 'x'}, {'b': 2, 'a': 'y'}]\n%table rows");
    assertThat(table.at("/data/application~1vnd.livy.table.v1+json/data").toString())
        .isEqualTo("[[\"x\",1],[\"y\",2]]");
    JsonNode frame = run("frame = spark.range(2)\n%json frame");
    assertThat(frame.at("/data/application~1json").toString()).isEqualTo("[{\"id\":0},{\"id\":1}]");
    assertThat(run("%json nobody").get("ename").asText()).isEqualTo("NameError");
  }

  @Test
  void muchOutputArrivesWholeAndInOrder() {
    String all = text("for i in range(100000): print(i)");
    List<String> lines = all.lines().toList();
    assertThat(lines).hasSize(100_000);
    assertThat(lines.get(99_999)).isEqualTo("99999");
  }

  @Test
  void cancelStopsLoopsSleepsAndJobs() {
    for (String endless :
        List.of(
            "while True: pass",
            "import time\ntime.sleep(600)",
            "import time\nsc.parallelize(range(2)).map(lambda n: time.sleep(600)).count()")) {
      int statement = rest.post(session, endless);
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> rest.statement(session, statement).get("state").asText().equals("running"));
      rest.call("POST", "/sessions/" + session + "/statements/" + statement + "/cancel", "");
      assertThat(rest.await(session, statement).get("state").asText()).isEqualTo("cancelled");
      assertThat(text("40 + 2")).isEqualTo("42");
    }
  }

  @Test
  void pythonWithoutIpythonWillDo(@TempDir Path folder) throws Exception {
    Commands.Result made =
        Commands.run(
            Duration.ofMinutes(2),
            folder,
            Map.of(),
            List.of("python3", "-m", "venv", "--without-pip", folder.resolve("bare").toString()));
    assertThat(made.exitCode()).as(made.output()).isZero();
    int bare =
        rest.openSession(
            RestClient.JSON
                .createObjectNode()
                .put("kind", "pyspark")
                .set(
                    "conf",
                    RestClient.JSON
                        .createObjectNode()
                        .put("spark.pyspark.python", folder.resolve("bare/bin/python").toString()))
                .toString());
    assertThat(plain(bare, "import sys\n'bare' in sys.prefix, 'IPython' in sys.modules"))
        .isEqualTo("(True, False)");
    assertThat(plain(bare, "x = 20\nprint('a')\nx + 1\nx + 22")).isEqualTo("a\n42");
    assertThat(plain(bare, "import asyncio\nawait asyncio.sleep(0, 'slept')")).isEqualTo("'slept'");
    assertThat(plain(bare, "sc.parallelize([1, 2]).map(lambda n: n + x).collect()"))
        .isEqualTo("[21, 22]");
    JsonNode wrong = rest.run(bare, "def f():\n    return 1 / 0\nf()").get("output");
    assertThat(wrong.get("ename").asText()).isEqualTo("ZeroDivisionError");
    assertThat(wrong.get("traceback").toString()).contains("in f").doesNotContain("polybius");
    assertThat(rest.run(bare, "%nothing").at("/output/ename").asText()).isEqualTo("UnknownMagic");
    rest.call("DELETE", "/sessions/" + bare, null);
  }

  private String plain(int bare, String code) {
    JsonNode output = rest.run(bare, code).get("output");
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    return output.at("/data/text~1plain").asText();
  }

  @Test
  void deadPythonEndsItsStatementAndTheNextStartsAnother() throws Exception {
    int own = rest.openSession(PYTHON);
    assertThat(rest.run(own, "kept = 1").at("/output/status").asText()).isEqualTo("ok");
    JsonNode died = rest.run(own, "import os\nos._exit(3)").get("output");
    assertThat(died.get("evalue").asText()).contains("exit code 3").contains("gone");
    JsonNode next = rest.run(own, "'kept' in globals()").get("output");
    assertThat(next.at("/data/text~1plain").asText())
        .startsWith("False")
        .contains("what was defined before its end is gone");
  }
}
