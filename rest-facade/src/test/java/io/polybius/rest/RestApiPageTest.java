package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** docs/rest-api.md speaks of each route, and of no others. */
@Timeout(20)
class RestApiPageTest {

  private static final List<String> ALIASES =
      List.of(
          "GET /sessions/{session}/logs",
          "GET /batches/{batch}/logs",
          "GET /ping",
          "GET /threads",
          "GET /healthcheck");

  @Test
  void eachRouteHasItsHeading() throws Exception {
    Path page = Path.of(System.getProperty("polybius.home"), "docs", "rest-api.md");
    List<String> headings =
        Files.readAllLines(page).stream()
            .filter(line -> line.startsWith("### "))
            .map(line -> line.substring("### ".length()))
            .toList();
    List<String> routes;
    try (TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY))) {
      routes =
          server.routes().stream()
              .map(Route::toString)
              .filter(route -> !ALIASES.contains(route))
              .toList();
    }

    assertThat(headings).containsExactlyInAnyOrderElementsOf(routes);
  }
}
