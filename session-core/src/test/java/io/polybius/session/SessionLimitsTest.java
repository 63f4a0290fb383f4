package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class SessionLimitsTest {

  @Test
  void aSessionMayHaveLimitsOfItsOwn() {
    SessionLimits limits =
        SessionLimits.DEFAULT.forSession(
            Map.of(
                "livy.rsc.server.connect.timeout", "5m",
                "livy.rsc.job-cancel.timeout", "1500",
                "livy.rsc.retained-statements", " 7 "));

    assertThat(limits)
        .isEqualTo(
            SessionLimits.DEFAULT
                .withStartTimeout(Duration.ofMinutes(5))
                .withCancelTimeout(Duration.ofMillis(1500))
                .withRetainedStatements(7));
    assertThat(SessionLimits.KEYS_OF_SESSIONS)
        .containsExactlyInAnyOrder(
            "livy.rsc.server.connect.timeout",
            "livy.rsc.job-cancel.timeout",
            "livy.rsc.retained-statements");
  }

  @Test
  void oldSpellingsAreTakenUnlessTheNewOneIsThere() {
    assertThat(
            SessionLimits.DEFAULT
                .forSession(
                    Map.of(
                        "livy.rsc.job_cancel.timeout", "5s",
                        "livy.rsc.retained_statements", "3",
                        "livy.rsc.retained-statements", "4"))
                .withRetainedStatements(1000))
        .isEqualTo(SessionLimits.DEFAULT.withCancelTimeout(Duration.ofSeconds(5)));
    assertThat(
            SessionLimits.DEFAULT
                .forSession(
                    Map.of(
                        "livy.rsc.retained_statements", "3", "livy.rsc.retained-statements", "4"))
                .retainedStatements())
        .isEqualTo(4);
  }

  @Test
  void otherSettingsAreLeftAlone() {
    assertThat(
            SessionLimits.DEFAULT.forSession(
                Map.of(
                    "livy.uri", "http://localhost:8998",
                    "livy.client.http.connection.timeout", "nonsense",
                    "livy.rsc.rpc.threads", "nonsense",
                    "livy.server.session.timeout", "1ms",
                    "spark.app.name", "x")))
        .isEqualTo(SessionLimits.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource({
    "livy.rsc.server.connect.timeout, soon, Invalid time string: soon",
    "livy.rsc.server.connect.timeout, 5years, Invalid suffix: \"years\"",
    "livy.rsc.server.connect.timeout, 0s, Invalid value: 0s",
    "livy.rsc.server.connect.timeout, -1s, Invalid value: -1s",
    "livy.rsc.server.connect.timeout, 999999999999d, Invalid time string: 999999999999d",
    "livy.rsc.job-cancel.timeout, '', 'Invalid time string: '",
    "livy.rsc.job-cancel.timeout, 0, Invalid value: 0",
    "livy.rsc.retained-statements, 0, Invalid value: 0",
    "livy.rsc.retained-statements, -1, Invalid value: -1",
    "livy.rsc.retained-statements, many, Invalid value: many",
    "livy.rsc.retained-statements, 3000000000, Invalid value: 3000000000"
  })
  void limitsThatMakeNoSenseAreRejected(String key, String value, String why) {
    assertThatThrownBy(() -> SessionLimits.DEFAULT.forSession(Map.of(key, value)))
        .isInstanceOfSatisfying(
            SessionException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.REJECTED))
        .hasMessage(key + ": " + why);
  }

  @Test
  void timesThatNoTimerCanCountAreNone() {
    for (String text : List.of("999999999999d", "-999999999999d", "999999999999999d")) {
      assertThatThrownBy(() -> TimeText.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Invalid time string: " + text);
    }
    assertThat(TimeText.parse("3650d")).isEqualTo(Duration.ofDays(3650));
  }
}
