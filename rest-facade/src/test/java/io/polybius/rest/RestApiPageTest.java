package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.CoreSettings;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** docs/rest-api.md speaks of each route, and of no others. */
@Timeout(20)
class RestApiPageTest {

  private static final String ALIAS = "GET /sessions/{session}/logs";

  @Test
  void eachRouteHasItsHeading() throws Exception {
    Path page = Path.of(System.getProperty("polybius.home"), "docs", "rest-api.md");
    List<String> headings =
        Files.readAllLines(page).stream()
            .filter(line -> line.startsWith("### "))
            .map(line -> line.substring("### ".length()))
            .toList();
    List<String> routes;
    try (SessionService sessions =
        new SessionService(
            ScriptedLauncher.ready(Script.TINY),
            CoreSettings.of(SessionLimits.DEFAULT),
            Clock.systemUTC())) {
      routes =
          new Routes(
                  new VersionApi(TestingRestServer.VERSION),
                  new SessionsApi(sessions),
                  new StatementsApi(sessions, new Json()))
              .table().stream()
                  .map(route -> route.method() + " /" + String.join("/", route.template()))
                  .filter(route -> !route.equals(ALIAS))
                  .toList();
    }

    assertThat(headings).containsExactlyInAnyOrderElementsOf(routes);
  }
}
