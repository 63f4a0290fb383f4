package io.polybius.yarn;

import io.polybius.session.ClusterApplication;
import io.polybius.session.ClusterApplication.State;
import java.util.Optional;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;

/** Puts what YARN says of an application into the words of this project. */
final class YarnReports {

  private static final String NOT_AVAILABLE = "N/A";

  private YarnReports() {}

  static ClusterApplication application(ApplicationReport report, Optional<String> driverLogUrl) {
    return new ClusterApplication(
        report.getApplicationId().toString(),
        state(report.getYarnApplicationState(), report.getFinalApplicationStatus()),
        text(report.getQueue()),
        url(report.getTrackingUrl()),
        driverLogUrl,
        text(report.getDiagnostics()).orElse(""));
  }

  /**
   * Returns the state of an application. One that has left without a word of how it ended has
   * failed: it was not to leave so.
   */
  static State state(YarnApplicationState state, FinalApplicationStatus status) {
    return switch (state) {
      case NEW, NEW_SAVING, SUBMITTED -> State.SUBMITTED;
      case ACCEPTED -> State.ACCEPTED;
      case RUNNING -> State.RUNNING;
      case FINISHED ->
          switch (status) {
            case SUCCEEDED -> State.SUCCEEDED;
            case KILLED -> State.KILLED;
            case FAILED, UNDEFINED, ENDED -> State.FAILED;
          };
      case FAILED -> State.FAILED;
      case KILLED -> State.KILLED;
    };
  }

  /** Returns an address that browsers understand, if there is one yet. */
  static Optional<String> url(String reported) {
    return text(reported)
        .filter(url -> !url.equals(NOT_AVAILABLE))
        .map(url -> url.contains("://") ? url : "http://" + url);
  }

  private static Optional<String> text(String reported) {
    return Optional.ofNullable(reported).map(String::strip).filter(text -> !text.isEmpty());
  }
}
