package io.polybius.launch;

import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.session.ApplicationSettings;
import io.polybius.session.BatchSettings;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchLauncher;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launches each batch by {@code spark-submit}, to the master that the server uses. Its settings,
 * which can be secrets, are in a file that only the server's user can read.
 *
 * <p>A batch has no link to the server. So that none outlives it, all processes of this machine are
 * known to one that ends them when the server is gone; a driver in a cluster goes on if the server
 * is killed, and is ended when the server ends in order.
 */
public final class SparkSubmitLauncher implements BatchLauncher, AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(SparkSubmitLauncher.class);

  private final LaunchSettings settings;
  private final Submitter submitter;
  private final ProcessGuard guard = new ProcessGuard();

  /**
   * Makes a launcher, which begins nothing before its first batch.
   *
   * @param submitter not closed by this launcher
   */
  public SparkSubmitLauncher(LaunchSettings settings, Submitter submitter) {
    this.settings = settings;
    this.submitter = submitter;
  }

  @Override
  public RunningBatch launch(BatchSpec spec, ProcessLog log) throws LaunchException {
    ApplicationSettings asked = spec.settings().application();
    Master master = settings.master(asked);
    SparkInstallation spark = settings.spark(asked);
    refuseWhatCannotRun(spec.settings(), spark, master);
    Target target = submitter.target(master, spark);
    SubmissionTurns.Turn turn = submitter.turns(master).take(spec.batchName(), log);
    Optional<Target.Way> prepared = Optional.empty();
    WorkDirectory directory = null;
    LaunchedProcess process = null;
    try {
      Target.Way way =
          target.prepare(
              settings.sparkSettings(asked, settings.sparks().defaults(spark)),
              spec.batchName(),
              log);
      prepared = Optional.of(way);
      directory = WorkDirectory.create(settings.workDirectory(), spec.batchName());
      WorkDirectory used = directory;
      process =
          LaunchedProcess.start(
              commandLine(spec.settings(), spark, way, master).processBuilder(directory),
              directory,
              log,
              used::delete);
      guard.watch(process, directory);
      logger.info("{} is process {}, and uses {}", spec.batchName(), process.pid(), master);
      turn.endWith(process, way.application());
      return new SubmittedBatch(follow(target, way, master, process, log));
    } catch (IOException | RuntimeException | LaunchException | Error e) {
      turn.end();
      prepared.flatMap(Target.Way::application).ifPresent(Watched::kill);
      if (process != null) {
        // Its folder goes when it is gone.
        process.kill();
      } else if (directory != null) {
        directory.delete();
      }
      if (e instanceof Error broken) {
        throw broken;
      }
      throw e instanceof LaunchException told
          ? told
          : new LaunchException("spark-submit could not be started: " + e.getMessage(), e);
    }
  }

  private static Submission follow(
      Target target, Target.Way way, Master master, LaunchedProcess process, ProcessLog log) {
    if (master.driverOnCluster()) {
      return target.follow(way, process, log);
    }
    // A program may do much before it uses Spark.
    way.application().ifPresent(Watched::mayComeLate);
    return Submission.inProcess(process, way.application());
  }

  private SubmitCommandLine commandLine(
      BatchSettings batch, SparkInstallation spark, Target.Way way, Master master)
      throws LaunchException {
    return new SubmitCommandLine(
        spark,
        settings.sparks().configuration(spark),
        way.settings(),
        new SubmitCommandLine.Program(
            batch.className(), batch.file(), batch.args(), batch.application().proxyUser()),
        master);
  }

  @Override
  public void giveUp(BatchSpec spec) {
    submitter.giveUp(spec.batchName());
  }

  /** Ends what is still running, and frees what this launcher holds. */
  @Override
  public void close() {
    guard.close();
  }

  private static void refuseWhatCannotRun(
      BatchSettings batch, SparkInstallation spark, Master master) throws LaunchException {
    if (batch.file().endsWith(".py")
        && master.type() == Master.Type.STANDALONE
        && master.driverOnCluster()) {
      throw new LaunchException(
          "A standalone cluster runs the drivers of Python programs in client mode only: set"
              + " livy.spark.deploy-mode, or spark.submit.deployMode of a launch profile, to"
              + " client.");
    }
    if (batch.file().startsWith("-")) {
      throw new LaunchException(
          "The file of a batch cannot begin with a dash, which spark-submit takes for an option.");
    }
    if (Stream.concat(Stream.of(batch.file(), batch.className().orElse("")), batch.args().stream())
        .anyMatch(word -> word.indexOf('\0') >= 0)) {
      throw new LaunchException("No process can get an argument with a NUL character in it.");
    }
    if (batch.file().endsWith(".py") && !spark.hasPython()) {
      throw new LaunchException(
          "The Spark in "
              + spark.home()
              + " cannot run Python files. Install the pyspark package for the python3 on the PATH,"
              + " or set SPARK_HOME or "
              + SparkFinder.SETTING
              + " to a Spark that can.");
    }
  }

  /**
   * A batch that was submitted.
   *
   * @param submission its process here and its application in a cluster
   */
  private record SubmittedBatch(Submission submission) implements RunningBatch {

    @Override
    public CompletionStage<End> ended() {
      return submission.ended();
    }

    @Override
    public void follow(Consumer<ClusterApplication> listener) {
      submission.follow(listener);
    }

    @Override
    public boolean startsWhenAccepted() {
      return submission.application().isPresent();
    }

    @Override
    public void kill() {
      submission.kill();
    }
  }
}
