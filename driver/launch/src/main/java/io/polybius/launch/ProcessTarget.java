package io.polybius.launch;

import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.util.Map;
import java.util.Optional;

/**
 * Programs that run in the process that submits them, and of which no cluster is asked.
 *
 * @param master for messages
 */
record ProcessTarget(Master master) implements Target {

  @Override
  public Way prepare(Map<String, String> asked, String name, ProcessLog log) {
    return new Way(asked, Optional.empty(), Submission.Before.in(log));
  }

  @Override
  public Parcel parcel(
      Way way,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      Optional<String> proxyUser)
      throws LaunchException {
    throw new LaunchException("No driver can be sent to " + master + ".");
  }

  @Override
  public Submission follow(Way way, LaunchedProcess process, ProcessLog log) {
    return Submission.inProcess(process, Optional.empty());
  }

  @Override
  public Submission resume(String tag, ProcessLog log) throws LaunchException {
    throw new LaunchException("No program of an earlier server can be on " + master + ".");
  }
}
