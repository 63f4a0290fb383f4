package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.launch.Target.Way;
import io.polybius.launch.WatchedApplications.Watched;
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
import java.util.concurrent.TimeUnit;
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

  ClusterLauncher(LaunchSettings settings, DriverLinks links, Submitter submitter) {
    this.settings = settings;
    this.links = links;
    this.submitter = submitter;
    links.lasting().ifPresent(drivers -> drivers.endElsewhere(this::end));
  }

  /** Lets a session wait no longer until its driver can be submitted. */
  void giveUp(LaunchSpec spec) {
    submitter.giveUp(spec.driverName());
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
    Target target = submitter.target(master, spark);
    SubmissionTurns.Turn turn = submitter.turns(master).take(spec.driverName(), log);
    Optional<Way> prepared = Optional.empty();
    WorkDirectory directory = null;
    DriverLinks.Link link = null;
    LaunchedProcess process = null;
    try {
      Way way = target.prepare(sparkSettings, "session-" + spec.sessionId(), log);
      prepared = Optional.of(way);
      directory = links.newDirectory(spec.driverName());
      link = links.open(directory, new PatientEvents(events, way.application(), turn::end));
      Map<String, String> driver = links.driverSettings(link, master.driverOnCluster());
      Parcel parcel =
          master.driverOnCluster()
              ? target.parcel(way, driver, link, directory, proxyUser)
              : Parcel.here(
                  way.settings(), settings.driverJar(), driver, link, directory, proxyUser);
      ProcessBuilder builder = submitter.builder(spark, master, parcel, directory);
      Submission submission;
      if (master.driverOnCluster()) {
        handOver(link, spec.driverName(), way, master);
        WorkDirectory used = directory;
        process = LaunchedProcess.start(builder, directory, log, used::delete);
        submission = forgotten(target.follow(way, process, log), link.papers());
        logger.info("{} is submitted to {}", spec.driverName(), master);
      } else {
        process = links.start(link, builder, directory, log);
        links.handOver(links.driver(link, process), spec.driverName(), Map.of());
        submission = Submission.inProcess(process, way.application());
        logger.info("{} is process {}, and uses {}", spec.driverName(), process.pid(), master);
      }
      turn.endWith(process, way.application());
      return new SubmittedDriver(submission, link.connection(), master.driverOnCluster());
    } catch (IOException
        | GeneralSecurityException
        | RuntimeException
        | LaunchException
        | Error e) {
      turn.end();
      prepared.flatMap(Way::application).ifPresent(Watched::kill);
      links.undo(Optional.ofNullable(link), Optional.ofNullable(process), directory);
      if (e instanceof Error broken) {
        throw broken;
      }
      throw e instanceof LaunchException told
          ? told
          : new LaunchException("The driver could not be submitted: " + e.getMessage(), e);
    }
  }

  /** Writes down where a driver will be, if it can outlive this server and be found again. */
  private void handOver(DriverLinks.Link link, String owner, Way way, Master master)
      throws IOException, GeneralSecurityException {
    if (links.lasting().isPresent() && way.application().isPresent()) {
      DriverPapers papers = link.papers();
      papers.issue(link.keys().certificate(), link.secret());
      papers.submitted(way.application().get().tag(), master);
      papers.handOver(owner, Map.of());
    }
  }

  private Submission forgotten(Submission submission, DriverPapers papers) {
    submission.ended().thenRun(() -> links.forget(papers));
    return submission;
  }

  /** Takes a driver back that an earlier server has submitted. */
  RunningDriver reattach(
      LaunchSpec spec,
      DriverPapers papers,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    try {
      SparkInstallation spark = settings.spark(spec.settings().application());
      Submission submission =
          submitter.target(papers.master(), spark).resume(papers.tag().orElseThrow(), log);
      DriverConnection<DriverCommand> connection =
          links.openAgain(
              papers, position, new PatientEvents(events, submission.application(), () -> {}));
      return new SubmittedDriver(
          forgotten(submission, papers), connection, papers.master().driverOnCluster());
    } catch (LaunchException e) {
      links.giveUp(papers);
      throw e;
    }
  }

  /** Ends the application of a driver that no session wants back. */
  private void end(DriverPapers papers) {
    try {
      submitter
          .target(papers.master(), settings.sparks().choose())
          .resume(papers.tag().orElseThrow(), new ProcessLog())
          .kill();
    } catch (LaunchException e) {
      logger.warn("an application of the earlier server may go on: {}", e.getMessage());
    }
  }

  /** Lets the end of a link be known only when the cluster had a moment to say why. */
  private static final class PatientEvents implements DriverConnection.Receiver<DriverEvent> {

    private final DriverConnection.Receiver<DriverEvent> owner;
    private final Optional<Watched> application;
    private final Runnable onEvent;

    /**
     * @param onEvent is told that the driver is there, more than once
     */
    PatientEvents(
        DriverConnection.Receiver<DriverEvent> owner,
        Optional<Watched> application,
        Runnable onEvent) {
      this.owner = owner;
      this.application = application;
      this.onEvent = onEvent;
    }

    @Override
    public void received(long sequence, DriverEvent event) {
      onEvent.run();
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
