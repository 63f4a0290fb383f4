package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The REST door on a real Spark, one session for all. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SparkSessionIT {

  private RunningServer server;
  private RestClient rest;
  private int session;

  @BeforeAll
  void openSession() throws Exception {
    server =
        RunningServer.start(
            "polybius.profile.two.spark.master=local[2]",
            "polybius.profile.two.spark.asked=profile",
            "polybius.profile.two.spark.note=profile");
    rest = server.rest();
    session =
        rest.openSession(
            "{\"kind\": \"spark\", \"conf\": {\"polybius.profile\": \"two\", \"spark.asked\": \"user\"}}");
  }

  @AfterAll
  void stopServer() throws Exception {
    server.close();
  }

  @Test
  void settingsOfItsLaunchProfileReachSparkWhereTheUserAskedForNothingElse() {
    JsonNode output =
        rest.run(
                session,
                "println(Seq(sc.master, sc.getConf.get(\"spark.note\"),"
                    + " sc.getConf.get(\"spark.asked\")).mkString(\" \"))")
            .get("output");
    assertThat(output.at("/data/text~1plain").asText()).isEqualTo("local[2] profile user\n");
  }

  @Test
  void resultsHaveTheFormThatLivyGivesThem() {
    JsonNode output = rest.run(session, "1 + 1").get("output");
    assertThat(output.get("status").asText()).isEqualTo("ok");
    assertThat(output.at("/data/text~1plain").asText()).matches("res\\d+: Int = 2\n");
    assertThat(output.get("data")).hasSize(1);
  }

  @Test
  void errorsHaveTheFormThatLivyGivesThem() {
    JsonNode output = rest.run(session, "sys.error(\"boom\")").get("output");
    assertThat(output.get("status").asText()).isEqualTo("error");
    assertThat(output.get("ename").asText()).isEqualTo("Error");
    assertThat(output.get("evalue").asText()).isEqualTo("java.lang.RuntimeException: boom");
    assertThat(output.get("traceback")).isNotEmpty().allMatch(line -> line.asText().endsWith("\n"));

    JsonNode compile = rest.run(session, "nothingOfThatName").get("output");
    assertThat(compile.get("evalue").asText())
        .matches("<console>:\\d+: error: not found: value nothingOfThatName");

    JsonNode incomplete = rest.run(session, "Seq(1, 2").get("output");
    assertThat(incomplete.get("evalue").asText()).isEqualTo("incomplete statement");
  }

  @Test
  void jsonMagicShowsScalaAndSparkValues() {
    JsonNode caseClass =
        rest.run(
            session,
            """
            case class City(name: String, people: Option[Long], tags: Seq[String])
            val cities = Seq(City("Rome", Some(2800000L), Seq("old")), City("Atlantis", None, Nil))
            %json cities""");
    assertThat(caseClass.at("/output/data/application~1json").toString())
        .isEqualTo(
            "[{\"name\":\"Rome\",\"people\":2800000,\"tags\":[\"old\"]},{\"name\":\"Atlantis\",\"tags\":[]}]");

    JsonNode rdd = rest.run(session, "val rdd = sc.parallelize(Seq(3, 1, 2))\n%json rdd");
    assertThat(rdd.at("/output/data/application~1json").toString()).isEqualTo("[3,1,2]");

    JsonNode frame = rest.run(session, "val frame = spark.range(2).toDF(\"n\")\n%json frame");
    assertThat(frame.at("/output/data/application~1json").toString())
        .isEqualTo("[{\"n\":0},{\"n\":1}]");

    JsonNode dataset = rest.run(session, "val typed = cities.toDS\n%json typed");
    assertThat(dataset.at("/output/data/application~1json/0/name").asText()).isEqualTo("Rome");
  }

  @Test
  void tableMagicShowsCollectionsAndDataFrames() {
    JsonNode table =
        rest.run(
                session,
                "val people = Seq(Map(\"name\" -> \"Ada\", \"born\" -> 1815), Map(\"name\" -> \"Alan\", \"born\" -> 1912))\n%table people")
            .at("/output/data/application~1vnd.livy.table.v1+json");
    assertThat(table.get("headers").toString())
        .isEqualTo(
            "[{\"name\":\"born\",\"type\":\"BIGINT_TYPE\"},{\"name\":\"name\",\"type\":\"STRING_TYPE\"}]");
    assertThat(table.get("data").toString()).isEqualTo("[[1815,\"Ada\"],[1912,\"Alan\"]]");

    JsonNode frame =
        rest.run(
                session,
                "val grown = spark.range(5000).selectExpr(\"id\", \"cast(id as string) as text\", \"id / 2 as half\", \"null as none\")\n%table grown")
            .at("/output/data/application~1vnd.livy.table.v1+json");
    assertThat(frame.get("data")).hasSize(1000);
    assertThat(frame.at("/headers/0/type").asText()).isEqualTo("BIGINT_TYPE");
    assertThat(frame.at("/headers/2/type").asText()).isEqualTo("DOUBLE_TYPE");
  }

  @Test
  void unknownMagicsAndNamesAreNamed() {
    JsonNode magic = rest.run(session, "%jsn x").get("output");
    assertThat(magic.get("ename").asText()).isEqualTo("UnknownMagic");
    assertThat(magic.get("evalue").asText()).contains("Unknown magic command jsn");
    JsonNode name = rest.run(session, "%json nobody").get("output");
    assertThat(name.get("ename").asText()).isEqualTo("NameError");
    assertThat(name.get("evalue").asText()).isEqualTo("Value nobody does not exist");
  }

  @Test
  void cancelStopsAnEndlessLoopAndLeavesTheSessionUsable() {
    int endless = rest.post(session, "while (true) {}");
    await().atMost(30, TimeUnit.SECONDS).until(() -> state(endless).equals("running"));
    rest.call("POST", "/sessions/" + session + "/statements/" + endless + "/cancel", "");
    assertThat(rest.await(session, endless).get("state").asText()).isEqualTo("cancelled");
    assertThat(rest.run(session, "40 + 2").at("/output/data/text~1plain").asText()).contains("42");
  }

  @Test
  void progressIsShownWhileAJobRuns() {
    int job =
        rest.post(session, "sc.parallelize(1 to 20, 20).map { i => Thread.sleep(200); i }.count()");
    await()
        .atMost(60, TimeUnit.SECONDS)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> rest.statement(session, job).get("progress").asDouble(),
            progress -> progress > 0.0 && progress < 1.0);
    assertThat(rest.await(session, job).get("progress").asDouble()).isEqualTo(1.0);
  }

  @Test
  void secretsAreInNoCommandLineAndNoReadableFile() throws Exception {
    assertThat(server.drivers()).hasSize(1);
    ProcessHandle driver = server.drivers().get(0);
    assertThat(Commands.commandLine(driver))
        .contains("DriverMain")
        .doesNotContain("password", "secret=");
    for (Path file : server.stateFiles()) {
      if (Files.exists(file)
          && !file.toString().contains("/classes/")
          && !file.toString().contains("/spark/")) {
        Path folder = file.getParent();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
            .as(folder.toString())
            .isEqualTo("rwx------");
      }
    }
    assertThat(server.stateFiles()).noneMatch(file -> file.toString().endsWith(".p12"));
    assertThat(server.stateFiles())
        .noneMatch(file -> file.toString().endsWith("driver.properties"));
  }

  @Test
  void sessionsThatCannotStartAreDeadAndSayWhy() throws Exception {
    try (RunningServer broken = RunningServer.start("livy.server.spark-home=/nonexistent/spark")) {
      RestClient client = broken.rest();
      int id = client.call("POST", "/sessions", "{}").get("id").asInt();
      await().atMost(20, TimeUnit.SECONDS).until(() -> client.state(id).equals("dead"));
      String log = client.call("GET", "/sessions/" + id + "/log", null).get("log").toString();
      assertThat(log).contains("livy.server.spark-home", "/nonexistent/spark");
      HttpResponse<String> refused =
          client.send("POST", "/sessions/" + id + "/statements", "{\"code\": \"1\"}");
      assertThat(refused.statusCode()).isEqualTo(500);
      assertThat(refused.body()).contains("Session is in state dead");
    }
  }

  private String state(int statement) {
    return rest.statement(session, statement).get("state").asText();
  }
}
