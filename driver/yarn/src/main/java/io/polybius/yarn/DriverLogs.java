package io.polybius.yarn;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.yarn.api.ApplicationClientProtocol;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationAttemptReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetContainerReportRequest;
import org.apache.hadoop.yarn.api.records.ApplicationAttemptId;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.ContainerId;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.exceptions.YarnException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What drivers' containers print, and where the pages are that show it. YARN tells it while a
 * container runs, so each is asked for once and remembered: the page goes on to the log when the
 * container has ended.
 */
final class DriverLogs {

  private static final Logger log = LoggerFactory.getLogger(DriverLogs.class);
  private static final int REMEMBERED = 1000;

  /** A driver that fails early never gets as far as to be running. */
  private static final Set<YarnApplicationState> MAY_HAVE_CONTAINER =
      EnumSet.of(YarnApplicationState.ACCEPTED, YarnApplicationState.RUNNING);

  private static final List<String> STREAMS = List.of("stdout", "stderr");
  private static final int MOST_BYTES = 64 << 10;
  private static final int PATIENCE_MILLIS = 4000;

  /** The page of a container's log, as a NodeManager has it. */
  private static final Pattern PAGE =
      Pattern.compile("(?<node>https?://[^/]+)/node/containerlogs/(?<container>[^/]+)/[^/]+/?");

  private static final Pattern CONTENTS =
      Pattern.compile("(?s)LogContents:\\R(.*?)(?=\\REnd of LogType:|$)");

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
    if (!MAY_HAVE_CONTAINER.contains(application.getYarnApplicationState())) {
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

  /**
   * Returns what the newest driver of an application has printed last, as its NodeManager tells.
   *
   * @param most how many lines of each stream
   * @throws IOException if that does not tell it; the message names the page for people
   */
  List<String> newestLines(ApplicationId application, int most) throws IOException {
    Optional<String> page;
    synchronized (urls) {
      page =
          urls.entrySet().stream()
              .filter(entry -> entry.getKey().getApplicationId().equals(application))
              .max(Map.Entry.comparingByKey())
              .map(Map.Entry::getValue);
    }
    if (page.isEmpty()) {
      return List.of();
    }
    Matcher parts = PAGE.matcher(page.get());
    if (!parts.matches()) {
      throw new IOException("see " + page.get());
    }
    List<String> all = new ArrayList<>();
    for (String stream : STREAMS) {
      List<String> lines =
          read(
              parts.replaceFirst("${node}/ws/v1/node/containerlogs/${container}/" + stream),
              page.get());
      all.addAll(lines.subList(Math.max(0, lines.size() - most), lines.size()));
    }
    return all;
  }

  private static List<String> read(String address, String page) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) new URL(address + "?size=-" + MOST_BYTES).openConnection();
    connection.setInstanceFollowRedirects(false);
    connection.setConnectTimeout(PATIENCE_MILLIS);
    connection.setReadTimeout(PATIENCE_MILLIS);
    connection.setRequestProperty("Accept", "text/plain");
    try (InputStream in = connection.getInputStream()) {
      // The NodeManager writes a few lines before and after it.
      String answer = new String(in.readNBytes(2 * MOST_BYTES), StandardCharsets.UTF_8);
      return CONTENTS.matcher(answer).results().flatMap(log -> log.group(1).lines()).toList();
    } catch (IOException e) {
      throw new IOException("see " + page + " (" + e.getMessage() + ")", e);
    } finally {
      connection.disconnect();
    }
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
