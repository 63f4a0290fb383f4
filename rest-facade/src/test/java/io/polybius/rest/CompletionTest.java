package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a text could go on, as Livy's clients ask for it. */
@Timeout(20)
class CompletionTest {

  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> complete(String body) {
    return server.post("/sessions/0/completion", body);
  }

  @Test
  void candidatesAreNames() {
    server.openIdleSession();

    HttpResponse<String> answer =
        complete("{\"code\":\"print 1\\nwa\",\"kind\":\"spark\",\"cursor\":10}");

    assertThat(answer.body()).isEqualTo("{\"candidates\":[\"wait\",\"warn\"]}");
    assertThat(answer.statusCode()).isEqualTo(200);
  }

  @Test
  void withoutAKindItIsTheSessionsAndWithoutACursorTheEnd() {
    server.openIdleSession();

    assertThat(complete("{\"code\":\"dis\"}").body()).isEqualTo("{\"candidates\":[\"display\"]}");
    assertThat(complete("{\"code\":\"x\"}").body()).isEqualTo("{\"candidates\":[]}");
  }

  @ParameterizedTest
  @CsvSource({"-1, 0", "99, 3", "2, 2", "'\"1\"', 1"})
  void cursorIsKeptInsideOfTheCode(String asked, int told) throws Exception {
    server.close();
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(
                (driver, command) -> {
                  if (command instanceof DriverCommand.Complete) {
                    Script.TINY.onCommand(driver, command);
                  }
                }));
    server.openIdleSession();
    complete("{\"code\":\"abc\",\"cursor\":" + asked + "}");

    DriverCommand.Complete command =
        server.launcher().nextDriver().nextCommand(DriverCommand.Complete.class);

    assertThat(command.cursor()).isEqualTo(told);
    assertThat(command.kind()).isEqualTo("spark");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{'kind':'spark'} | requirement failed: no code provided.",
        "{'code':'a','kind':'cobol'} | Invalid kind: cobol",
        "{'code':'a','kind':'shared'} | Code type should be specified if session kind is shared",
        "{'code':'a','cursor':'x'} | cursor must be a whole number.",
      })
  void whatIsWrongIsABadRequest(String body, String message) {
    server.openIdleSession();

    HttpResponse<String> answer = complete(body.replace('\'', '"'));

    assertThat(answer.body()).isEqualTo("{\"msg\":\"" + message + "\"}");
    assertThat(answer.statusCode()).isEqualTo(400);
  }

  @Test
  void aSessionThatDoesNotRunCannotComplete() {
    server.close();
    server = new TestingRestServer(ScriptedLauncher.slow(Script.TINY));
    server.post("/sessions", "{\"kind\":\"spark\"}");

    assertThat(complete("{\"code\":\"a\"}"))
        .returns(500, HttpResponse::statusCode)
        .extracting(HttpResponse::body)
        .isEqualTo("{\"msg\":\"java.lang.IllegalStateException: Session is in state starting\"}");
    assertThat(server.post("/sessions/7/completion", "{\"code\":\"a\"}").statusCode())
        .isEqualTo(404);
  }
}
