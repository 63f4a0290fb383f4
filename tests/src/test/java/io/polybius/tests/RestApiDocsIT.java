package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.tests.ExamplePage.Example;
import io.polybius.tests.ExamplePage.Section;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples of docs/rest-api.md, which {@link ExamplePage} finds: all of them, one after the
 * other, by a shell in the root of the source tree, on one server that has just started.
 *
 * <p>A session needs its time to start, and a statement to run. Readers wait without being told, so
 * the page does not: a command that only reads is repeated until it prints what the page shows, and
 * the next command comes after that. All others run once.
 */
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestApiDocsIT {

  private static final Duration COMMAND_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration WAIT = Duration.ofMinutes(3);

  /** The program of the page's batch. */
  private static final String COUNT =
      """
      import sys
      from pyspark.sql import SparkSession

      print(SparkSession.builder.getOrCreate().range(int(sys.argv[1])).count())
      """;

  @TempDir private Path jobs;
  private ExamplePage page;

  @BeforeAll
  void readPage() throws Exception {
    Path file = Commands.HOME.resolve("docs/rest-api.md");
    page = ExamplePage.parse(Files.readAllLines(file));
  }

  @Test
  void eachRouteHasAnExampleThatCallsIt() {
    List<Section> routes = page.sections().stream().filter(Section::isRoute).toList();
    assertThat(routes).isNotEmpty();
    assertThat(routes.stream().filter(route -> !route.callsItsRoute()).map(Section::heading))
        .isEmpty();
  }

  @Test
  void eachExampleSaysWhatComesOut() {
    assertThat(page.sections().stream().flatMap(section -> section.examples().stream()))
        .isNotEmpty()
        .allMatch(Example::saysWhatComesOut);
  }

  @Test
  void eachExampleShowsWhatComesOut() throws Exception {
    BatchesIT.assumePython();
    Files.writeString(jobs.resolve("count.py"), COUNT);
    try (RunningServer server = RunningServer.start("livy.file.local-dir-whitelist=" + jobs)) {
      Map<String, String> environment =
          Map.of(
              "api", server.uri().toString(),
              "jobs", jobs.toString(),
              "no_proxy", server.uri().getHost());
      for (Section section : page.sections()) {
        for (Example example : section.examples()) {
          check(example, environment);
        }
      }
    }
  }

  private static void check(Example example, Map<String, String> environment) throws Exception {
    if (!example.onlyReads()) {
      assertShown(example, run(example, environment));
      return;
    }
    String[] printed = {""};
    try {
      Awaitility.await()
          .atMost(WAIT)
          .pollDelay(Duration.ZERO)
          .pollInterval(300, TimeUnit.MILLISECONDS)
          .until(
              () -> {
                printed[0] = run(example, environment);
                return example.isShownBy(printed[0]);
              });
    } catch (ConditionTimeoutException e) {
      assertShown(example, printed[0]);
    }
  }

  private static void assertShown(Example example, String printed) {
    assertThat(example.isShownBy(printed))
        .as(
            "docs/rest-api.md, line %d\n$ %s\nshows\n%sbut what came out is\n%s",
            example.line(), example.command(), example.shown(), printed)
        .isTrue();
  }

  private static String run(Example example, Map<String, String> environment) throws Exception {
    Commands.Result ended =
        Commands.run(
            COMMAND_TIMEOUT, Commands.HOME, environment, List.of("bash", "-c", example.command()));
    assertThat(example.endsWellWith(ended.exitCode()))
        .as(
            "docs/rest-api.md, line %d\n$ %s\nends with exit code %d after\n%s",
            example.line(), example.command(), ended.exitCode(), ended.output())
        .isTrue();
    return ended.output();
  }
}
