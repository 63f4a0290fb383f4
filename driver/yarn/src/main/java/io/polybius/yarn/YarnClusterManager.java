package io.polybius.yarn;

import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.ClusterApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ipc.RPC;
import org.apache.hadoop.yarn.api.ApplicationClientProtocol;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationReportRequest;
import org.apache.hadoop.yarn.api.protocolrecords.GetApplicationsRequest;
import org.apache.hadoop.yarn.api.protocolrecords.KillApplicationRequest;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.client.ClientRMProxy;
import org.apache.hadoop.yarn.exceptions.ApplicationNotFoundException;
import org.apache.hadoop.yarn.exceptions.YarnException;

/**
 * The applications of a Hadoop YARN cluster. Asks the ResourceManager by the protocol that Hadoop's
 * own client speaks; that client itself waits for longer than a caller here may.
 */
public final class YarnClusterManager implements ClusterManager {

  private final ApplicationClientProtocol resourceManager;
  private final DriverLogs driverLogs;
  private final PublishedFiles published;

  /**
   * Prepares what is needed; nothing is asked yet, so the cluster may be away.
   *
   * @param patience how long a call may take when the cluster does not answer
   * @param folder for published files, as a URI; if empty, {@code .polybius} in the user's home in
   *     the cluster's file system
   * @throws IOException if Hadoop's settings are of no use
   */
  public YarnClusterManager(Duration patience, Optional<URI> folder) throws IOException {
    Configuration settings = HadoopSettings.read(patience);
    resourceManager = ClientRMProxy.createRMProxy(settings, ApplicationClientProtocol.class);
    driverLogs = new DriverLogs(resourceManager);
    published = new PublishedFiles(settings, folder);
  }

  @Override
  public Optional<ClusterApplication> find(String tag) throws IOException {
    GetApplicationsRequest request = GetApplicationsRequest.newInstance();
    // As YARN itself has written it down.
    request.setApplicationTags(Set.of(tag.toLowerCase(Locale.ROOT)));
    try {
      return resourceManager.getApplications(request).getApplicationList().stream()
          .max(
              Comparator.comparingLong(ApplicationReport::getStartTime)
                  .thenComparing(ApplicationReport::getApplicationId))
          .map(this::described);
    } catch (YarnException e) {
      throw failure(e);
    }
  }

  @Override
  public Optional<ClusterApplication> application(String id) throws IOException {
    Optional<ApplicationId> applicationId = parse(id);
    return applicationId.isEmpty()
        ? Optional.empty()
        : report(applicationId.get()).map(this::described);
  }

  @Override
  public void kill(String id) throws IOException {
    Optional<ApplicationId> applicationId = parse(id);
    if (applicationId.isEmpty()) {
      return;
    }
    try {
      // That is all: the ResourceManager sees to the rest, and leaves alone what has ended.
      resourceManager.forceKillApplication(KillApplicationRequest.newInstance(applicationId.get()));
    } catch (ApplicationNotFoundException e) {
      // There is nothing to end.
    } catch (YarnException e) {
      throw failure(e);
    }
  }

  @Override
  public void removeFiles(String id) throws IOException {
    Optional<ApplicationId> applicationId = parse(id);
    if (applicationId.isPresent()) {
      published.removeStaging(applicationId.get().toString());
    }
  }

  @Override
  public boolean keepsOutput() {
    return true;
  }

  @Override
  public List<String> newestLines(String id, int most) throws IOException {
    Optional<ApplicationId> applicationId = parse(id);
    return applicationId.isEmpty() ? List.of() : driverLogs.newestLines(applicationId.get(), most);
  }

  @Override
  public String publish(Path file) throws IOException {
    return published.publish(file);
  }

  @Override
  public void close() {
    RPC.stopProxy(resourceManager);
  }

  private ClusterApplication described(ApplicationReport report) {
    return YarnReports.application(report, driverLogs.url(report));
  }

  private Optional<ApplicationReport> report(ApplicationId id) throws IOException {
    try {
      return Optional.of(
          resourceManager
              .getApplicationReport(GetApplicationReportRequest.newInstance(id))
              .getApplicationReport());
    } catch (ApplicationNotFoundException e) {
      return Optional.empty();
    } catch (YarnException e) {
      throw failure(e);
    }
  }

  private static Optional<ApplicationId> parse(String id) {
    try {
      return Optional.of(ApplicationId.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static IOException failure(YarnException e) {
    return new IOException("YARN: " + e.getMessage(), e);
  }
}
