package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * All languages on two Sparks of one server, side by side: the embedded one, which has Scala 2.12,
 * and one of the next generation, which has Scala 2.13.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LanguagesIT {

  private RunningServer server;
  private InterpreterContract.Place onSpark3;
  private InterpreterContract.Place onSpark4;

  @BeforeAll
  @Timeout(1800)
  void openSessions() throws Exception {
    Path unused = DebianPackage.program(List.of("R"), "r-base-core");
    server =
        RunningServer.start(
            "polybius.sparks=spark4="
                + PythonEnvironment.SPARK4.spark()
                + ",package="
                + PythonEnvironment.CLIENTS.spark());
    onSpark3 = open("embedded");
    onSpark4 = open("spark4");
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private InterpreterContract.Place open(String spark) throws Exception {
    RestClient rest = server.rest();
    String python = PythonEnvironment.CLIENTS.programs().resolve("python").toString();
    String conf =
        RestClient.JSON
            .createObjectNode()
            .put("polybius.spark", spark)
            .put("spark.pyspark.python", python)
            .toString();
    int session = rest.openSession("{\"kind\": \"shared\", \"conf\": " + conf + "}");
    // R says once that there is no SparkR.
    JsonNode unused = rest.await(session, rest.post(session, "sparkr", "invisible()"));
    return new InterpreterContract.Place(rest, session);
  }

  @Nested
  class ScalaOnSpark3 extends ScalaContract {
    @Override
    Place place() {
      return onSpark3;
    }
  }

  @Nested
  class ScalaOnSpark4 extends ScalaContract {
    @Override
    Place place() {
      return onSpark4;
    }
  }

  @Nested
  class PythonOnSpark3 extends PythonContract {
    @Override
    Place place() {
      return onSpark3;
    }
  }

  @Nested
  class PythonOnSpark4 extends PythonContract {
    @Override
    Place place() {
      return onSpark4;
    }
  }

  @Nested
  class ROnSpark3 extends RContract {
    @Override
    Place place() {
      return onSpark3;
    }
  }

  @Nested
  class ROnSpark4 extends RContract {
    @Override
    Place place() {
      return onSpark4;
    }
  }

  @Nested
  class SqlOnSpark3 extends SqlContract {
    @Override
    Place place() {
      return onSpark3;
    }
  }

  @Nested
  class SqlOnSpark4 extends SqlContract {
    @Override
    Place place() {
      return onSpark4;
    }
  }

  @Test
  void twoSparksRunSideBySide() {
    assertThat(server.drivers()).hasSizeGreaterThanOrEqualTo(2);
    String scala = "(spark.version, util.Properties.versionNumberString)";
    assertThat(shown(onSpark3, "spark", scala)).contains("= (3.5.5,2.12.");
    assertThat(shown(onSpark4, "spark", scala)).contains("= (4.1.4,2.13.");
    assertThat(shown(onSpark3, "pyspark", "import pyspark\npyspark.__version__, spark.version"))
        .isEqualTo("('3.5.5', '3.5.5')");
    assertThat(shown(onSpark4, "pyspark", "import pyspark\npyspark.__version__, spark.version"))
        .isEqualTo("('4.1.4', '4.1.4')");
  }

  @Test
  void classesOfStatementsReachTheExecutors() {
    String code =
        "case class Point(x: Int, y: Int)\n"
            + "val shift = 1\n"
            + "val moved = Seq(Point(1, 2), Point(3, 4)).toDS.map(p => Point(p.x + shift, p.y))\n"
            + "moved.collect.map(_.x).sum";
    assertThat(shown(onSpark3, "spark", code)).endsWith("Int = 6\n");
    assertThat(shown(onSpark4, "spark", code)).endsWith("Int = 6\n");
  }

  @Test
  void scriptsOfSqlRunWholeOnSpark4() {
    String script = "begin\n  declare x int default 1;\n  set x = x + 41;\n  select x;\nend";
    for (String code : List.of(script, "-- a script\nBEGIN adding: " + script + " adding; END;")) {
      assertThat(
              onSpark4
                  .rest()
                  .run(onSpark4.session(), "sql", code)
                  .at("/output/data/application~1json/data")
                  .toString())
          .as(code)
          .isEqualTo("[[42]]");
    }
  }

  @Test
  void pysparkPackageIsASpark() throws Exception {
    InterpreterContract.Place place = open("package");
    assertThat(shown(place, "spark", "spark.version")).endsWith("= 3.5.6\n");
    assertThat(shown(place, "pyspark", "import pyspark\npyspark.__version__, spark.version"))
        .isEqualTo("('3.5.6', '3.5.6')");
    assertThat(shown(place, "pyspark", "sc.parallelize([3, 1]).map(lambda n: n * 2).collect()"))
        .isEqualTo("[6, 2]");
    place.rest().call("DELETE", "/sessions/" + place.session(), null);
  }

  @Test
  void sparkOfAnUnknownNameIsRefusedWithThoseThatThereAre() {
    String conf = "\"conf\": {\"polybius.spark\": \"spark5\"}}";
    Map<String, String> requests =
        Map.of("/sessions", "{" + conf, "/batches", "{\"file\": \"hdfs:/a.jar\", " + conf);
    for (String path : requests.keySet()) {
      HttpResponse<String> refused = server.rest().send("POST", path, requests.get(path));
      assertThat(refused.statusCode()).as(path).isEqualTo(400);
      assertThat(refused.body())
          .contains("no Spark 'spark5'", "polybius.spark can be: embedded, package, spark4");
    }
  }

  @Test
  void doctorFindsSparksByTheirNamesInSparkHomeAndInThePythonOnThePath() throws Exception {
    Path spark4 = PythonEnvironment.SPARK4.spark();
    String sparks = "polybius.sparks=spark4=" + spark4 + ",gone=" + spark4.resolve("nothing");
    assertThat(doctor(Map.of("SPARK_HOME", spark4.toString()), sparks))
        .contains("sessions use Spark 4.1.4, Scala 2.13.17")
        .containsPattern("\\+ spark4 +Spark 4\\.1\\.4, Scala 2\\.13\\.17 in ")
        .containsPattern("- gone +there are no jars in ");
    String path = PythonEnvironment.CLIENTS.programs() + File.pathSeparator + System.getenv("PATH");
    assertThat(doctor(Map.of("SPARK_HOME", "", "PATH", path), sparks))
        .contains("sessions use Spark 3.5.6, Scala 2.12.18")
        .contains("pyspark of python3");
  }

  private static String doctor(Map<String, String> environment, String setting) throws Exception {
    return Commands.run(
            Duration.ofMinutes(2),
            Commands.HOME,
            environment,
            List.of(Commands.POLYBIUS, "doctor", "--port", "0", "--set", setting))
        .output();
  }

  private static String shown(InterpreterContract.Place place, String kind, String code) {
    return place.rest().run(place.session(), kind, code).at("/output/data/text~1plain").asText();
  }
}
