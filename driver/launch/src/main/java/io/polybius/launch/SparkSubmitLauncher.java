package io.polybius.launch;

import io.polybius.session.BatchSettings;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchLauncher;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launches each batch by {@code spark-submit}, with Spark in local mode inside that process. Its
 * settings, which can be secrets, are in a file that only the server's user can read.
 *
 * <p>A batch has no link to the server. So that none outlives it, all are known to a process that
 * ends them when the server is gone.
 */
public final class SparkSubmitLauncher implements BatchLauncher, AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(SparkSubmitLauncher.class);

  private final LaunchSettings settings;
  private final ProcessGuard guard = new ProcessGuard();

  /** Makes a launcher, which begins nothing before its first batch. */
  public SparkSubmitLauncher(LaunchSettings settings) {
    this.settings = settings;
  }

  @Override
  public RunningBatch launch(BatchSpec spec, ProcessLog log) throws LaunchException {
    settings.requireLocalMaster(spec.settings().application());
    SparkInstallation spark = settings.spark(spec.settings().application());
    refuseWhatCannotRun(spec.settings(), spark);
    Map<String, String> sparkSettings =
        settings.sparkSettings(spec.settings().application(), settings.sparks().defaults(spark));
    SubmitCommandLine commandLine =
        new SubmitCommandLine(
            spark, settings.sparks().configuration(spark), sparkSettings, spec.settings());
    WorkDirectory directory = null;
    LaunchedProcess process = null;
    try {
      directory = WorkDirectory.create(settings.workDirectory(), spec.batchName());
      WorkDirectory used = directory;
      process =
          LaunchedProcess.start(
              commandLine.processBuilder(directory), directory, log, used::delete);
      guard.watch(process, directory);
      logger.info("{} is process {}", spec.batchName(), process.pid());
      return new SubmittedBatch(process);
    } catch (IOException | RuntimeException e) {
      if (process != null) {
        // Its folder goes when it is gone.
        process.kill();
      } else if (directory != null) {
        directory.delete();
      }
      throw new LaunchException("spark-submit could not be started: " + e.getMessage(), e);
    }
  }

  /** Ends what is still running, and frees what this launcher holds. */
  @Override
  public void close() {
    guard.close();
  }

  private static void refuseWhatCannotRun(BatchSettings batch, SparkInstallation spark)
      throws LaunchException {
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
   * A batch that is a process of this machine.
   *
   * @param process what submits it and runs it
   */
  private record SubmittedBatch(LaunchedProcess process) implements RunningBatch {

    @Override
    public CompletionStage<End> ended() {
      return process
          .exited()
          .thenApply(exitCode -> new End(exitCode == 0, LaunchedProcess.describe(exitCode)));
    }

    @Override
    public void kill() {
      process.kill();
    }
  }
}
