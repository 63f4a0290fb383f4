package io.polybius.launch;

import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * What is special about submitting programs to one kind of cluster, for one master and one Spark.
 * Safe for use by many threads.
 */
interface Target {

  /**
   * How a program is to be submitted.
   *
   * @param settings Spark's settings
   * @param application what will be its application, if its cluster can tell about that
   * @param before what its log has of programs that were submitted before
   */
  record Way(
      Map<String, String> settings, Optional<Watched> application, Submission.Before before) {}

  /**
   * Prepares to submit a program. If that fails later, the application of the result is to be
   * killed, which takes back what was prepared.
   *
   * @param asked Spark's settings
   * @param name of the session or batch, for the tag by which its application is found
   * @param log gets what the cluster says of it
   * @throws LaunchException if the cluster cannot be used
   */
  Way prepare(Map<String, String> asked, String name, ProcessLog log) throws LaunchException;

  /**
   * Brings a driver's settings to where they will be found in the cluster.
   *
   * @param driverSettings what the driver has to know, but for its keys
   * @param link has its keys
   * @param directory for files that are sent along
   * @throws IOException if they cannot be brought there
   * @throws LaunchException if no driver can be there
   */
  Parcel parcel(
      Way way,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      Optional<String> proxyUser)
      throws IOException, LaunchException;

  /**
   * Follows a program that runs in the cluster.
   *
   * @param process submits it
   * @param log has what that prints
   */
  Submission follow(Way way, LaunchedProcess process, ProcessLog log);

  /**
   * Follows a program that an earlier server has submitted.
   *
   * @param tag by which its application is found
   * @param log gets what the cluster says of it
   * @throws LaunchException if the cluster cannot be asked
   */
  Submission resume(String tag, ProcessLog log) throws LaunchException;
}
