package io.polybius.launch;

import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Submits to a standalone cluster of Spark's. */
record StandaloneTarget(LaunchSettings settings, SparkInstallation spark, Master master)
    implements Target {

  private static final Logger logger = LoggerFactory.getLogger(StandaloneTarget.class);

  /** The variable of the environment that has a driver's settings, as no file can be sent. */
  private static final String SETTINGS_VARIABLE = "SPARK_POLYBIUS_DRIVER";

  private static final long KILL_SECONDS = 60;

  @Override
  public Way prepare(Map<String, String> asked, String name, ProcessLog log) {
    Map<String, String> all = new LinkedHashMap<>(asked);
    // The process that submits follows the driver, and nobody starts that again.
    all.put("spark.standalone.submit.waitAppCompletion", "true");
    all.put("spark.master.rest.enabled", "false");
    all.put("spark.driver.supervise", "false");
    if (master.driverOnCluster()) {
      // A worker gives drivers no other options than these, not even those that Spark needs.
      Parcel.useExtraOptions(all);
      Parcel.putFirst(all, Parcel.EXTRA_OPTIONS, String.join(" ", SparkJvm.OPENED), " ");
    }
    return new Way(all, Optional.empty(), Submission.Before.in(log));
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
    String jar =
        settings
            .cluster()
            .standaloneDriverJar()
            .orElseGet(() -> settings.driverJar().toUri().toString());
    // The worker puts it into the driver's working directory.
    Map<String, String> all =
        Parcel.withDriver(way.settings(), jar.substring(jar.lastIndexOf('/') + 1));
    Parcel.useExtraOptions(all);
    return new Parcel(
        all,
        Parcel.driver(jar, "--environment", proxyUser),
        Map.of(
            SETTINGS_VARIABLE,
            Base64.getEncoder().encodeToString(WorkDirectory.asProperties(driver))));
  }

  @Override
  public Submission follow(Way way, LaunchedProcess process, ProcessLog log) {
    return Submission.onStandalone(process, log, way.before(), this::kill);
  }

  @Override
  public Submission resume(String tag, ProcessLog log) throws LaunchException {
    throw new LaunchException("Drivers on a standalone cluster end with their server.");
  }

  /**
   * Has the cluster end a driver. Spark's own client is the only way that is always on; it gets the
   * administrator's settings, which may be needed to be let in.
   */
  private void kill(String driver) {
    WorkDirectory directory = null;
    try {
      directory = WorkDirectory.create(settings.workDirectory(), "kill");
      WorkDirectory used = directory;
      List<String> words = new ArrayList<>();
      settings
          .sparks()
          .defaults(spark)
          .forEach((key, value) -> words.add("-D" + key + "=" + value));
      words.add("-cp");
      words.add(
          spark.jars().stream()
              .map(String::valueOf)
              .collect(Collectors.joining(File.pathSeparator)));
      words.addAll(List.of("org.apache.spark.deploy.Client", "kill", master.url(), driver));
      Process process =
          new ProcessBuilder(
                  SparkJvm.java().toString(),
                  "@" + directory.writeJavaArguments(words, SparkJvm.NATIVE_ENCODING))
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start();
      process
          .onExit()
          .copy()
          .completeOnTimeout(process, KILL_SECONDS, TimeUnit.SECONDS)
          .thenAccept(
              ended -> {
                if (ended.isAlive() || ended.exitValue() != 0) {
                  logger.warn("{} may go on in {}", driver, master);
                  ended.destroyForcibly();
                }
                used.delete();
              });
    } catch (IOException | LaunchException e) {
      logger.warn("{} may go on in {}: {}", driver, master, e.toString());
      if (directory != null) {
        directory.delete();
      }
    }
  }
}
