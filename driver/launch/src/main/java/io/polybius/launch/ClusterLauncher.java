package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.launch.Deliveries.Parcel;
import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launches drivers whose Spark runs its jobs on a cluster, by {@code spark-submit}: in client mode
 * the driver is that process on this machine, in cluster mode it is a process of the cluster, which
 * dials back from there.
 */
final class ClusterLauncher {

  private static final Logger logger = LoggerFactory.getLogger(ClusterLauncher.class);

  /** When a link ends, its cluster may be about to say why. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);

  private final LaunchSettings settings;
  private final DriverLinks links;
  private final Submitter submitter;
  private final Deliveries deliveries;

  ClusterLauncher(LaunchSettings settings, DriverLinks links, Submitter submitter) {
    this.settings = settings;
    this.links = links;
    this.submitter = submitter;
    this.deliveries = submitter.deliveries();
    links.lasting().ifPresent(drivers -> drivers.endElsewhere(this::end));
  }

  /** Launches a driver, as {@code DriverLauncher} says. */
  RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
      throws LaunchException {
    Master master = settings.master(spec.settings().application());
    SparkInstallation spark = settings.spark(spec.settings().application());
    Map<String, String> sparkSettings = settings.sessionSettings(spec, spark);
    if (!master.driverOnCluster() && spec.settings().kind().equals(Kind.SPARKR)) {
      LocalLauncher.requireR(sparkSettings);
    }
    Optional<String> proxyUser = spec.settings().application().proxyUser();
    Submitter.Way way =
        submitter.way(master, spark, sparkSettings, "session-" + spec.sessionId(), log);
    PatientEvents receiver = new PatientEvents(events, way.application());
    WorkDirectory directory = null;
    DriverLinks.Link link = null;
    LaunchedProcess process = null;
    try {
      directory = links.newDirectory(spec.driverName());
      link = links.open(directory, receiver);
      DriverPapers papers = link.papers();
      Map<String, String> driver = links.driverSettings(link, master.driverOnCluster());
      if (!master.driverOnCluster()) {
        Parcel parcel = deliveries.here(way.settings(), driver, link, directory, proxyUser);
        process =
            links.start(link, submitter.builder(spark, master, parcel, directory), directory, log);
        logger.info("{} is process {}, and uses {}", spec.driverName(), process.pid(), master);
        DriverProcess local = links.driver(link, process);
        if (links.lasting().isPresent()) {
          papers.handOver(spec.driverName(), Map.of());
          links.lasting().get().add(local);
        }
        return new SubmittedDriver(
            Submission.inProcess(process, way.application()), link.connection());
      }
      Parcel parcel =
          switch (master.type()) {
            case YARN ->
                deliveries.toYarn(
                    way.settings(),
                    driver,
                    link,
                    directory,
                    submitter.cluster(master, spark),
                    proxyUser);
            case STANDALONE -> deliveries.toStandalone(way.settings(), driver, link, proxyUser);
            case KUBERNETES ->
                deliveries.toKubernetes(
                    way.settings(),
                    driver,
                    link,
                    submitter.pods(master, spark),
                    way.application().orElseThrow().tag(),
                    proxyUser);
            default -> throw new LaunchException("No driver can be sent to " + master + ".");
          };
      if (links.lasting().isPresent() && way.application().isPresent()) {
        papers.issue(link.keys().certificate(), link.secret());
        papers.submitted(way.application().get().tag(), master);
        papers.handOver(spec.driverName(), Map.of());
      }
      WorkDirectory used = directory;
      process =
          LaunchedProcess.start(
              submitter.builder(spark, master, parcel, directory), directory, log, used::delete);
      logger.info("{} is submitted to {}", spec.driverName(), master);
      Submission submission = submitter.submission(way, master, spark, process, log);
      if (master.type() == Master.Type.KUBERNETES) {
        secretGoesWith(way.application().orElseThrow(), submitter.pods(master, spark), submission);
      }
      submission.ended().thenRun(() -> links.forget(papers));
      return new SubmittedDriver(submission, link.connection());
    } catch (IOException | GeneralSecurityException | RuntimeException | LaunchException e) {
      way.application().ifPresent(Watched::kill);
      dropSecret(master, spark, way);
      links.undo(Optional.ofNullable(link), Optional.ofNullable(process), directory);
      throw e instanceof LaunchException told
          ? told
          : new LaunchException("The driver could not be submitted: " + e.getMessage(), e);
    }
  }

