package io.polybius.yarn;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.ClusterApplication.State;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class YarnReportsTest {

  @ParameterizedTest
  @CsvSource({
    "NEW, UNDEFINED, SUBMITTED",
    "NEW_SAVING, UNDEFINED, SUBMITTED",
    "SUBMITTED, UNDEFINED, SUBMITTED",
    "ACCEPTED, UNDEFINED, ACCEPTED",
    "RUNNING, UNDEFINED, RUNNING",
    "RUNNING, SUCCEEDED, RUNNING",
    "FINISHED, SUCCEEDED, SUCCEEDED",
    "FINISHED, FAILED, FAILED",
    "FINISHED, KILLED, KILLED",
    "FINISHED, UNDEFINED, FAILED",
    "FAILED, FAILED, FAILED",
    "KILLED, KILLED, KILLED"
  })
  void statesAreThoseThatLivySays(
      YarnApplicationState state, FinalApplicationStatus status, State expected) {
    assertThat(YarnReports.state(state, status)).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(FinalApplicationStatus.class)
  void applicationThatHasLeftHasEnded(FinalApplicationStatus status) {
    assertThat(YarnReports.state(YarnApplicationState.FINISHED, status).isFinal()).isTrue();
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " ", "N/A"})
  void addressThatIsNotKnownYetIsEmpty(String reported) {
    assertThat(YarnReports.url(reported)).isEmpty();
  }

  @Test
  void addressesHaveScheme() {
    assertThat(YarnReports.url("rm:8088/proxy/application_1_0001/"))
        .contains("http://rm:8088/proxy/application_1_0001/");
    assertThat(YarnReports.url("https://rm:8090/proxy/")).contains("https://rm:8090/proxy/");
  }
}
