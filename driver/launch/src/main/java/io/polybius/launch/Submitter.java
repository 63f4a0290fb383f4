package io.polybius.launch;

import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;

/** Gives programs to {@code spark-submit}, for sessions and batches, and follows them. */
public final class Submitter implements AutoCloseable {

  private final LaunchSettings settings;
  private final Clusters clusters;
  private final SubmissionTurns submissions =
      new SubmissionTurns(Math.max(2, Runtime.getRuntime().availableProcessors()));

  /** A batch on this machine runs as long as it likes in the process that submits it. */
  private final SubmissionTurns localBatches = new SubmissionTurns(Integer.MAX_VALUE);

  /**
   * Makes one, which asks no cluster before it is used.
   *
   * @param connector finds the way to clusters
   */
  public Submitter(LaunchSettings settings, ClusterConnector connector) {
    this.settings = settings;
    this.clusters = new Clusters(settings.cluster(), connector);
  }

  /**
   * Returns where programs of a master go.
   *
   * @param spark what they run on
   * @throws LaunchException if that is nowhere
   */
  Target target(Master master, SparkInstallation spark) throws LaunchException {
    return switch (master.type()) {
      case LOCAL -> new ProcessTarget(master);
      case STANDALONE -> new StandaloneTarget(settings, spark, master);
      case YARN -> new YarnTarget(settings, spark, clusters.of(master, spark));
      case KUBERNETES -> kubernetes(master, spark);
      default ->
          throw new LaunchException(
              "livy.spark.master is "
                  + master.url()
                  + ", which is no master that can be used: set it to local[*], yarn,"
                  + " spark://HOST:PORT or k8s://https://HOST:PORT.");
    };
  }

  private Target kubernetes(Master master, SparkInstallation spark) throws LaunchException {
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
      return new ProcessTarget(master);
    }
    WatchedApplications applications = clusters.of(master, spark);
    if (applications.cluster() instanceof PodCluster pods) {
      return new KubernetesTarget(applications, pods);
    }
    throw new LaunchException("There is no way to start pods.");
  }

  /** Returns who may submit to a master, and when. */
  SubmissionTurns turns(Master master) {
    return master.isLocal() ? localBatches : submissions;
  }

  /** Lets a session or batch of that name wait for its turn no longer. */
  void giveUp(String name) {
    submissions.giveUp(name);
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

  /** Asks no cluster any more, and ends what is to end. */
  @Override
  public void close() {
    clusters.close();
  }
}
