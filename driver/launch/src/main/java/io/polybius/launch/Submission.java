package io.polybius.launch;

import io.polybius.launch.WatchedApplications.End;
import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.RunningBatch;
import io.polybius.session.spi.RunningBatch.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that was given to {@code spark-submit}: its process here, its application there. */
final class Submission {

  /** After one of the two has ended, how long the other may take to end by itself. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  /** After its driver has ended, how long an application may take to notice that. */
  private static final Duration NOTICE_PATIENCE = Duration.ofSeconds(6);

  /** After the process has ended, how long the cluster may take to say what became of it. */
  private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(30);

  /** How often is looked for the name of a driver that is to end before it has one. */
  private static final int NAME_LOOKS = 120;

  private static final Duration NAME_INTERVAL = Duration.ofMillis(250);

  /** What Spark's client for standalone clusters says last. */
  private static final Pattern STANDALONE_END =
      Pattern.compile("State of driver (driver-\\S+) is (\\w+)");

  /** What it says when it has submitted a driver. */
  private static final Pattern STANDALONE_NAME = Pattern.compile("submitted as (driver-\\d+-\\d+)");

  /** How a JVM and spark-submit begin the line that says why they end. */
  private static final Pattern CAUSE =
      Pattern.compile(
          "(Exception in thread \"main\" |Error: |.* ERROR (SparkSubmit|Client|ClientEndpoint): )"
              + "(?<cause>.+)");

  /**
   * What a log has already when a program is about to be submitted: that of earlier ones.
   *
   * @param drivers how many names of drivers
   * @param causes how many lines that say why a process ends
   */
  record Before(int drivers, int causes) {
    static Before in(ProcessLog log) {
      return new Before(standaloneDrivers(log).size(), Submission.causes(log).size());
    }
  }

  private final Runnable killer;
  private final Optional<Watched> application;
  private final CompletionStage<RunningBatch.End> ended;

  private Submission(
      Runnable killer, Optional<Watched> application, CompletionStage<RunningBatch.End> ended) {
    this.killer = killer;
    this.application = application;
    this.ended = ended;
  }

