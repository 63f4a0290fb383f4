package io.polybius.yarn;

import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ipc.Server;
import org.apache.hadoop.yarn.api.ApplicationClientProtocol;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationAttemptReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationAttemptReportResponse;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationReportResponse;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationsRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationsResponse;
import org.apache.hadoop.yarn.api.protocolrecords.GetContainerReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetContainerReportResponse;
import org.apache.hadoop.yarn.api.protocolrecords.KillApplicationRequest;
import org.apache.hadoop.yarn.api.protocolrecords.KillApplicationResponse;
import org.apache.hadoop.yarn.api.records.ApplicationAttemptId;
import org.apache.hadoop.yarn.api.records.ApplicationAttemptReport;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.ContainerId;
import org.apache.hadoop.yarn.api.records.ContainerReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.exceptions.ApplicationNotFoundException;
import org.apache.hadoop.yarn.exceptions.ContainerNotFoundException;
import org.apache.hadoop.yarn.ipc.YarnRPC;
import org.apache.hadoop.yarn.util.Records;

/** What clients see of a ResourceManager, at the real protocol; it says what a test has set. */
final class ScriptedResourceManager implements AutoCloseable {

  static final long CLUSTER = 1_700_000_000_000L;

  private final Map<ApplicationId, ApplicationReport> applications = new ConcurrentHashMap<>();
  private final List<String> killed = new CopyOnWriteArrayList<>();
  private final Server server;

  /** Starts it at a port, or at any if that is 0. */
  ScriptedResourceManager(int port) {
    Configuration settings = new Configuration();
    ApplicationClientProtocol answers =
        (ApplicationClientProtocol)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ApplicationClientProtocol.class},
                (proxy, method, arguments) -> answer(arguments[0]));
    server =
        YarnRPC.create(settings)
            .getServer(
                ApplicationClientProtocol.class,
                answers,
                new InetSocketAddress("127.0.0.1", port),
                settings,
                null,
                1);
    server.start();
  }

  int port() {
    return server.getListenerAddress().getPort();
  }

  List<String> killed() {
    return killed;
  }

  /** Sets, or changes, an application and returns its id. */
  String set(
      int number, YarnApplicationState state, FinalApplicationStatus status, String... tags) {
    ApplicationReport report = Records.newRecord(ApplicationReport.class);
    ApplicationId id = ApplicationId.newInstance(CLUSTER, number);
    report.setApplicationId(id);
    report.setCurrentApplicationAttemptId(ApplicationAttemptId.newInstance(id, 1));
    report.setYarnApplicationState(state);
    report.setFinalApplicationStatus(status);
    report.setQueue("root.small");
    report.setTrackingUrl("rm:8088/proxy/" + id + "/");
    report.setDiagnostics("\nAM container is launched.\nWait.\n");
    report.setStartTime(CLUSTER + number);
    report.setApplicationTags(Set.of(tags));
    applications.put(id, report);
    return id.toString();
  }

  private Object answer(Object request)
      throws ApplicationNotFoundException, ContainerNotFoundException {
    if (request instanceof GetApplicationsRequest all) {
      return GetApplicationsResponse.newInstance(
          new ArrayList<>(
              applications.values().stream()
                  .filter(
                      report ->
                          report.getApplicationTags().stream()
                              .anyMatch(all.getApplicationTags()::contains))
                  .toList()));
    }
    if (request instanceof GetApplicationReportRequest one) {
      return GetApplicationReportResponse.newInstance(known(one.getApplicationId()));
    }
    if (request instanceof KillApplicationRequest kill) {
      killed.add(known(kill.getApplicationId()).getApplicationId().toString());
      return KillApplicationResponse.newInstance(false);
    }
    if (request instanceof GetApplicationAttemptReportRequest attempt) {
      ApplicationAttemptReport report = Records.newRecord(ApplicationAttemptReport.class);
      report.setApplicationAttemptId(attempt.getApplicationAttemptId());
      report.setAMContainerId(ContainerId.newContainerId(attempt.getApplicationAttemptId(), 1));
      return GetApplicationAttemptReportResponse.newInstance(report);
    }
    if (request instanceof GetContainerReportRequest container) {
      return GetContainerReportResponse.newInstance(running(container.getContainerId()));
    }
    throw new UnsupportedOperationException(String.valueOf(request));
  }

  private ApplicationReport known(ApplicationId id) throws ApplicationNotFoundException {
    ApplicationReport report = applications.get(id);
    if (report == null) {
      throw new ApplicationNotFoundException(
          "Application with id '" + id + "' doesn't exist in RM.");
    }
    return report;
  }

  private ContainerReport running(ContainerId id) throws ContainerNotFoundException {
    ApplicationReport application =
        applications.get(id.getApplicationAttemptId().getApplicationId());
    if (application.getYarnApplicationState() != YarnApplicationState.RUNNING) {
      throw new ContainerNotFoundException("Container with id '" + id + "' doesn't exist in RM.");
    }
    ContainerReport report = Records.newRecord(ContainerReport.class);
    report.setContainerId(id);
    report.setLogUrl("http://node:8042/node/containerlogs/" + id + "/alice");
    return report;
  }

  @Override
  public void close() {
    server.stop();
  }
}
