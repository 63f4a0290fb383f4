package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Results of any size, on a real Spark: whole tables, and what statements show. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResultsIT {

  private static final int ROWS = 5_000_000;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private RunningServer server;
  private RestClient rest;
  private int session;

  /** The first one that needs the programs of others waits until they are installed. */
  @BeforeAll
  @Timeout(1800)
  void openSession() throws Exception {
    server = RunningServer.start(PythonEnvironment.CLIENTS.forStatements());
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"shared\"}");
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private JsonNode run(String kind, String code) {
    return rest.run(session, kind, code);
  }

  private int runWell(String kind, String code) {
    JsonNode statement = run(kind, code);
    assertThat(statement.at("/output/status").asText()).as(statement.toString()).isEqualTo("ok");
    return statement.get("id").asInt();
  }

  private String text(String kind, String code) {
    return run(kind, code).at("/output/data/text~1plain").asText();
  }

  private URI uri(int statement, String format) {
    return server
        .uri()
        .resolve("/sessions/" + session + "/statements/" + statement + "/result?format=" + format);
  }

  private HttpResponse<InputStream> download(int statement, String format) throws Exception {
    return http.send(
        HttpRequest.newBuilder(uri(statement, format)).build(), BodyHandlers.ofInputStream());
  }

  private String whole(int statement, String format) throws Exception {
    HttpResponse<String> response =
        http.send(HttpRequest.newBuilder(uri(statement, format)).build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private void assertThatTheSessionLives() {
    assertThat(text("pyspark", "6 * 7")).isEqualTo("42");
    assertThat(rest.state(session)).isEqualTo("idle");
  }

  @Test
  void tableThatIsLargerThanTheServersMemoryComesWhole() throws Exception {
    int statement =
        runWell(
            "spark",
            "spark.range(0, " + ROWS + ", 1, 8).selectExpr(\"id\", \"repeat('x', 120) as text\")");
    byte[] buffer = new byte[1 << 16];
    long bytes = 0;
    int lines = 0;
    try (InputStream body = download(statement, "csv").body()) {
      assertThat(new String(body.readNBytes(12), java.nio.charset.StandardCharsets.US_ASCII))
          .isEqualTo("id,text\r\n0,x");
      // Nobody reads on for a while, and the session is there for others.
      assertThat(text("spark", "6 * 7")).contains("42");
      for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
        bytes += count;
        for (int i = 0; i < count; i++) {
          lines += buffer[i] == '\n' ? 1 : 0;
        }
      }
    }
    assertThat(lines).isEqualTo(ROWS);
    JsonNode heap =
        rest.call("GET", "/metrics/metrics", null).at("/gauges/jvm.memory.heap.max/value");
    assertThat(bytes).isGreaterThan(heap.asLong());
  }

  @Test
  void tablesOfAllLanguagesComeWhole() throws Exception {
    String sql = whole(runWell("sql", "select 1 as a; select * from range(3000)"), "csv");
    assertThat(sql.lines()).hasSize(3001).startsWith("id", "0", "1");
    assertThat(whole(runWell("pyspark", "spark.range(2).toDF('n')"), "json"))
        .isEqualTo("[{\"n\":0},\n{\"n\":1}]\n");
    runWell(
        "pyspark", "many = spark.range(3000)\nrows = [{'a': 1, 'b': 'x'}, {'a': 2, 'b': None}]");
    assertThat(whole(runWell("pyspark", "%table many"), "csv").lines()).hasSize(3001);
    assertThat(whole(runWell("pyspark", "%json rows"), "csv")).isEqualTo("a,b\r\n1,x\r\n2,\r\n");
  }

  @Test
  void otherProgramsReadWhatComesAsArrow() throws Exception {
    int statement =
        runWell(
            "sql",
            "select id, cast(id as decimal(20, 2)) as price, string(id) as name,"
                + " timestamp'2024-02-29 12:00:00Z' as time, array(id) as list"
                + " from range(0, 100000, 1, 4)");
    int held =
        runWell(
            "pyspark",
            "import pandas as pd\n"
                + "held = pd.DataFrame([[1, 'x', 2.5, 2**64 - 1]], columns=['a', 'a', 'b', 'c'])\n"
                + "%table held");

    assertThat(readByPyarrow(statement))
        .isEqualTo(
            "100000 int64 decimal128(20, 2) string timestamp[us, tz=UTC] list<element: int64 not null>\n"
                + "99999 99999.00 99999 2024-02-29 12:00:00+00:00 [99999]\n");
    assertThat(readByPyarrow(held))
        .isEqualTo("1 int64 string double decimal128(38, 0)\n1 x 2.5 18446744073709551615\n");
  }

  /** Returns the number of rows and the types of the columns, and the last row. */
  private String readByPyarrow(int statement) throws Exception {
    Path python = PythonEnvironment.CLIENTS.programs().resolve("python");
    Commands.Result read =
        Commands.run(
            Duration.ofMinutes(2),
            Commands.HOME,
            Map.of(),
            List.of(
                python.toString(),
                "-c",
                """
                import sys, urllib.request, pyarrow
                with urllib.request.urlopen(sys.argv[1]) as answer:
                    table = pyarrow.ipc.open_stream(answer).read_all()
                print(table.num_rows, *(field.type for field in table.schema))
                print(*(column[-1] for column in table.columns))
                """,
                uri(statement, "arrow").toString()));
    return read.output();
  }

  @Test
  void clientThatGoesAwayEndsTheJobsOfItsDownload() throws Exception {
    int statement =
        runWell(
            "spark",
            "spark.range(0, 2, 1, 2).map { n => if (n == 1) Thread.sleep(600000);"
                + " \"x\" * 1000000 }");
    try (InputStream body = download(statement, "csv").body()) {
      assertThat(body.read()).isEqualTo('v');
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> text("spark", "sc.statusTracker.getActiveJobIds.size").contains("= 1"));
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> text("spark", "sc.statusTracker.getActiveJobIds.size").contains("= 0"));
  }

  @Test
  void codeThatFailsHalfWayBreaksTheAnswerOff() throws Exception {
    int half =
        runWell(
            "spark",
            "spark.range(0, 200000, 1, 4).map(n => if (n == 190000) sys.error(\"boom\") else n)");
    HttpResponse<InputStream> response = download(half, "json");
    assertThat(response.statusCode()).isEqualTo(200);
    try (InputStream body = response.body()) {
      assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
    }

    int first = runWell("spark", "spark.range(1).map(n => if (n == 0) sys.error(\"boom\") else n)");
    HttpResponse<InputStream> failed = download(first, "json");
    assertThat(failed.statusCode()).isEqualTo(500);
    assertThat(new String(failed.body().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
        .contains("boom");
  }

  @Test
  void hugeValuesOfPythonAreCutAndTheSessionGoesOn() {
    assertThat(text("pyspark", "'x' * 200_000_000"))
        .hasSizeLessThan(1_100_000)
        .endsWith(" more characters)");
    assertThat(
            text(
                "pyspark",
                "class Page:\n  def _repr_html_(self): return 'x' * 100_000_000\n"
                    + "  def __repr__(self): return 'a page'\ndisplay(Page())"))
        .isEqualTo("a page");
    assertThat(
            text(
                "pyspark",
                "class Picture:\n  def _repr_png_(self): return bytes(50_000_000)\n"
                    + "display(Picture())"))
        .contains("Picture");
    assertThat(run("pyspark", "raise ValueError('x' * 100_000_000)").at("/output/evalue").asText())
        .hasSizeLessThan(50_000);
    assertThatTheSessionLives();
  }

  @Test
  void endlessOutputIsCutAndTheSessionGoesOn() {
    assertThat(
            text(
                "pyspark",
                "import sys\nfor i in range(300): _ = sys.stdout.write('x' * 1_000_000)"))
        .contains("the rest was dropped");
    assertThatTheSessionLives();
  }

  @Test
  void hugeValuesOfScalaAreCutAndTheSessionGoesOn() {
    assertThat(text("spark", "val huge = \"x\" * 100000000")).hasSizeLessThan(1_100_000);
    assertThat(text("spark", "huge")).hasSizeLessThan(1_100_000);
    JsonNode shown = run("spark", "kernel.html(huge)");
    assertThat(shown.at("/output/evalue").asText()).contains("front ends get at most");
    assertThat(text("spark", "print(huge)")).hasSizeBetween(1_000_000, 9_000_000);
    assertThatTheSessionLives();
  }
}