  /** Returns one whose process is itself the driver, with an application if a cluster has one. */
  static Submission inProcess(LaunchedProcess process, Optional<Watched> application) {
    if (application.isEmpty()) {
      return new Submission(
          process::kill,
          application,
          process.exited().thenApply(code -> new RunningBatch.End(code == 0, describe(code))));
    }
    Watched watched = application.get();
    // A driver can live on without its application, but is of no use.
    watched
        .ended()
        .thenRunAsync(
            process::kill,
            CompletableFuture.delayedExecutor(GRACE.toMillis(), TimeUnit.MILLISECONDS));
    CompletionStage<RunningBatch.End> ended =
        process
            .exited()
            .thenCompose(
                code -> {
                  // It notices by itself that its driver is gone; then its end tells more.
                  watched.hurry();
                  CompletableFuture.delayedExecutor(
                          NOTICE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                      .execute(watched::kill);
                  return watched
                      .ended()
                      .copy()
                      .completeOnTimeout(
                          new End(Optional.empty(), true, ""),
                          ANSWER_PATIENCE.toMillis(),
                          TimeUnit.MILLISECONDS)
                      .thenApply(end -> ofProcess(code, end));
                });
    return new Submission(process::kill, application, ended);
  }

  private static RunningBatch.End ofProcess(int code, End end) {
    boolean killed = code != 0 && !end.killedByUs() && outcome(end) == Outcome.KILLED;
    return new RunningBatch.End(
        code == 0 ? Outcome.SUCCEEDED : killed ? Outcome.KILLED : Outcome.FAILED,
        describe(code) + end.application().map(application -> "; " + end.how()).orElse(""));
  }

  /**
   * Returns one whose application goes on without the process that submits it.
   *
   * @param log has what the process prints
   */
  static Submission inCluster(
      LaunchedProcess process, Watched application, ProcessLog log, Before before) {
    application.hasDriverInCluster();
    CompletionStage<Void> submitted =
        process
            .exited()
            .thenAccept(
                code -> {
                  application.hurry();
                  if (code != 0) {
                    application.submissionFailed(
                        "spark-submit failed: " + describe(code) + cause(log, before));
                  }
                });
    application
        .ended()
        .thenAccept(
            end -> {
              if (end.application().isEmpty()) {
                // What it would submit yet, nobody waits for.
                process.kill();
              }
            });
    return new Submission(
        () -> {
          process.kill();
          application.kill();
        },
        Optional.of(application),
        application.ended().thenCombine(submitted, (end, done) -> ofApplication(end)));
  }

  /** Returns one that an earlier server has submitted. */
  static Submission ofEarlierServer(Watched application) {
    application.hasDriverInCluster();
    return new Submission(
        application::kill,
        Optional.of(application),
        application.ended().thenApply(Submission::ofApplication));
  }

  /**
   * Returns one whose process follows a driver on a standalone cluster to its end.
   *
   * @param log has what the process prints
   * @param killDriver ends the driver of that name
   */
  static Submission onStandalone(
      LaunchedProcess process, ProcessLog log, Before before, Consumer<String> killDriver) {
    CompletionStage<RunningBatch.End> ended =
        process.exited().thenApply(code -> ofStandalone(code, log, before));
    AtomicBoolean killed = new AtomicBoolean();
    return new Submission(
        () -> {
          if (!killed.getAndSet(true)) {
            killOnStandalone(process, log, before, killDriver, NAME_LOOKS);
          }
        },
        Optional.empty(),
        ended);
  }

  /**
   * Lets the process go on until it is known what to end: the cluster may have the driver by then.
   */
  private static void killOnStandalone(
      LaunchedProcess process,
      ProcessLog log,
      Before before,
      Consumer<String> killDriver,
      int looks) {
    Optional<String> driver = standaloneDrivers(log).stream().skip(before.drivers()).findFirst();
    if (driver.isEmpty() && looks > 0 && !process.exited().isDone()) {
      CompletableFuture.delayedExecutor(NAME_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> killOnStandalone(process, log, before, killDriver, looks - 1));
      return;
    }
    driver.ifPresent(killDriver);
    // It follows the driver to its end, and so tells of that.
    CompletableFuture.delayedExecutor(
            driver.isPresent() ? GRACE.toMillis() : 0, TimeUnit.MILLISECONDS)
        .execute(process::kill);
  }

  private static RunningBatch.End ofStandalone(int code, ProcessLog log, Before before) {
    Optional<String> driver = standaloneDrivers(log).stream().skip(before.drivers()).findFirst();
    Matcher end = STANDALONE_END.matcher(String.join("\n", log.newest(Integer.MAX_VALUE)));
    String state = "";
    while (end.find()) {
      if (driver.filter(end.group(1)::equals).isPresent()) {
        state = end.group(2);
      }
    }
    return switch (state) {
      case "FINISHED" -> new RunningBatch.End(Outcome.SUCCEEDED, "its driver has finished");
      case "KILLED" -> new RunningBatch.End(Outcome.KILLED, "its driver was killed");
      case "" ->
          new RunningBatch.End(
              false, "spark-submit failed: " + describe(code) + cause(log, before));
      default ->
          new RunningBatch.End(
              false, "its driver is " + state + "; the master's page leads to what it has printed");
    };
  }

  /** Returns the names that a standalone cluster gave the drivers of a log, oldest first. */
  private static List<String> standaloneDrivers(ProcessLog log) {
    return STANDALONE_NAME
        .matcher(String.join("\n", log.page(0, -1).lines()))
        .results()
        .map(named -> named.group(1))
        .toList();
  }

  private static RunningBatch.End ofApplication(End end) {
    return new RunningBatch.End(outcome(end), end.how());
  }

  private static Outcome outcome(End end) {
    return end.application()
        .map(
            application ->
                switch (application.state()) {
                  case SUCCEEDED -> Outcome.SUCCEEDED;
                  case KILLED -> Outcome.KILLED;
                  default -> Outcome.FAILED;
                })
        .orElse(Outcome.FAILED);
  }

  /** Returns why a process has failed, if it has said so, to be added to a text. */
  private static String cause(ProcessLog log, Before before) {
    List<String> all = causes(log);
    return all.size() > before.causes() ? ": " + all.get(all.size() - 1) : "";
  }

  /** Returns what processes of a log have said of why they end, oldest first. */
  private static List<String> causes(ProcessLog log) {
    return log.page(0, -1).lines().stream()
        .map(CAUSE::matcher)
        .filter(Matcher::lookingAt)
        .map(line -> line.group("cause"))
        .toList();
  }

  private static String describe(int exitCode) {
    return LaunchedProcess.describe(exitCode);
  }

  /** Completes when nothing of it is left, here or there. Never completes with an exception. */
  CompletionStage<RunningBatch.End> ended() {
    return ended;
  }

  /** Returns what its cluster has, if it has anything of its own. */
  Optional<Watched> application() {
    return application;
  }

  /** Has a listener told what its cluster says. */
  void follow(Consumer<ClusterApplication> listener) {
    application.ifPresent(watched -> watched.follow(listener));
  }

  /** Ends it, wherever it is. */
  void kill() {
    killer.run();
  }
}