  /** Sees to it that the secret of a driver's pod is deleted with that, or if there is no pod. */
  private static void secretGoesWith(Watched application, PodCluster pods, Submission submission) {
    String secret = Deliveries.secretOf(application.tag());
    AtomicBoolean tied = new AtomicBoolean();
    application.follow(
        told -> {
          if (!tied.getAndSet(true)) {
            // Not on the thread that watches all applications.
            CompletableFuture.runAsync(() -> inPeace(() -> pods.tieSecret(secret, told.id())));
          }
        });
    submission.ended().thenRunAsync(() -> inPeace(() -> pods.deleteSecret(secret)));
  }

  private void dropSecret(Master master, SparkInstallation spark, Submitter.Way way) {
    if (master.type() == Master.Type.KUBERNETES && way.application().isPresent()) {
      inPeace(
          () -> {
            try {
              submitter
                  .pods(master, spark)
                  .deleteSecret(Deliveries.secretOf(way.application().get().tag()));
            } catch (LaunchException e) {
              throw new IOException(e);
            }
          });
    }
  }

  /** A call of a cluster whose failure hurts nobody now. */
  private interface Call {
    void make() throws IOException;
  }

  private static void inPeace(Call call) {
    try {
      call.make();
    } catch (IOException | RuntimeException e) {
      logger.warn("a secret may stay in the cluster: {}", e.toString());
    }
  }

  /** Takes a driver back that an earlier server has submitted. */
  RunningDriver reattach(
      LaunchSpec spec,
      DriverPapers papers,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    Optional<DriverConnection<DriverCommand>> connection = Optional.empty();
    try {
      Watched application =
          submitter
              .watched(papers.master(), settings.spark(spec.settings().application()))
              .watch(papers.tag().orElseThrow(), log);
      connection =
          Optional.of(
              links.openAgain(
                  papers, position, new PatientEvents(events, Optional.of(application))));
      Submission submission = Submission.ofEarlierServer(application);
      if (papers.master().type() == Master.Type.KUBERNETES) {
        secretGoesWith(
            application,
            submitter.pods(papers.master(), settings.spark(spec.settings().application())),
            submission);
      }
      submission.ended().thenRun(() -> links.forget(papers));
      return new SubmittedDriver(submission, connection.get());
    } catch (LaunchException e) {
      connection.ifPresent(DriverConnection::close);
      links.giveUp(papers);
      throw e;
    }
  }

  /** Ends the application of a driver that no session wants back. */
  private void end(DriverPapers papers) {
    try {
      submitter
          .watched(papers.master(), settings.sparks().choose())
          .watch(papers.tag().orElseThrow(), new ProcessLog())
          .kill();
    } catch (LaunchException e) {
      logger.warn("an application of the earlier server may go on: {}", e.getMessage());
    }
  }

  /** Lets the end of a link be known only when the cluster had a moment to say why. */
  private static final class PatientEvents implements DriverConnection.Receiver<DriverEvent> {

    private final DriverConnection.Receiver<DriverEvent> owner;
    private final Optional<Watched> application;

    PatientEvents(DriverConnection.Receiver<DriverEvent> owner, Optional<Watched> application) {
      this.owner = owner;
      this.application = application;
    }

    @Override
    public void received(long sequence, DriverEvent event) {
      owner.received(sequence, event);
    }

    @Override
    public void closed(String reason) {
      if (application.isEmpty()) {
        owner.closed(reason);
        return;
      }
      application.get().hurry();
      application
          .get()
          .ended()
          .copy()
          .completeOnTimeout(
              new WatchedApplications.End(Optional.empty(), false, ""),
              LAST_WORDS.toMillis(),
              TimeUnit.MILLISECONDS)
          .thenRun(() -> owner.closed(reason));
    }
  }
}
