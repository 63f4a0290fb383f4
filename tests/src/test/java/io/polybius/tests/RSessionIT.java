package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** R beside a real Spark at the REST door, one session for all. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RSessionIT {

  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};

  private RunningServer server;
  private RestClient rest;
  private int session;

  /** What the first statement has printed beside its result. */
  private String firstNote;

  /** The first one that needs the programs of others waits until they are installed. */
  @BeforeAll
  @Timeout(1800)
  void openSession() throws Exception {
    Path unused = DebianPackage.program(List.of("R"), "r-base-core");
    server = RunningServer.start();
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"sparkr\"}");
    firstNote = text("1 + 1");
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

  private String text(int id, String code) {
    JsonNode output = rest.run(id, code).get("output");
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    assertThat(output.get("data")).hasSize(1);
    return output.at("/data/text~1plain").asText();
  }

  @Test
  void sessionWithoutSparkRSaysOnceWhatIsMissing() {
    if (sparkR().isEmpty()) {
      assertThat(firstNote).startsWith("[1] 2\n").contains("plain R").contains("R_LIBS");
    } else {
      assertThat(firstNote).isEqualTo("[1] 2");
    }
    assertThat(text("1 + 1")).isEqualTo("[1] 2");
  }

  @Test
  void resultsHaveTheFormThatLivyGivesThem() {
    assertThat(text("x <- 41")).isEmpty();
    assertThat(text("# nothing")).isEmpty();
    assertThat(text("x + 1\ninvisible(3)\n'last'")).isEqualTo("[1] 42\n[1] \"last\"");
    assertThat(text("'\u00e9\ud83d\ude00 \u4e2d'")).isEqualTo("[1] \"\u00e9\ud83d\ude00 \u4e2d\"");
    assertThat(
            text("print.mine <- function(x, ...) cat('<mine>\\n'); structure(1, class = 'mine')"))
        .isEqualTo("<mine>");
    assertThat(text("message('to stderr'); cat('out\\n')")).isEqualTo("out\nto stderr");
    assertThat(text("f <- function() warning('odd'); f()"))
        .isEqualTo("Warning message:\nIn f() : odd");
    assertThat(text("system('echo child')")).isEqualTo("child");
    assertThat(text("unlist(parallel::mclapply(1:3, function(n) n * 2, mc.cores = 2))"))
        .isEqualTo("[1] 2 4 6");
  }

  @Test
  void errorsHaveTheFormThatLivyGivesThem() {
    JsonNode stopped = run("g <- function(n) stop('boom \"', n, '\"')\ncat('before\\n')\ng(1)");
    assertThat(stopped.get("ename").asText()).isEqualTo("Error");
    assertThat(stopped.get("evalue").asText()).isEqualTo("[1] \"Error in g(1): boom \\\"1\\\"\"");
    assertThat(stopped.get("traceback")).isEmpty();
    assertThat(stopped.at("/data/text~1plain").asText()).isEqualTo("before");

    assertThat(run("nothingOfThatName").get("evalue").asText())
        .isEqualTo(
            "[1] \"Error in eval(expr, envir, enclos): object 'nothingOfThatName' not found\"");
    assertThat(run("1 +").get("evalue").asText()).isEqualTo("incomplete statement");
    assertThat(run("1 1").get("evalue").asText()).contains("unexpected numeric constant");
    assertThat(run("h <- function(n) h(n + 1); h(1)").get("evalue").asText())
        .containsAnyOf("C stack usage", "nested too deeply");
    assertThat(run("stopifnot(1 == 2)").get("evalue").asText()).contains("1 == 2 is not TRUE");
    assertThat(text("'still there'")).isEqualTo("[1] \"still there\"");
  }

  @Test
  void plotsAreShownAndNothingIfNothingIsDrawn() {
    JsonNode drawn = run("hist(c(1, 2, 2, 3))").get("data");
    assertThat(drawn).hasSize(1);
    assertThat(Base64.getDecoder().decode(drawn.get("image/png").asText())).startsWith(PNG);
    assertThat(text("par(mar = c(2, 2, 2, 2))")).isEmpty();
    assertThat(text("pdf(NULL); plot(1); invisible(dev.off())")).isEmpty();
    assertThat(run("plot(1)").at("/data/image~1png").asText()).isNotEmpty();
  }

  @Test
  void magicsShowValuesOfR() {
    run(
        "frame <- data.frame(n = 1:2, d = c(0.5, NA), s = factor(c('a', 'b')),"
            + " day = as.Date('2024-02-29') + 0:1, at = .POSIXct(0.25 + 0:1, tz = 'UTC'),"
            + " yes = c(TRUE, NA))");
    assertThat(run("%json frame").at("/data/application~1json").toString())
        .isEqualTo(
            "[{\"n\":1,\"d\":0.5,\"s\":\"a\",\"day\":\"2024-02-29\","
                + "\"at\":\"1970-01-01T00:00:00.250Z\",\"yes\":true},"
                + "{\"n\":2,\"d\":null,\"s\":\"b\",\"day\":\"2024-03-01\","
                + "\"at\":\"1970-01-01T00:00:01.250Z\",\"yes\":null}]");
    JsonNode table = run("%table frame").at("/data/application~1vnd.livy.table.v1+json");
    assertThat(table.get("headers").findValuesAsText("type"))
        .containsExactly(
            "INT_TYPE",
            "DOUBLE_TYPE",
            "STRING_TYPE",
            "DATE_TYPE",
            "TIMESTAMP_TYPE",
            "BOOLEAN_TYPE");
    run("nested <- list(a = list(1L, 'x', NULL), b = c(NaN, Inf), c = as.raw(1:2), e = list())");
    assertThat(run("%json nested").at("/data/application~1json").toString())
        .isEqualTo("{\"a\":[1,\"x\",null],\"b\":[\"NaN\",\"Infinity\"],\"c\":\"AQI=\",\"e\":[]}");
    run("grid <- matrix(1:4, 2, dimnames = list(NULL, c('x', 'y'))); none <- data.frame()");
    assertThat(run("%json grid").at("/data/application~1json").toString())
        .isEqualTo("[{\"x\":1,\"y\":3},{\"x\":2,\"y\":4}]");
    assertThat(run("%json none").at("/data/application~1json").toString()).isEqualTo("[]");
    assertThat(run("%json frame$n").at("/data/application~1json").toString()).isEqualTo("[1,2]");
    assertThat(run("%plot mtcars scatter x=wt y=mpg").at("/data/image~1png").asText()).isNotEmpty();
    assertThat(run("%json nobody").get("ename").asText()).isEqualTo("NameError");
    assertThat(run("%json text").get("ename").asText()).isEqualTo("ValueError");
  }

  @Test
  void valuesWithoutAPlainFormAreRefusedAndEmptyOnesShown() {
    run(
        "empty <- new.env(); full <- new.env(); full$a <- 1; formula <- y ~ x; symbol <- quote(a)\n"
            + "calls <- expression(); within <- list(1, empty); S <- setClass('S', slots = 'x'); s4 <- S()\n"
            + "nothing <- list(NULL, list()); named <- setNames(list(), character())\n"
            + "raws <- raw(); pairs <- pairlist(a = 1L); rows <- mtcars[0, 1:2]; version <- getRversion()");
    for (String name : List.of("empty", "full", "formula", "symbol", "calls", "within", "s4")) {
      assertThat(run("%json " + name).path("evalue").asText())
          .as(name)
          .contains("has no plain form");
    }
    assertThat(run("%table empty").get("evalue").asText())
        .isEqualTo("a value of the class environment has no plain form");
    assertThat(run("%share full").get("ename").asText()).isEqualTo("ValueError");
    List.of(
            "nothing [null,[]]",
            "named {}",
            "raws \"\"",
            "pairs {\"a\":1}",
            "rows []",
            "version [[4",
            "full$a 1.0")
        .forEach(
            shown ->
                assertThat(
                        run("%json " + shown.split(" ")[0])
                            .at("/data/application~1json")
                            .toString())
                    .startsWith(shown.split(" ")[1]));
  }

  @Test
  void whatTheUserCallsAsBaseRDoesIsHisOnly() {
    int own = rest.openSession("{\"kind\": \"sparkr\"}");
    assertThat(text(own, "kept <- c(1, 2); c <- function(...) 1; 5")).startsWith("[1] 5");
    assertThat(text(own, "list <- paste <- cat <- print <- eval <- c; T <- FALSE; c(1, 2)"))
        .isEqualTo("[1] 1");
    for (String each : List.of("c", "structure", "(", "{", "if", "[[", "function", "<-")) {
      assertThat(text(own, "base::assign('" + each + "', base::max, base::globalenv())")).isEmpty();
    }
    assertThat(text(own, "base::warning('odd')")).isEqualTo("Warning message:\nodd");
    assertThat(rest.run(own, "base::stop('boom')").at("/output/evalue").asText())
        .endsWith(": boom\"");
    assertThat(rest.run(own, "%json kept").at("/output/data/application~1json").toString())
        .isEqualTo("[1.0,2.0]");
    assertThat(text(own, "%share kept\n%shared kept as again\nagain")).isEqualTo("[1] 1 2");
    assertThat(rest.run(own, "%shared kept as if").at("/output/evalue").asText())
        .isEqualTo("'if' cannot be the name of a variable in R");

    // Nor does R go on where it cannot say what it has to.
    assertThat(
            rest.run(own, "base::unlink(base::Sys.getenv('TMPDIR'), recursive = TRUE)")
                .at("/output/evalue")
                .asText())
        .contains("gone");
    assertThat(text(own, "c(40, 2)")).startsWith("[1] 40  2").contains("started again");
    rest.call("DELETE", "/sessions/" + own, null);
  }

  @Test
  void lineThatBeginsWithAnOperatorIsCode() {
    assertThat(text("(5\n%in% 3:7)\n%python 'magic'")).contains("[1] TRUE", "magic");
    assertThat(run("x <- 5\n%in% 3").get("evalue").asText()).contains("unexpected SPECIAL");
    assertThat(run("x <- 5\n%% 3").get("evalue").asText()).contains("unexpected SPECIAL");
    assertThat(run("%nothing 3").get("ename").asText()).isEqualTo("UnknownMagic");
  }

  @Test
  void muchOutputArrivesWholeAndInOrder() {
    String all =
        text("for (i in 1:50000) cat(i, strrep('x', 90), '\\n')\nsystem('echo end of it')");
    List<String> lines = all.lines().toList();
    assertThat(lines).hasSize(50_001);
    assertThat(lines.get(49_999)).startsWith("50000 xxx");
    assertThat(lines.get(50_000)).isEqualTo("end of it");
  }

  @Test
  void cancelStopsLoopsSleepsAndChildProcesses() {
    for (String endless :
        List.of("while (TRUE) NULL", "Sys.sleep(600)", "invisible(system('sleep 600'))")) {
      JsonNode stopped = rest.stop(session, rest.post(session, endless));
      assertThat(stopped.get("state").asText()).isEqualTo("cancelled");
      assertThat(text("40 + 2")).isEqualTo("[1] 42");
    }
  }

  @Test
  void stubbornCodeIsEndedWithItsR(@TempDir Path folder) {
    int own = rest.openSession("{\"kind\": \"sparkr\"}");
    Path begun = folder.resolve("begun");
    String stubborn =
        "repeat tryCatch({ created <- file.create('%s'); repeat NULL }, interrupt = identity)"
            .formatted(begun);
    JsonNode ended = rest.stop(own, rest.post(own, stubborn), begun);
    assertThat(ended.get("state").asText()).isEqualTo("cancelled");
    assertThat(ended.at("/output/evalue").asText()).contains("did not stop", "gone");
    assertThat(text(own, "40 + 2")).startsWith("[1] 42").contains("started again");
    rest.call("DELETE", "/sessions/" + own, null);
  }

  @Test
  void deadREndsItsStatementAndTheNextStartsAnother() {
    int own = rest.openSession("{\"kind\": \"sparkr\"}");
    assertThat(rest.run(own, "kept <- 1").at("/output/status").asText()).isEqualTo("ok");
    assertThat(rest.run(own, "q(status = 3)").at("/output/evalue").asText())
        .contains("exit code 3")
        .contains("gone");
    assertThat(text(own, "exists('kept')"))
        .startsWith("[1] FALSE\n")
        .contains("what was defined before its end is gone")
        .doesNotContain("plain R");
    assertThat(rest.run(own, "tools::pskill(Sys.getpid(), 9)").at("/output/evalue").asText())
        .contains("killed by signal 9");
    assertThat(text(own, "invisible(closeAllConnections())")).contains("started again");
    assertThat(text(own, "6 * 7")).isEqualTo("[1] 42");
    rest.call("DELETE", "/sessions/" + own, null);
  }

  @Test
  void sessionWithoutRFailsAtItsStartAndASharedOneAtTheStatement() {
    ObjectNode request = RestClient.JSON.createObjectNode().put("kind", "sparkr");
    request.set("conf", RestClient.JSON.createObjectNode().put("spark.r.command", "/nowhere/R"));
    int failed = rest.call("POST", "/sessions", request.toString()).get("id").asInt();
    await().atMost(60, TimeUnit.SECONDS).until(() -> rest.state(failed).equals("dead"));
    assertThat(rest.call("GET", "/sessions/" + failed + "/log", null).get("log").toString())
        .contains("R is not installed")
        .contains("/nowhere/R, which spark.r.command names")
        .contains("r-base-core");

    int shared = rest.openSession(request.put("kind", "shared").toString());
    String body = "{\"kind\": \"sparkr\", \"code\": \"1\"}";
    int statement =
        rest.call("POST", "/sessions/" + shared + "/statements", body).get("id").asInt();
    assertThat(rest.await(shared, statement).at("/output/evalue").asText())
        .contains("R is not installed");
    rest.call("DELETE", "/sessions/" + shared, null);
  }

  /**
   * SparkR comes only with whole distributions of Spark, so it is tested only where somebody has
   * put it into a folder of R_LIBS.
   */
  @TestFactory
  List<DynamicTest> sparkRWorksOnTheSessionsSpark() {
    if (sparkR().isEmpty()) {
      System.out.println("RSessionIT: no folder of R_LIBS has SparkR: not tested.");
      return List.of();
    }
    return List.of(
        dynamicTest(
            "with SparkR",
            () -> {
              assertThat(text("collect(sql('select 40 + 2 as n'))$n")).isEqualTo("[1] 42");
              run("three <- createDataFrame(data.frame(n = 1:3))");
              assertThat(text("count(three)")).isEqualTo("[1] 3");
              assertThat(run("%json three").at("/data/application~1json").toString())
                  .isEqualTo("[{\"n\":1},{\"n\":2},{\"n\":3}]");
              run("createOrReplaceTempView(three, 'three')");
              String body = "{\"kind\": \"sql\", \"code\": \"select sum(n) as s from three\"}";
              int sum =
                  rest.call("POST", "/sessions/" + session + "/statements", body).get("id").asInt();
              assertThat(
                      rest.await(session, sum).at("/output/data/application~1json/data").toString())
                  .isEqualTo("[[6]]");
            }));
  }

  private static Optional<Path> sparkR() {
    String folders = System.getenv().getOrDefault("R_LIBS", "");
    return Stream.of(folders.split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, "SparkR"))
        .filter(Files::isDirectory)
        .findFirst();
  }

  @Test
  void sharedValuesComeAndGo() {
    run(
        "%scala val shared = Map(\"low\" -> Seq(1, 2), \"name\" -> \"it's \\\"quoted\\\"\")\n"
            + "%scala val frame = spark.range(3).selectExpr(\"id\", \"cast(id as string) as text\")\n"
            + "%scala val unused = Seq(\"shared\" -> shared, \"frame\" -> frame)"
            + ".foreach { case (name, value) => kernel.share(name, value) }");

    assertThat(text("%shared shared\nsum(shared$low)")).isEqualTo("[1] 3");
    assertThat(text("cat(shared$name)")).isEqualTo("it's \"quoted\"");
    assertThat(text("%shared frame as copy\npaste(class(copy), nrow(copy), copy$text[2])"))
        .isEqualTo("[1] \"data.frame 3 1\"");
    assertThat(text("back <- data.frame(n = 1:2)\n%share back\n%python kernel.shared('back')"))
        .contains("1", "2");
  }

  @Test
  void datesOfAllTimesAreShown() {
    JsonNode output =
        rest.run(
                session,
                "days <- as.Date(c('2024-02-29', NA, '0080-11-04'))\n"
                    + "days <- c(days, days[1] + 1e7)\n%json days")
            .get("output");
    assertThat(output.at("/data/application~1json").toString())
        .isEqualTo("[\"2024-02-29\",null,\"0080-11-04\",\"+29403-03-27\"]");
  }

  @Test
  void forkedChildrenThatPlotDoNotSpeakForR() {
    assertThat(
            text(
                "children <- parallel::mclapply(1:2, function(n) {"
                    + " pdf(NULL); plot(n); plot(n); dev.off(); n * 21 })\nsum(unlist(children))"))
        .endsWith("[1] 63");
  }
}
