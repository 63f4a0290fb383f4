package io.polybius.kernel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.session.ApplicationSettings;
import io.polybius.session.Kind;
import io.polybius.session.LaunchProfile;
import io.polybius.session.LaunchProfiles;
import io.polybius.session.SubmissionRules;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Launch profiles, which notebooks are offered as kernels. */
@Timeout(30)
class ProfileKernelsTest {

  private static final LaunchProfile LARGE =
      new LaunchProfile(
          "Large-1", "YARN, large", Optional.empty(), Map.of("spark.driver.memory", "4g"));
  private static final LaunchProfile TABLES =
      new LaunchProfile(
          "1", "tables", Optional.of(List.of(Kind.SQL)), Map.of("spark.driver.memory", "1g"));

  @TempDir Path folder;
  private final ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
  private TestingGateway gateway;

  @BeforeEach
  void start() {
    gateway = gateway(LARGE, TABLES);
  }

  @AfterEach
  void stop() {
    gateway.close();
  }

  private TestingGateway gateway(LaunchProfile... profiles) {
    return TestingGateway.start(
        folder.resolve("run"),
        launcher,
        folder.resolve("store"),
        0,
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of(),
                List.of(),
                "file:///",
                List.of(),
                false,
                Set.of(),
                new LaunchProfiles(List.of(profiles), Optional.empty()))));
  }

  @Test
  void eachLanguageHasAKernelspecOfEachProfileForIt() throws Exception {
    JsonNode answer = gateway.call("GET", "/api/kernelspecs", "").body();

    assertThat(answer.path("default").asText()).isEqualTo("polybius-scala");
    assertThat(answer.path("kernelspecs").fieldNames())
        .toIterable()
        .containsExactly(
            "polybius-scala",
            "polybius-python",
            "polybius-r",
            "polybius-sql",
            "polybius-scala-large-1",
            "polybius-python-large-1",
            "polybius-r-large-1",
            "polybius-sql-large-1",
            "polybius-sql-1");
    JsonNode large = answer.at("/kernelspecs/polybius-scala-large-1");
    assertThat(large.at("/spec/display_name").asText()).isEqualTo("Spark Scala (YARN, large)");
    assertThat(large.at("/spec/language").asText()).isEqualTo("scala");
    String logo = large.at("/resources/logo-svg").asText();
    assertThat(logo).isEqualTo("/kernelspecs/polybius-scala-large-1/logo-svg.svg");
    assertThat(gateway.call("GET", logo.replace("logo-svg.svg", "kernel.json"), "").status())
        .isEqualTo(404);
  }

  @Test
  void kernelOfAProfileOpensASessionWithIt() throws Exception {
    for (String name : List.of("polybius-scala-large-1", "Spark-Large-1", "scala-large-1")) {
      JsonNode made =
          create("{\"name\":\"%s\",\"env\":{\"KERNEL_PROFILE\":\"1\"}}".formatted(name));
      assertThat(made.path("name").asText()).as(name).isEqualTo("polybius-scala-large-1");
      assertThat(newest().conf()).isEqualTo(Map.of("polybius.profile", "Large-1"));
      launcher.nextDriver();
      assertThat(launcher.newestSpec().settings().application().conf())
          .containsEntry("spark.driver.memory", "4g");
    }
    create("{\"name\":\"polybius-sql-1\"}");
    assertThat(newest().profile()).contains("1");
    create("{\"name\":\"polybius-scala\"}");
    assertThat(newest().profile()).isEmpty();
    assertThat(gateway.call("POST", "/api/kernels", "{\"name\":\"polybius-scala-1\"}").status())
        .isEqualTo(400);
  }

  @Test
  void variableOfTheClientChoosesAProfile() throws Exception {
    JsonNode made = create("{\"name\":\"spark\",\"env\":{\"KERNEL_PROFILE\":\"Large-1\"}}");

    assertThat(made.path("name").asText()).isEqualTo("polybius-scala");
    assertThat(newest().profile()).contains("Large-1");
    TestingGateway.Answer refused =
        gateway.call("POST", "/api/kernels", "{\"env\":{\"KERNEL_PROFILE\":\"huge\"}}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().path("message").asText())
        .isEqualTo("There is no launch profile 'huge' here. polybius.profile can be: Large-1, 1");
  }

  @Test
  void kernelGoesOnWithALaterServerWithoutItsProfile() throws Exception {
    String id = create("{\"name\":\"polybius-sql-1\"}").path("id").asText();
    gateway.close();
    gateway = gateway();

    JsonNode kernel = gateway.call("GET", "/api/kernels/" + id, "").body();

    assertThat(kernel.path("name").asText()).isEqualTo("polybius-sql-1");
    assertThat(gateway.sessions().session("0").settings().application().profile()).contains("1");
  }

  private JsonNode create(String body) throws Exception {
    TestingGateway.Answer made = gateway.call("POST", "/api/kernels", body);
    assertThat(made.status()).as(body).isEqualTo(201);
    return made.body();
  }

  private ApplicationSettings newest() {
    return gateway
        .sessions()
        .sessions()
        .get(gateway.sessions().sessions().size() - 1)
        .settings()
        .application();
  }
}
