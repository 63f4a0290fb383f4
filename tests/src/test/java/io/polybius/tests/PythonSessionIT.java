package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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

  @TempDir private static Path folder;

  private String python;
  private RunningServer server;
  private RestClient rest;
  private int session;

  /** The first one that needs the programs of others waits until they are installed. */
  @BeforeAll
  @Timeout(1800)
  void openSession() throws Exception {
    python = PythonEnvironment.CLIENTS.programs().resolve("python").toString();
    server = RunningServer.start("livy.file.local-dir-whitelist=" + folder);
    rest = server.rest();
    session = rest.openSession(request(Map.of("spark.pyspark.python", python)).toString());
  }

  private static ObjectNode request(Map<String, String> conf) {
    ObjectNode request = RestClient.JSON.createObjectNode().put("kind", "pyspark");
    request.set("conf", RestClient.JSON.valueToTree(conf));
    return request;
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private JsonNode run(String code) {
    return rest.run(session, code).get("output");
  }

  private String text(String code) {
    return text(session, code);
  }

  private String text(int where, String code) {
    JsonNode output = rest.run(where, code).get("output");
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
        .anyMatch(line -> line.endsWith(", line 2, in f\n"))
        .noneMatch(line -> line.contains("polybius") || line.contains("IPython"))
        .noneMatch(line -> line.contains("<module>"));
    assertThat(run("1 / 0").get("traceback").toString())
        .isEqualTo(
            "[\"Traceback (most recent call last):\\n\","
                + "\"ZeroDivisionError: division by zero\\n\"]");

    JsonNode syntax = run("1 +");
    assertThat(syntax.get("ename").asText()).isEqualTo("SyntaxError");
    assertThat(syntax.get("traceback").toString()).doesNotContain("Traceback");
    JsonNode name = run("nothingOfThatName");
    assertThat(name.get("evalue").asText()).isEqualTo("name 'nothingOfThatName' is not defined");
    JsonNode silent = run("class X(Exception):\n  def __str__(self): 1 / 0\nraise X()");
    assertThat(silent.get("ename").asText()).isEqualTo("X");
    assertThat(silent.get("evalue").asText()).isEqualTo("<exception str() failed>");
    JsonNode magic = run("%foo");
    assertThat(magic.get("ename").asText()).isEqualTo("UnknownMagic");
    assertThat(magic.get("evalue").asText()).isEqualTo("unknown magic command 'foo'");
    assertThat(text("'still there'")).isEqualTo("'still there'");
  }

  @Test
  void exitsEndTheStatementAndNotTheSession() {
    text("before = 1");
    for (String exit : List.of("exit()", "exit", "quit()", "import sys\nsys.exit()")) {
      assertThat(run(exit).toString()).contains("\"ename\":\"SystemExit\",\"evalue\":\"\"");
    }
    assertThat(run("import sys\nsys.exit(3)").get("evalue").asText()).isEqualTo("3");
    assertThat(run("exit(4)").get("evalue").asText()).isEqualTo("4");
    assertThat(text("before")).isEqualTo("1");
  }

  @Test
  void streamsThatCodeHasLostAreThereForTheNextStatement() {
    codeMayLoseItsStreams(session);
  }

  private void codeMayLoseItsStreams(int where) {
    text(where, "import io, sys");
    for (String loss :
        List.of(
            "sys.stdin = sys.stdout = sys.stderr = None",
            "sys.stdin.close(); sys.stdout.close(); sys.stderr.close()",
            "sys.stdin = sys.__stdin__; del sys.stdout, sys.stderr",
            "lost = sys.stdout.detach()")) {
      // IPython itself fails when they are gone in the middle of a statement.
      rest.run(where, loss);
      assertThat(text(where, "print('out')\nprint('err', file=sys.stderr)\nsys.stdin.read()"))
          .as(loss)
          .isEqualTo("out\n''\nerr");
    }
    text(where, "kept, sys.stdout = sys.stdout, io.StringIO()");
    assertThat(text(where, "print('caught')")).isEmpty();
    assertThat(text(where, "caught, sys.stdout = sys.stdout.getvalue(), kept\ncaught"))
        .isEqualTo("'caught\\n'");
    text(
        where,
        """
        class Broken(io.StringIO):
            def flush(self): raise KeyError
        sys.stdout = Broken()""");
    assertThat(text(where, "sys.stdout = kept\nprint('back')")).isEqualTo("back");
  }

  @Test
  void codeThatAsksForTooMuchFailsAlone() {
    text("before = 2");
    assertThat(run("def deeper(n): return deeper(n + 1)\ndeeper(0)").get("ename").asText())
        .isEqualTo("RecursionError");
    assertThat(run("bytearray(10 ** 15)").get("ename").asText()).isEqualTo("MemoryError");
    assertThat(run("import getpass\ngetpass.getpass()").get("ename").asText())
        .isEqualTo("EOFError");
    assertThat(text("before")).isEqualTo("2");
  }

  @Test
  void forksThreadsAndPoolsPrintForTheirStatement() {
    assertThat(
            text(
                """
                import os
                pid = os.fork()
                if pid == 0:
                    print('child')
                else:
                    print('parent', os.waitpid(pid, 0)[1])"""))
        .isEqualTo("child\nparent 0");
    assertThat(
            text(
                """
                import multiprocessing
                with multiprocessing.Pool(2) as pool:
                    print(pool.map(abs, [-1, -2]))"""))
        .isEqualTo("[1, 2]");
    // A thread that prints when its statement has ended prints for the one that runs then.
    text(
        """
        import threading
        go, gone = threading.Event(), threading.Event()
        def late():
            go.wait(60)
            print('late')
            gone.set()
        threading.Thread(target=late).start()""");
    assertThat(text("go.set()\ngone.wait(60)")).isEqualTo("late\nTrue");
  }

  @Test
  void figuresAreShownByThemselvesOrByTheirMagic() {
    JsonNode shown = run("import matplotlib.pyplot as plt\nlines = plt.plot([1, 2])");
    assertThat(shown.at("/data/image~1png").asText()).startsWith("iVBOR");
    JsonNode again = run("%matplot plt");
    assertThat(again.at("/data/image~1png").asText()).startsWith("iVBOR");
    assertThat(run("figure = plt.figure()\n%matplot figure").at("/data/image~1png").asText())
        .startsWith("iVBOR")
        .isNotEqualTo(again.at("/data/image~1png").asText());
    assertThat(run("%matplot nobody").get("ename").asText()).isEqualTo("NameError");
    assertThat(run("%matplot").get("ename").asText()).isEqualTo("UsageError");
    assertThat(text("%help matplot")).contains("%matplot plt");
    assertThat(run("wrong = plt.title('$x^$')").get("ename").asText()).isEqualTo("ValueError");
    assertThat(text("'still there'")).isEqualTo("'still there'");
  }

  @Test
  void framesOfPandasAndArrowAreTables() {
    text("import datetime, decimal, pandas, pyarrow");
    JsonNode pandas =
        run("p = pandas.DataFrame({'n': [1, 2], 'day': ['x', None], 'f': [0.5, 1]})\n%table p");
    assertThat(pandas.at("/data/application~1vnd.livy.table.v1+json").toString())
        .isEqualTo(
            "{\"headers\":[{\"name\":\"n\",\"type\":\"BIGINT_TYPE\"},"
                + "{\"name\":\"day\",\"type\":\"STRING_TYPE\"},"
                + "{\"name\":\"f\",\"type\":\"DOUBLE_TYPE\"}],"
                + "\"data\":[[1,\"x\",0.5],[2,null,1.0]]}");
    JsonNode arrow =
        run(
            """
            a = pyarrow.table({
                'n': [1, None],
                'day': [datetime.date(2024, 2, 29), None],
                'd': [decimal.Decimal('1.25'), None],
                's': ['x', None]})
            %table a 1""");
    assertThat(arrow.at("/data/application~1vnd.livy.table.v1+json").toString())
        .isEqualTo(
            "{\"headers\":[{\"name\":\"n\",\"type\":\"BIGINT_TYPE\"},"
                + "{\"name\":\"day\",\"type\":\"DATE_TYPE\"},"
                + "{\"name\":\"d\",\"type\":\"DECIMAL_TYPE\"},"
                + "{\"name\":\"s\",\"type\":\"STRING_TYPE\"}],"
                + "\"data\":[[1,\"2024-02-29\",1.25,\"x\"]]}");
    whatIsMissingInThemIsNull();
    whatJsonDoesNotHaveIsShownAsItsText();
    // Spark 3.5 wants names of NumPy that later ones do not have.
    text(
        """
        import numpy
        for old, new in {'NaN': numpy.nan, 'string_': numpy.bytes_, 'unicode_': numpy.str_,
                         'float_': numpy.float64, 'Inf': numpy.inf}.items():
            setattr(numpy, old, new)
        import pyspark.pandas""");
    JsonNode onSpark = run("q = pyspark.pandas.DataFrame({'n': [1, 2]})\n%table q");
    assertThat(onSpark.at("/data/application~1vnd.livy.table.v1+json/data").toString())
        .isEqualTo("[[1],[2]]");
  }

  private void whatIsMissingInThemIsNull() {
    JsonNode missing =
        run(
            """
            import io
            m = pandas.read_csv(io.StringIO('n,c\\nann,NaN\\nbob,x\\n'))
            m['kind'] = pandas.Categorical(['u', None])
            m['yes'] = pandas.array([None, True], dtype='boolean')
            m['f'] = [0.5, float('nan')]
            %json m""");
    assertThat(missing.at("/data/application~1json").toString())
        .isEqualTo(
            "[{\"n\":\"ann\",\"c\":null,\"kind\":\"u\",\"yes\":null,\"f\":0.5},"
                + "{\"n\":\"bob\",\"c\":\"x\",\"kind\":null,\"yes\":true,\"f\":\"NaN\"}]");
    JsonNode texts = run("texts = m['c']\n%json texts");
    assertThat(texts.at("/data/application~1json").toString()).isEqualTo("[null,\"x\"]");
  }

  private void whatJsonDoesNotHaveIsShownAsItsText() {
    JsonNode odd =
        run(
            """
            odd = pandas.DataFrame({
                'long': pandas.to_timedelta(['1h', None]),
                'month': pandas.period_range('2024-01', periods=2, freq='M'),
                'z': [1 + 2j, 0j],
                'range': pandas.interval_range(0, 2),
                'list': [[1], [2, 3]],
                'parts': [{'a': 'x'}, None],
                'at': pandas.to_datetime(['2024-02-29', None], utc=True)})
            %table odd""");
    assertThat(odd.at("/data/application~1vnd.livy.table.v1+json/headers").findValuesAsText("type"))
        .containsExactly(
            "STRING_TYPE",
            "STRING_TYPE",
            "STRING_TYPE",
            "STRING_TYPE",
            "ARRAY_TYPE",
            "MAP_TYPE",
            "TIMESTAMP_TYPE");
    assertThat(odd.at("/data/application~1vnd.livy.table.v1+json/data").toString())
        .startsWith("[[\"0 days 01:00:00\",\"2024-01\",\"(1+2j)\",\"(0, 1]\",[1],{\"a\":\"x\"},")
        .endsWith(",[null,\"2024-02\",\"0j\",\"(1, 2]\",[2,3],null,null]]");
    assertThat(text("%schema odd"))
        .contains(" |-- long: string", " |-- list: array", " |-- at: timestamp (");
    assertThat(text("nested = pyarrow.table({'l': [[1]], 's': [{'a': ['x']}]})\n%schema nested"))
        .contains(" |-- l: array", "element: long", " |-- s: struct", " |-- a: array");
  }

  @Test
  void magicsOfIpythonAreCompleted() {
    JsonNode found =
        rest.call(
            "POST",
            "/sessions/" + session + "/completion",
            "{\"code\": \"%ti\", \"kind\": \"pyspark\", \"cursor\": 3}");
    List<String> names = new ArrayList<>();
    found.get("candidates").forEach(name -> names.add(name.asText()));
    assertThat(names).contains("timeit").allMatch(name -> name.startsWith("ti"));
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
  void muchOutputArrivesInOrderUpToItsLimit() {
    String all = text("for i in range(100000): print(i)");
    List<String> lines = all.lines().toList();
    assertThat(lines).hasSize(100_000);
    assertThat(lines.get(99_999)).isEqualTo("99999");
    assertThat(text("print('a' * 10_000_000)\n'end'"))
        .startsWith("aaa")
        .contains("the rest was dropped")
        .hasSizeBetween(8_000_000, 9_000_000);
  }

  @Test
  void cancelStopsLoopsSleepsAndJobs() {
    for (String endless :
        List.of(
            "while True: pass",
            "import time\ntime.sleep(600)",
            "import os\nos.system('sleep 600')",
            "import numpy\nwhile True: numpy.ones(1000000).sum()",
            "import hashlib\nwhile True: hashlib.pbkdf2_hmac('sha256', b'a', b'b', 200000)",
            "import time\nsc.parallelize(range(2)).map(lambda n: time.sleep(600)).count()")) {
      JsonNode stopped = rest.stop(session, rest.post(session, endless));
      assertThat(stopped.get("state").asText()).isEqualTo("cancelled");
      assertThat(text("40 + 2")).isEqualTo("42");
    }
  }

  @Test
  void anEnvironmentInAnArchiveIsUsedWithTheSessionsFiles() throws Exception {
    command("python3", "-m", "venv", "--without-pip", folder.resolve("bare").toString());
    Path packages;
    try (Stream<Path> found = Files.walk(folder.resolve("bare/lib"))) {
      packages = found.filter(each -> each.endsWith("site-packages")).findFirst().orElseThrow();
    }
    Files.writeString(packages.resolve("packed.py"), "answer = 42\n");
    Files.writeString(folder.resolve("helper.py"), "def twice(n): return 2 * n\n");
    Files.writeString(folder.resolve("data.txt"), "content");
    String archive = folder.resolve("bare.tar.gz").toString();
    command("tar", "-czf", archive, "-C", folder.resolve("bare").toString(), ".");
    ObjectNode request = request(Map.of("spark.pyspark.python", "./environment/bin/python"));
    request.putArray("archives").add(archive + "#environment");
    request.putArray("pyFiles").add(folder.resolve("helper.py").toString());
    request.putArray("files").add(folder.resolve("data.txt").toString());
    int bare = rest.openSession(request.toString());

    assertThat(text(bare, "import sys, os\nos.path.basename(sys.prefix), 'IPython' in sys.modules"))
        .isEqualTo("('environment', False)");
    assertThat(text(bare, "import packed, helper\npacked.answer, helper.twice(4)"))
        .isEqualTo("(42, 8)");
    assertThat(
            text(
                bare,
                "sc.parallelize([1, 2]).map(lambda n: helper.twice(n) + packed.answer).collect()"))
        .isEqualTo("[44, 46]");
    assertThat(text(bare, "open('data.txt').read()")).isEqualTo("'content'");
    pythonWithoutIpythonWillDo(bare);
    rest.call("DELETE", "/sessions/" + bare, null);
  }

  private void command(String... command) throws Exception {
    Commands.Result result =
        Commands.run(Duration.ofMinutes(2), folder, Map.of(), List.of(command));
    assertThat(result.exitCode()).as(result.output()).isZero();
  }

  private void pythonWithoutIpythonWillDo(int bare) {
    assertThat(text(bare, "x = 20\nprint('a')\nx + 1\nx + 22")).isEqualTo("a\n42");
    assertThat(text(bare, "import asyncio\nawait asyncio.sleep(0, 'slept')")).isEqualTo("'slept'");
    JsonNode wrong = rest.run(bare, "def f():\n    return 1 / 0\nf()").get("output");
    assertThat(wrong.get("ename").asText()).isEqualTo("ZeroDivisionError");
    assertThat(wrong.get("traceback").toString()).contains("in f").doesNotContain("polybius");
    assertThat(rest.run(bare, "exit(3)").at("/output/evalue").asText()).isEqualTo("3");
    assertThat(rest.run(bare, "%nothing").at("/output/ename").asText()).isEqualTo("UnknownMagic");
    assertThat(rest.run(bare, "%matplot 1").at("/output/ename").asText()).isEqualTo("TypeError");
    assertThat(rest.run(bare, "%matplot").at("/output/ename").asText()).isEqualTo("UsageError");
    codeMayLoseItsStreams(bare);
  }

  @Test
  void anotherVersionForJobsIsToldBeforeTheFirstOne() throws Exception {
    Path older = folder.resolve("older");
    Files.writeString(older, "#!/bin/sh\necho 2.7\n");
    assertThat(older.toFile().setExecutable(true)).isTrue();
    int own =
        rest.openSession(
            request(
                    Map.of(
                        "spark.pyspark.python",
                        older.toString(),
                        "spark.pyspark.driver.python",
                        python))
                .toString());
    assertThat(text(own, "kept = 1\nkept"))
        .startsWith("1")
        .contains(older + " is Python 2.7", "spark.pyspark.python");
    assertThat(text(own, "kept")).isEqualTo("1");
    stubbornCodeIsEndedWithItsPython(own);
    deadPythonEndsItsStatementAndTheNextStartsAnother(own);
    rest.call("DELETE", "/sessions/" + own, null);
  }

  private void stubbornCodeIsEndedWithItsPython(int own) {
    Path begun = folder.resolve("begun");
    int statement =
        rest.post(
            own,
            """
            import time
            while True:
                try:
                    open('%s', 'w').close()
                    time.sleep(600)
                except KeyboardInterrupt:
                    pass"""
                .formatted(begun));
    JsonNode ended = rest.stop(own, statement, begun);
    assertThat(ended.get("state").asText()).isEqualTo("cancelled");
    assertThat(ended.at("/output/evalue").asText()).contains("did not stop", "gone");
    assertThat(text(own, "'kept' in globals()"))
        .startsWith("False")
        .contains("what was defined before its end is gone");
  }

  private void deadPythonEndsItsStatementAndTheNextStartsAnother(int own) {
    JsonNode died = rest.run(own, "import os\nos._exit(3)").get("output");
    assertThat(died.get("evalue").asText()).contains("exit code 3").contains("gone");
    JsonNode killed =
        rest.run(own, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)").get("output");
    assertThat(killed.get("evalue").asText()).contains("signal 9").contains("gone");
    assertThat(text(own, "'kept' in globals()"))
        .startsWith("False")
        .contains("what was defined before its end is gone");
  }

  @Test
  void pythonThatCannotBeStartedIsNamedByTheFirstStatement() {
    int own = rest.openSession(request(Map.of("spark.pyspark.python", "/no/python")).toString());
    JsonNode output = rest.run(own, "1").get("output");
    assertThat(output.get("evalue").asText()).contains("/no/python", "spark.pyspark.python");
    rest.call("DELETE", "/sessions/" + own, null);
  }
}
