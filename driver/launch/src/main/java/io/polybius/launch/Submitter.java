package io.polybius.launch;

import io.polybius.launch.Deliveries.Parcel;
import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives programs to {@code spark-submit}, for sessions and batches, and follows them. */
public final class Submitter implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(Submitter.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String TAG_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int TAG_RANDOM_LETTERS = 8;
  private static final long KILL_SECONDS = 60;

  private final LaunchSettings settings;
  private final Clusters clusters;
  private final Deliveries deliveries;

  /**
   * Makes one, which asks no cluster before it is used.
   *
   * @param connector finds the way to clusters
   */
  public Submitter(LaunchSettings settings, ClusterConnector connector) {
    this.settings = settings;
    this.clusters = new Clusters(settings.cluster(), connector);
    this.deliveries = new Deliveries(settings);
  }

  Deliveries deliveries() {
    return deliveries;
  }

  /**
   * How a program is to be submitted.
   *
   * @param settings Spark's settings
   * @param application what will be its application, if its cluster can tell about that
   */
  record Way(Map<String, String> settings, Optional<Watched> application) {}

  /**
   * Prepares to submit a program.
   *
   * @param name of the session or batch, for the tag by which its application is found
   * @param log gets what the cluster says of it
   */
  Way way(
      Master master,
      SparkInstallation spark,
      Map<String, String> sparkSettings,
      String name,
      ProcessLog log)
      throws LaunchException {
    Map<String, String> all = new LinkedHashMap<>(sparkSettings);
    switch (master.type()) {
      case LOCAL -> {
        return new Way(all, Optional.empty());
      }
      case STANDALONE -> {
        // The process that submits follows the driver, and nobody starts that again.
        all.put("spark.standalone.submit.waitAppCompletion", "true");
        all.put("spark.master.rest.enabled", "false");
        all.put("spark.driver.supervise", "false");
        if (master.driverOnCluster()) {
          Deliveries.addWorkerSettings(all);
        }
        return new Way(all, Optional.empty());
      }
      case YARN -> {
        WatchedApplications yarn = clusters.of(master, spark);
        String tag = "livy-" + name + "-" + randomLetters();
        all.merge("spark.yarn.tags", tag, (others, ours) -> others + "," + ours);
        log.diagnose(
            "YARN", "What every container needs is copied to the cluster, if it is not there.");
        try {
          deliveries.addYarnSettings(all, spark, yarn.cluster());
        } catch (IOException e) {
          throw new LaunchException(
              "Spark's jars could not be copied to the cluster's file system: " + e.getMessage(),
              e);
        }
        return new Way(all, Optional.of(yarn.watch(tag, log)));
      }
      case KUBERNETES -> {
        if (spark.jars().stream()
            .noneMatch(jar -> jar.getFileName().toString().startsWith("spark-kubernetes_"))) {
          throw new LaunchException(
              "The Spark in "
                  + spark.home()
                  + " cannot use Kubernetes: it has no spark-kubernetes jar. Set SPARK_HOME or "
                  + SparkFinder.SETTING
                  + " to one that can.");
        }
        if (!master.driverOnCluster()) {
          return new Way(all, Optional.empty());
        }
        WatchedApplications kubernetes = clusters.of(master, spark);
        String tag = "livy-" + name + "-" + randomLetters();
        return new Way(
            pods(kubernetes).submission(tag, all, Optional.empty()),
            Optional.of(kubernetes.watch(tag, log)));
      }
      default ->
          throw new LaunchException(
              "livy.spark.master is "
                  + master.url()
                  + ", which is no master that can be used: set it to local[*], yarn,"
                  + " spark://HOST:PORT or k8s://https://HOST:PORT.");
    }
  }

  private static PodCluster pods(WatchedApplications kubernetes) throws LaunchException {
    if (kubernetes.cluster() instanceof PodCluster pods) {
      return pods;
    }
    throw new LaunchException("There is no way to start pods.");
  }

  /** Returns the cluster of a master that runs images. */
  PodCluster pods(Master master, SparkInstallation spark) throws LaunchException {
    return pods(watched(master, spark));
  }

  private static String randomLetters() {
    return RANDOM
        .ints(TAG_RANDOM_LETTERS, 0, TAG_LETTERS.length())
        .mapToObj(index -> TAG_LETTERS.substring(index, index + 1))
        .collect(Collectors.joining());
  }

  /** Returns the cluster of a master. */
  ClusterManager cluster(Master master, SparkInstallation spark) throws LaunchException {
    return watched(master, spark).cluster();
  }

  /** Returns what watches the applications of a cluster. */
  WatchedApplications watched(Master master, SparkInstallation spark) throws LaunchException {
    return clusters.of(master, spark);
  }

  /** Returns the process that submits a driver. */
  ProcessBuilder builder(
      SparkInstallation spark, Master master, Parcel parcel, WorkDirectory directory)
      throws IOException, LaunchException {
    ProcessBuilder builder =
        new SubmitCommandLine(
                spark,
                settings.sparks().configuration(spark),
                parcel.sparkSettings(),
                parcel.program(),
                master)
            .processBuilder(directory)
            // A session shows the two streams apart.
            .redirectErrorStream(false);
    builder.environment().putAll(parcel.environment());
    return builder;
  }

  /** Returns what follows a program whose submission has begun. */
  Submission submission(
      Way way, Master master, SparkInstallation spark, LaunchedProcess process, ProcessLog log) {
    if (!master.driverOnCluster()) {
      // A program may do much before it uses Spark.
      way.application().ifPresent(Watched::mayComeLate);
      return Submission.inProcess(process, way.application());
    }
    return way.application()
        .map(application -> Submission.inCluster(process, application))
        .orElseGet(
            () ->
                Submission.onStandalone(
                    process, log, driver -> killOnStandalone(master, spark, driver)));
  }

  /**
   * Has a standalone cluster end a driver. Spark's own client is the only way that is always on; it
   * gets the administrator's settings, which may be needed to be let in.
   */
  private void killOnStandalone(Master master, SparkInstallation spark, String driver) {
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

  /** Asks no cluster any more, and ends what is to end. */
  @Override
  public void close() {
    clusters.close();
  }
}
