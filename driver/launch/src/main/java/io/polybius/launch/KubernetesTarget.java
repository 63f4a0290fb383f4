package io.polybius.launch;

import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.ProcessLog;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Submits to Kubernetes, where drivers are pods too.
 *
 * @param kubernetes watches its applications
 * @param pods the cluster that they are on
 */
record KubernetesTarget(WatchedApplications kubernetes, PodCluster pods) implements Target {

  private static final Logger logger = LoggerFactory.getLogger(KubernetesTarget.class);

  /** Where a pod finds its secret. */
  private static final String SECRET_FOLDER = "/etc/polybius";

  /** The working directory of an image may be of another user. */
  private static final String WORK_DIRECTORY = "/tmp/polybius";

  @Override
  public Way prepare(Map<String, String> asked, String name, ProcessLog log) {
    String tag = kubernetes.newTag(name);
    return new Way(
        pods.submission(tag, asked, Optional.empty()),
        Optional.of(kubernetes.watch(tag, log)),
        Submission.Before.in(log));
  }

  @Override
  public Parcel parcel(
      Way way,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      Optional<String> proxyUser)
      throws IOException {
    Watched application = way.application().orElseThrow();
    String tag = application.tag();
    Map<String, String> driver = Parcel.inContainer(driverSettings, link);
    driver.put("work-directory", WORK_DIRECTORY);
    // First: that the cluster does not answer can mean that it has made it.
    deleteSecretWith(application);
    pods.createSecret(
        secretOf(tag),
        Map.of(Parcel.SETTINGS_FILE, WorkDirectory.asProperties(driver)),
        Map.of("spark-app-tag", tag));
    return new Parcel(
        pods.submission(
            tag,
            Parcel.withOptions(way.settings()),
            Optional.of(
                new PodCluster.DriverFiles(
                    PodCluster.DriverFiles.USUAL_JAR, secretOf(tag), SECRET_FOLDER))),
        Parcel.driver(
            SubmitCommandLine.NO_FILE, SECRET_FOLDER + "/" + Parcel.SETTINGS_FILE, proxyUser),
        Map.of());
  }

  private static String secretOf(String tag) {
    return "polybius-" + tag;
  }

  @Override
  public Submission follow(Way way, LaunchedProcess process, ProcessLog log) {
    return Submission.inCluster(process, way.application().orElseThrow(), log, way.before());
  }

  @Override
  public Submission resume(String tag, ProcessLog log) {
    Watched application = kubernetes.watch(tag, log);
    deleteSecretWith(application);
    return Submission.ofEarlierServer(application);
  }

  /** Sees to it that the secret of a driver's pod is deleted with that, or if there is no pod. */
  private void deleteSecretWith(Watched application) {
    String secret = secretOf(application.tag());
    AtomicBoolean tied = new AtomicBoolean();
    application.follow(
        told -> {
          if (!tied.get()) {
            // Not on the thread that watches all applications.
            CompletableFuture.runAsync(
                () ->
                    inPeace(
                        secret,
                        () -> {
                          pods.tieSecret(secret, told.id());
                          tied.set(true);
                        }));
          }
        });
    application.ended().thenRunAsync(() -> inPeace(secret, () -> pods.deleteSecret(secret)));
  }

  /** A call of a cluster whose failure hurts nobody now. */
  private interface Call {
    void make() throws IOException;
  }

  private static void inPeace(String secret, Call call) {
    try {
      call.make();
    } catch (IOException | RuntimeException e) {
      logger.warn("the secret {} may stay in the cluster: {}", secret, e.toString());
    }
  }
}
