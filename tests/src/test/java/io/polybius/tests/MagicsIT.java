package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Magics in a session that runs all languages, at the REST door. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MagicsIT {

  private static final Pattern SHOWS = Pattern.compile("^%(table|plot|json) ", Pattern.MULTILINE);

  @TempDir private static Path jars;

  private RunningServer server;
  private RestClient rest;
  private int session;

  /** The first one that needs the programs of others waits until they are installed. */
  @BeforeAll
  @Timeout(1800)
  void openSession() throws Exception {
    Path unused = DebianPackage.program(List.of("R"), "r-base-core");
    server =
        RunningServer.start(
            PythonEnvironment.CLIENTS.forStatements(), "livy.file.local-dir-whitelist=" + jars);
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"shared\", \"name\": \"magics\"}");
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

  private JsonNode data(String kind, String code) {
    JsonNode output = run(kind, code);
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    return output.get("data");
  }

  private String text(String kind, String code) {
    return data(kind, code).path("text/plain").asText();
  }

  private String json(String kind, String code) {
    return data(kind, code).path("application/json").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark", "pyspark", "sql", "sparkr"})
  void magicsWorkInEveryLanguage(String kind) {
    assertThat(json(kind, "%sql select 1 as one")).contains("\"data\":[[1]]");
    assertThat(text(kind, "%python 40 + 2").strip()).isEqualTo("42");
    assertThat(text(kind, "%%scala\nval n = 40\nn + 2")).contains("Int = 42");
    assertThat(text(kind, "%info")).contains("Session         " + session, "3.5.5");
    assertThat(text(kind, "%conf spark.app.name")).contains("spark.app.name = ");
    assertThat(text(kind, "%lsmagic")).contains("Languages:", "%share ");
    assertThat(text(kind, "%help AddJar")).startsWith("Adds jars");
    assertThat(data(kind, "%markdown *some* text").toString()).contains("*some* text");
    assertThat(data(kind, "%latex $x$").toString()).contains("$x$");
    assertThat(run(kind, "%nothing").get("ename").asText()).isEqualTo("UnknownMagic");
    assertThat(run(kind, "%help nope").get("evalue").asText())
        .contains("nope")
        .doesNotContain("help");
    assertThat(run(kind, "%sql selekt").toString())
        .contains("\"status\":\"error\"", "PARSE_SYNTAX_ERROR");
    assertThat(run(kind, "%python 1 / 0").get("evalue").asText()).contains("division by zero");
  }

  @Test
  void ipythonKeepsItsOwnMeaningOfItsMagics() {
    assertThat(text("pyspark", "%time timed = sum(range(10))")).contains("CPU times", "Wall time");
    assertThat(text("pyspark", "timed")).isEqualTo("45");
    assertThat(text("pyspark", "%%html\n<b>bold</b>")).contains("IPython.core.display.HTML");
    assertThat(data("pyspark", "page = '<i>i</i>'\n%html page").toString()).contains("<i>i</i>");
    assertThat(text("pyspark", "%%time\nx = 1\nx + 41")).contains("42", "Wall time");
    assertThat(text("pyspark", "%%python\nmath = 5\nmath")).isEqualTo("5");
  }

  @Test
  void plainDataGoesFromPythonToScalaAndBack() {
    run(
        "pyspark",
        """
        import datetime, decimal
        everything = {'i': 1, 'big': 2**70, 'f': 0.5, 'd': decimal.Decimal('1.50'), 't': 'text',
                      'day': datetime.date(2024, 2, 29), 'at': datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
                      'none': None, 'yes': True, 'b': b'bytes', 'list': [1, 2], 'in': {'x': [1.5]}}
        %share everything
        numbers = [3, 1, 2]
        %share numbers""");
    assertThat(text("spark", "%shared everything"))
        .contains("everything: Map[String,Any]", "big -> 1180591620717411303424", "d -> 1.50");
    assertThat(text("spark", "%shared numbers\nnumbers.sorted.mkString(\"-\")")).contains("1-2-3");
    run("spark", "%share everything as back");
    assertThat(text("pyspark", "%shared back\nback == everything")).isEqualTo("True");
    run("spark", "case class P(x: Int, y: String)\nval points = Seq(P(1, \"a\"))\n%share points");
    assertThat(text("pyspark", "kernel.shared('points')")).isEqualTo("[{'x': 1, 'y': 'a'}]");
    assertThat(run("pyspark", "%shared back as class").get("evalue").asText())
        .isEqualTo("'class' cannot be the name of a variable in Python");
    assertThat(text("spark", "%shared numbers as class\n`class`.size")).contains("Int = 3");
    run("pyspark", "kernel.share('from_python', (1, 'two'))");
    assertThat(text("spark", "kernel.shared(\"from_python\")")).contains("List(1, two)");
  }

  @Test
  void framesAreTheSameInAllLanguages() {
    run("spark", "val frame = spark.range(3).toDF(\"n\")\n%share frame as shared_frame");
    assertThat(text("pyspark", "%shared shared_frame as f\nf.selectExpr('sum(n) as s').collect()"))
        .isEqualTo("[Row(s=3)]");
    assertThat(json("sql", "%shared shared_frame as v\nselect max(n) as m from v"))
        .contains("\"data\":[[2]]");
    run("pyspark", "g = spark.range(5)\n%share g");
    assertThat(text("spark", "%shared g as g\ng.count")).contains("Long = 5");
    run("sql", "create or replace temporary view w as select 7 as seven\n");
    run("sql", "%share w");
    assertThat(text("pyspark", "%shared w\nw.first()[0]")).isEqualTo("7");
    assertThat(text("pyspark", "%shared")).contains("shared_frame", "struct<n:bigint>");
  }

  @Test
  void tablesOfPandasAndArrowAreSharedWithTheirTypes() {
    run(
        "pyspark",
        """
        import pandas, pyarrow
        p = pandas.DataFrame({
            'yes': pandas.array([True, None], dtype='boolean'),
            'took': pandas.to_timedelta(['1h', None]),
            'n': pandas.array([2**60, None], dtype='Int64'),
            'c': ['x', float('nan')],
            'l': [[1], None]})
        %share p
        twice = pandas.DataFrame([[1, 'x', 0.5]], columns=['a', 'a', 'b'])
        %share twice
        arrow = pyarrow.table({'s': [{'x': 1}, None]})
        %share arrow""");
    assertThat(text("spark", "%shared p\np.schema.toDDL + p.collect().mkString"))
        .contains(
            "yes BOOLEAN,took STRING,n BIGINT,c STRING,l ARRAY<BIGINT>",
            "[true,0 days 01:00:00,1152921504606846976,x,",
            "[null,null,null,null,null]");
    assertThat(text("spark", "%shared twice\ntwice.schema.toDDL + twice.first"))
        .contains("a BIGINT,a STRING,b DOUBLE[1,x,0.5]");
    assertThat(text("spark", "%shared arrow\narrow.schema.toDDL + arrow.collect().mkString"))
        .contains("s STRUCT<x: BIGINT>[[1]][null]");
    assertThat(run("pyspark", "kernel.share('none', pandas.DataFrame())").get("evalue").asText())
        .contains("without columns");
  }

  @Test
  void whatIsNoNameIsRefusedInPythonsOwnWords() {
    JsonNode number = run("pyspark", "kernel.share(1, 2)");
    assertThat(number.get("ename").asText()).isEqualTo("TypeError");
    JsonNode blank = run("pyspark", "kernel.share('a b', 1)");
    assertThat(blank.get("ename").asText()).isEqualTo("ValueError");
    assertThat(blank.get("evalue").asText()).startsWith("'a b' cannot be a name");
    assertThat(blank.get("traceback").toString()).doesNotContain("py4j");
  }

  @Test
  void rddsOfPlainValuesGoFromOneToTheOther() {
    run("spark", "val r = sc.parallelize(Seq(1, 2, 3))\n%share r as scala_rdd");
    assertThat(text("pyspark", "%shared scala_rdd\nscala_rdd.map(lambda n: n * 2).collect()"))
        .isEqualTo("[2, 4, 6]");
    run("spark", "val pairs = sc.parallelize(Seq((\"a\", 1), (\"b\", 2)))\n%share pairs");
    assertThat(text("pyspark", "%shared pairs\nsorted(tuple(p) for p in pairs.collect())"))
        .isEqualTo("[('a', 1), ('b', 2)]");
    run("pyspark", "p = sc.parallelize([1, 2, 3]).map(lambda n: n + 1)\n%share p");
    assertThat(text("spark", "%shared p\np.collect().mkString(\",\")")).contains("2,3,4");
    run("spark", "case class Q(x: Int)\nval odd = sc.parallelize(Seq(Q(1)))\n%share odd");
    assertThat(run("pyspark", "%shared odd").get("evalue").asText()).contains("DataFrame");
    assertThat(run("sql", "%shared p").get("evalue").asText()).contains("no DataFrame");
    assertThat(run("pyspark", "%shared nobody").get("ename").asText()).isEqualTo("NameError");
    assertThat(run("pyspark", "%share nobody").get("ename").asText()).isEqualTo("NameError");
  }

  @Test
  void picturesAndTextsOfPythonAreShown() {
    run("pyspark", "import base64");
    assertThat(
            data(
                    "pyspark",
                    "picture = base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4"
                        + "2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')\n%image picture")
                .path("image/png")
                .asText())
        .startsWith("iVBOR");
  }

  @Test
  void theMagicOfTheDocumentationRunsFromAJarOfTheSession() throws Exception {
    String document = Files.readString(Commands.HOME.resolve("docs/magics.md"));
    int begin = document.indexOf("```java\n") + "```java\n".length();
    Path source = jars.resolve("CountMagic.java");
    Files.writeString(
        source,
        "package example;\nimport io.polybius.driver.protocol.MimeBundle;\n"
            + "import io.polybius.magic.*;\n"
            + document.substring(begin, document.indexOf("```", begin)));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                jars.toString(),
                "-cp",
                System.getProperty("java.class.path"),
                source.toString());
    assertThat(status).isZero();
    Path jar = jars.resolve("count.jar");
    try (JarOutputStream entries = new JarOutputStream(Files.newOutputStream(jar))) {
      entries.putNextEntry(new JarEntry("example/CountMagic.class"));
      Files.copy(jars.resolve("example/CountMagic.class"), entries);
      entries.putNextEntry(new JarEntry("META-INF/services/io.polybius.magic.Magic"));
      entries.write("example.CountMagic".getBytes(StandardCharsets.UTF_8));
    }
    int own = rest.openSession("{\"kind\": \"spark\", \"jars\": [\"" + jar.toUri() + "\"]}");
    JsonNode counted = rest.run(own, "val f = spark.range(3)\n%count f").get("output");
    assertThat(counted.at("/data/text~1plain").asText()).isEqualTo("3 rows");
    rest.call("DELETE", "/sessions/" + own, null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tables-and-plots", "sharing"})
  void notebooksShowTheSameInScalaAndPython(String name) throws Exception {
    List<JsonNode> scala = shown("spark", name + ".ipynb");
    List<JsonNode> python = shown("pyspark", name + "-python.ipynb");
    assertThat(scala).isNotEmpty();
    assertThat(python).isEqualTo(scala);
  }

  /** Runs a notebook, and returns what its magics for tables, plots and JSON have shown. */
  private List<JsonNode> shown(String kind, String notebook) throws Exception {
    List<JsonNode> shown = new ArrayList<>();
    for (JsonNode cell :
        RestClient.JSON
            .readTree(Commands.HOME.resolve("notebooks").resolve(notebook).toFile())
            .get("cells")) {
      StringBuilder source = new StringBuilder();
      cell.get("source").forEach(line -> source.append(line.asText()));
      if (cell.get("cell_type").asText().equals("code")) {
        JsonNode data = data(kind, source.toString());
        if (SHOWS.matcher(source).find()) {
          shown.add(data);
        }
      }
    }
    return shown;
  }

  @Test
  void clientsReadWhatIsShared() {
    run("spark", "val limits = Map(\"low\" -> 1)\n%share limits as shared_limits");
    run("pyspark", "frame = spark.range(3)\n%share frame as shared_frame");
    run(
        "spark",
        "val squares = sc.parallelize(1 to 3).map(n => n * n)\n%share squares as shared_rdd");
    String path = "/sessions/" + session + "/shared";

    assertThat(rest.call("GET", path, null).findValuesAsText("name"))
        .contains("shared_frame", "shared_limits", "shared_rdd");
    assertThat(rest.call("GET", path + "/shared_limits", null).toString()).isEqualTo("{\"low\":1}");
    assertThat(rest.call("GET", path + "/shared_frame", null).toString())
        .isEqualTo("[{\"id\":0},{\"id\":1},{\"id\":2}]");
    assertThat(rest.call("GET", path + "/shared_rdd", null).toString()).isEqualTo("[1,4,9]");
    HttpResponse<String> unknown = rest.send("GET", path + "/nothing", null);
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("Nothing is shared under the name nothing.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          spark   | python | open('BEGUN', 'w').close();while True: pass
          pyspark | scala  | new java.io.File("BEGUN").createNewFile();while (true) {}
          pyspark | r      | file.create('BEGUN');while (TRUE) NULL
          sparkr  | python | import time; open('BEGUN', 'w').close();time.sleep(600)
          sql     | scala  | new java.io.File("BEGUN").createNewFile();Thread.sleep(600000)
          """)
  void cancelStopsTheLanguageOfAMagic(String kind, String language, String code) throws Exception {
    Path begun = jars.resolve("begun-" + kind + "-" + language);
    String cell = "%%" + language + "\n" + code.replace("BEGUN", begun.toString());
    int statement = rest.post(session, kind, cell.replace(";while", "\nwhile"));
    await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(begun));

    rest.call("POST", "/sessions/" + session + "/statements/" + statement + "/cancel", "");

    assertThat(rest.await(session, statement).get("state").asText()).isEqualTo("cancelled");
    assertThat(text(kind, "%python 40 + 2").strip()).isEqualTo("42");
    assertThat(text(kind, "%scala 40 + 2")).contains("Int = 42");
  }
}
