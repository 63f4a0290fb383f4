package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.tests.ExamplePage.Example;
import io.polybius.tests.ExamplePage.Section;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class ExamplePageTest {

  private static final String PAGE =
      """
      # Title

      ```
      api=http://127.0.0.1:8998
      ```

      ### GET /version

      ```
      $ curl -s $api/version
      {"version":"0.9.0"}
      ```

      ### POST /sessions

      Two commands, the second in two lines.

      ```
      $ echo nothing
      $ curl -s $api/sessions \\
          -d '{}'
      HTTP/1.1 201 Created

      {}
      ```

      ### DELETE /sessions/{session}

      ```
      $ curl -s $api/sessions/0
      {}
      ```

      ### PUT /bare

      ```
      {"this": "is no example"}
      ```
      """;

  private final ExamplePage page = ExamplePage.parse(PAGE.lines().toList());

  @ParameterizedTest
  @CsvSource({"'',true", "...,false", "'...\n\n ...\n',false", "'a ...',true", "{...},true"})
  void exampleThatShowsOnlyGapsSaysNothing(String shown, boolean says) {
    assertThat(new Example(1, "curl -s $api/", shown).saysWhatComesOut()).isEqualTo(says);
  }

  @ParameterizedTest
  @CsvSource({
    "curl -s $api/,0,true",
    "curl -s $api/,7,false",
    "curl -s $api/,28,false",
    "curl -s --max-time 2 $api/,28,true",
    "curl -s --max-time 2 $api/,7,false",
  })
  void commandEndsWellWithoutAnErrorOrAtItsOwnTime(String command, int exitCode, boolean well) {
    assertThat(new Example(1, command, "").endsWellWith(exitCode)).isEqualTo(well);
  }

  @Test
  void blocksThatBeginWithAPromptAreExamples() {
    assertThat(page.sections().stream().flatMap(section -> section.examples().stream()))
        .containsExactly(
            new Example(10, "curl -s $api/version", "{\"version\":\"0.9.0\"}\n"),
            new Example(19, "echo nothing", ""),
            new Example(
                20, "curl -s $api/sessions \\\n    -d '{}'", "HTTP/1.1 201 Created\n\n{}\n"),
            new Example(30, "curl -s $api/sessions/0", "{}\n"));
  }

  @Test
  void routesWithoutAnExampleOfTheirOwnAreFound() {
    assertThat(page.sections().stream().filter(Section::isRoute).map(Section::heading))
        .containsExactly(
            "GET /version", "POST /sessions", "DELETE /sessions/{session}", "PUT /bare");
    assertThat(page.sections().stream().filter(Section::callsItsRoute).map(Section::heading))
        .containsExactly("GET /version", "POST /sessions");
  }

  @ParameterizedTest
  @CsvSource({
    "GET /sessions/{session}/log, curl -s $api/sessions/0/log, true",
    "GET /sessions/{session}/log, curl -s \"$api/sessions/etl/log?from=0\", true",
    "GET /sessions/{session}, curl -s $api/sessions/0/log, false",
    "GET /sessions/{session}, curl -s $api/sessions, false",
    "DELETE /sessions/{session}, curl -s -X DELETE $api/sessions/0, true",
    "POST /sessions/{session}/connect, curl -sX POST $api/sessions/0/connect, true",
    "POST /sessions/{session}/connect, curl -s $api/sessions/0/connect, false",
    "POST /sessions, curl -si $api/sessions -d '{}', true",
    "POST /sessions, curl -si $api/sessions --data-binary @body, true",
  })
  void anExampleCallsTheRouteOfItsMethodAndPath(String heading, String command, boolean calls) {
    assertThat(new Section(heading, List.of(new Example(1, command, ""))).callsItsRoute())
        .isEqualTo(calls);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"id\":0}", "{\"id\":0,\"log\":[\"a\\nb\"]}", "{\"id\":0\n,\n}"})
  void dotsStandForAnything(String printed) {
    assertThat(new Example(1, "", "{\"id\":0 ...}\n").isShownBy(printed)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"id\":1}", "{\"id\":0", "x{\"id\":0}", "{\"id\":0}x"})
  void everythingElseMustBeTheSame(String printed) {
    assertThat(new Example(1, "", "{\"id\":0 ...}\n").isShownBy(printed)).isFalse();
  }

  @Test
  void dotsAtTheEndStandForWhatFollows() {
    Example example = new Example(1, "", "HTTP/1.1 200 OK\n...\n");
    assertThat(example.isShownBy("HTTP/1.1 200 OK\r\nDate: today\r\n\r\n{}")).isTrue();
    assertThat(example.isShownBy("HTTP/1.1 404 Not Found\r\n")).isFalse();
  }

  @Test
  void timesAndIdsOfApplicationsMayDiffer() {
    Example example = new Example(1, "", "{\"appId\":\"local-1\",\"started\":12,\"completed\":0}");
    assertThat(example.isShownBy("{\"appId\":\"app-2\",\"started\":34,\"completed\":0}")).isTrue();
    assertThat(example.isShownBy("{\"appId\":null,\"started\":34,\"completed\":0}")).isFalse();
    assertThat(example.isShownBy("{\"appId\":\"a\",\"started\":0,\"completed\":0}")).isFalse();
    assertThat(example.isShownBy("{\"appId\":\"a\",\"started\":34,\"completed\":5}")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "curl -s $api/sessions, true",
    "curl -s \"$api/sessions?from=0\", true",
    "curl -s $api/sessions/0/completion -d '{}', true",
    "curl -s $api/sessions -d '{}', false",
    "curl -s -X DELETE $api/sessions/0, false",
    "echo word, false",
  })
  void onlyWhatReadsMayBeRepeated(String command, boolean reads) {
    assertThat(new Example(1, command, "").onlyReads()).isEqualTo(reads);
  }
}
