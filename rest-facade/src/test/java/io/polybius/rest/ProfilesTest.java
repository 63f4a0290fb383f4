package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.LaunchProfile;
import io.polybius.session.LaunchProfiles;
import io.polybius.session.SubmissionRules;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launch profiles, as clients of the REST API choose them. */
@Timeout(20)
class ProfilesTest {

  private static final LaunchProfile LARGE =
      new LaunchProfile(
          "large",
          "YARN, large",
          Optional.empty(),
          Map.of("spark.master", "yarn", "spark.driver.memory", "4g", "spark.a", "profile"));

  private final TestingRestServer server =
      new TestingRestServer(
          ScriptedLauncher.ready(Script.TINY),
          new SubmissionRules(
              new SubmissionRules.Options(
                  Set.of(),
                  List.of(),
                  "hdfs://nn",
                  List.of(),
                  false,
                  Set.of(),
                  new LaunchProfiles(List.of(LARGE), Optional.empty()))));

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void driverOfASessionGetsTheSettingsOfItsProfile() throws Exception {
    HttpResponse<String> opened =
        server.post(
            "/sessions",
            "{\"kind\":\"spark\",\"driverMemory\":\"1g\",\"conf\":"
                + "{\"polybius.profile\":\"large\",\"spark.master\":\"local\"}}");
    assertThat(opened.statusCode()).isEqualTo(201);
    server.launcher().nextDriver();

    ApplicationSettings launched = server.launcher().newestSpec().settings().application();

    assertThat(launched.master()).contains("yarn");
    assertThat(launched.sparkConf(Map.of()))
        .containsEntry("spark.driver.memory", "1g")
        .containsEntry("spark.a", "profile");
    assertThat(json(server.get("/sessions/0")).get("conf"))
        .isEqualTo(json(opened).get("conf"))
        .hasToString("{\"polybius.profile\":\"large\",\"spark.master\":\"local\"}");
  }

  @Test
  void programOfABatchGetsTheSettingsOfItsProfile() throws Exception {
    server.post(
        "/batches",
        "{\"file\":\"/pi.jar\",\"conf\":{\"polybius.profile\":\"large\",\"spark.a\":\"asked\"}}");

    ApplicationSettings launched = server.batchLauncher().next().spec().settings().application();

    assertThat(launched.master()).contains("yarn");
    assertThat(launched.sparkConf(Map.of()))
        .containsEntry("spark.driver.memory", "4g")
        .containsEntry("spark.a", "asked");
  }

  @Test
  void aProfileThatIsNotThereIsABadRequestThatListsThoseThatAre() {
    String conf = "\"conf\":{\"polybius.profile\":\"huge\"}";
    for (HttpResponse<String> refused :
        List.of(
            server.post("/sessions", "{" + conf + "}"),
            server.post("/batches", "{\"file\":\"/pi.jar\"," + conf + "}"))) {
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body())
          .contains("There is no launch profile 'huge' here. polybius.profile can be: large");
    }
  }
}
