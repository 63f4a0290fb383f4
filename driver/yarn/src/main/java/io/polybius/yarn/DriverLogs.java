package io.polybius.yarn;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.yarn.api.ApplicationClientProtocol;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationAttemptReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetContainerReportRequest;
import org.apache.hadoop.yarn.api.records.ApplicationAttemptId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.ContainerId;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.exceptions.YarnException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the pages are that show what drivers' containers print. YARN tells it while a container
 * runs, so each is asked for once and remembered: the page goes on to the log when the container
 * has ended.
 */
final class DriverLogs {

  private static final Logger log = LoggerFactory.getLogger(DriverLogs.class);
  private static final int REMEMBERED = 1000;

  private final ApplicationClientProtocol resourceManager;
  private final Map<ApplicationAttemptId, String> urls =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ApplicationAttemptId, String> eldest) {
          return size() > REMEMBERED;
        }
      };

  DriverLogs(ApplicationClientProtocol resourceManager) {
    this.resourceManager = resourceManager;
  }

  /**
   * Returns the page of an application's newest driver, if it can be had: it is no more than nice.
   */
  Optional<String> url(ApplicationReport application) {
    ApplicationAttemptId attempt = application.getCurrentApplicationAttemptId();
    if (attempt == null) {
      return Optional.empty();
    }
    synchronized (urls) {
      String known = urls.get(attempt);
      if (known != null) {
        return Optional.of(known);
      }
    }
    if (application.getYarnApplicationState() != YarnApplicationState.RUNNING) {
      return Optional.empty();
    }
    Optional<String> url = ask(attempt);
    url.ifPresent(
        found -> {
          synchronized (urls) {
            urls.put(attempt, found);
          }
        });
    return url;
  }

  private Optional<String> ask(ApplicationAttemptId attempt) {
    try {
      ContainerId container =
          resourceManager
              .getApplicationAttemptReport(GetApplicationAttemptReportRequest.newInstance(attempt))
              .getApplicationAttemptReport()
              .getAMContainerId();
      return YarnReports.url(
          resourceManager
              .getContainerReport(GetContainerReportRequest.newInstance(container))
              .getContainerReport()
              .getLogUrl());
    } catch (YarnException | IOException | RuntimeException e) {
      log.debug("Where the log of {} is cannot be found out", attempt, e);
      return Optional.empty();
    }
  }
}
