package io.polybius.launch;

import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Submits to YARN. What is the same for all applications is brought to its file system once.
 *
 * @param yarn watches its applications
 */
record YarnTarget(LaunchSettings settings, SparkInstallation spark, WatchedApplications yarn)
    implements Target {

  @Override
  public Way prepare(Map<String, String> asked, String name, ProcessLog log)
      throws LaunchException {
    Map<String, String> all = new LinkedHashMap<>(asked);
    String tag = yarn.newTag(name);
    all.merge("spark.yarn.tags", tag, (others, ours) -> others + "," + ours);
    // What it submits is watched by this server, and not by the process that does it.
    all.put("spark.yarn.submit.waitAppCompletion", "false");
    log.diagnose(
        "YARN", "What every container needs is copied to the cluster, if it is not there.");
    try {
      publishSpark(all, yarn.cluster());
    } catch (IOException e) {
      throw new LaunchException(
          "Spark's jars could not be copied to the cluster's file system: " + e.getMessage(), e);
    }
    return new Way(all, Optional.of(yarn.watch(tag, log)), Submission.Before.in(log));
  }

  private void publishSpark(Map<String, String> all, ClusterManager cluster) throws IOException {
    if (!all.containsKey("spark.yarn.jars") && !all.containsKey("spark.yarn.archive")) {
      all.put(
          "spark.yarn.archive", cluster.publish(SparkArchive.of(spark, settings.cacheDirectory())));
    }
    if (spark.hasPython()) {
      // Every session may run Python, whatever else it runs.
      all.putIfAbsent("spark.yarn.isPython", "true");
    }
  }

  @Override
  public Parcel parcel(
      Way way,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      Optional<String> proxyUser)
      throws IOException {
    Map<String, String> driver = Parcel.inContainer(driverSettings, link);
    driver.put("ends-by-returning", "true");
    Path file = directory.writeProperties(Parcel.SETTINGS_FILE, driver);
    Map<String, String> all =
        Parcel.withDriver(way.settings(), settings.driverJar().getFileName().toString());
    Parcel.putFirst(
        all,
        "spark.yarn.dist.files",
        file.toUri() + "," + yarn.cluster().publish(settings.driverJar()),
        ",");
    // What was defined in a driver is gone with it, so a second one would be no use.
    all.put("spark.yarn.maxAppAttempts", "1");
    return new Parcel(
        all, Parcel.driver(SubmitCommandLine.NO_FILE, Parcel.SETTINGS_FILE, proxyUser), Map.of());
  }

  @Override
  public Submission follow(Way way, LaunchedProcess process, ProcessLog log) {
    return Submission.inCluster(process, way.application().orElseThrow(), log, way.before());
  }

  @Override
  public Submission resume(String tag, ProcessLog log) {
    return Submission.ofEarlierServer(yarn.watch(tag, log));
  }
}
