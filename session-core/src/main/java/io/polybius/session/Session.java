package io.polybius.session;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.SessionSnapshot.DriverInfo;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchSpec;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session: its state, its statements, and the driver that runs them.
 *
 * <p>At most one statement is with the driver at a time; the others wait here, where they can be
 * cancelled without asking the driver.
 *
 * <p>There are no locks. What is below "in tasks", and all that it holds ({@link Statements},
 * {@link Drivers}, {@link Journal}, {@link EventLog}), is read and written by {@link Tasks} of this
 * session only, of which one runs at a time and sees what those before it wrote; until the first is
 * given, by the one thread that makes and restores the session. Methods that return a stage may be
 * called from any thread; their work is such a task. Any thread may at any time read {@link
 * #snapshot}, an immutable value that tasks replace, ask {@link #isKept}, and use the {@link
 * Lifespan} and {@link #log}, which has a lock of its own.
 */
final class Session implements Drivers.Owner {

  private static final Logger logger = LoggerFactory.getLogger(Session.class);

  private static final int LAUNCH_EXTENSIONS = 6;

  /** What all sessions share. */
  record Environment(
      DriverLauncher launcher,
      CoreThreads threads,
      Clock clock,
      JobRoom jobRoom,
      ResultRoom resultRoom,
      Optional<Path> stagingFolder) {}

  private final int id;
  private final SessionSettings settings;
  private final Optional<String> owner;
  private final Journal.Change.Opened opened;
  private final SessionLimits limits;
  private final ProcessLog log;
  private final Environment environment;
  private final Tasks tasks;
  private final Lifespan lifespan;
  private final StagedFiles files;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile SessionSnapshot snapshot;

  // In tasks:
  private final EventLog events = new EventLog();
  private final Journal journal;
  private final Drivers drivers;
  private final Statements statements;
  private final Downloads downloads;
  private final Jobs jobs;
  private final Resources resources;

  private SessionState state = SessionState.STARTING;
  private Optional<DriverInfo> driverInfo = Optional.empty();
  private Optional<ClusterApplication> application = Optional.empty();
  private Runnable startClock = () -> {};
  private int firstStatementId;
  private int nextQuestionId;
  private long endedMillis;

  /**
   * Makes a session that has not been started.
   *
   * @param opened what its creator asked for
   * @param journal keeps what becomes of it; has nothing of it yet, or all that there was before
   */
  Session(
      int id,
      Journal.Change.Opened opened,
      SessionLimits limits,
      ProcessLog log,
      Journal journal,
      Environment environment) {
    this.id = id;
    this.opened = opened;
    this.settings = opened.settings();
    this.owner = opened.owner();
    this.limits = limits;
    this.log = log;
    this.environment = environment;
    this.journal = journal;
    this.tasks = new Tasks(id, journal, events, this::everything, environment.threads());
    this.statements =
        new Statements(
            limits.retainedStatements(),
            environment.clock(),
            tasks,
            journal,
            events,
            this::refreshSnapshot);
    this.drivers =
        new Drivers(id, opened.checked(), limits, log, journal, environment, tasks, this);
    this.downloads = new Downloads(tasks, drivers);
    this.jobs =
        new Jobs(limits, log, environment, tasks, journal, events, drivers, this::refreshSnapshot);
    this.files = new StagedFiles(environment.stagingFolder(), id);
    this.resources =
        new Resources(tasks, drivers, this::nextQuestion, files, environment.threads());
    this.lifespan = new Lifespan(settings, opened.createdMillis(), environment.clock());
    this.snapshot = takeSnapshot();
  }

  /** Returns the session as it is now. */
  SessionSnapshot snapshot() {
    return snapshot;
  }

  /** Returns what its drivers have printed. */
  ProcessLog log() {
    return log;
  }

  /** Completes when the session is no longer starting for the first time. */
  CompletionStage<Void> started() {
    return started;
  }

  /** Completes when the session has reached its last state and none of its drivers is left. */
  CompletionStage<Void> ended() {
    return ended;
  }

  /** Notes that a client asked for something; it is alive, whether it uses the session or not. */
  void requested() {
    lifespan.requested(Duration.ZERO);
  }

  /** Notes that somebody uses the session. */
  void used() {
    lifespan.used();
  }

  /**
   * Ends the session if its time is over.
   *
   * @param lifetimes what the operator says about that
   * @param heartbeats whether to look at the client's requests too
   * @param whenGone called if so, when the session has ended
   */
  void endIfOver(Lifetimes lifetimes, boolean heartbeats, Runnable whenGone) {
    if (whyOver(lifetimes, heartbeats).isEmpty()) {
      return;
    }
    tasks.run(
        () ->
            whyOver(lifetimes, heartbeats)
                .ifPresent(
                    why -> {
                      logger.info("session {} is ended: {}", id, why);
                      log.append(StreamName.STDERR, "The session is ended: " + why);
                      stopNow();
                      CompletionStage<Void> unused = ended.thenRun(whenGone);
                    }));
  }

  private Optional<String> whyOver(Lifetimes lifetimes, boolean heartbeats) {
    if (downloads.areUnderWay() || resources.areUnderWay()) {
      lifespan.used();
      lifespan.requested(Duration.ZERO);
    }
    if (jobs.areUnderWay()) {
      lifespan.used();
    }
    return lifespan.whyOver(snapshot.state(), lifetimes, heartbeats);
  }

  /** Launches the first driver, unless the session has been stopped already. */
  void start() {
    tasks.run(
        () -> {
          if (state == SessionState.STARTING) {
            launch();
          }
        });
  }

  /** Takes over what an earlier server had, before anything else is done with the session. */
  void restore(List<Journal.Change> changes) {
    for (Journal.Change change : changes) {
      restore(change);
    }
    statements.forgetOld();
    jobs.restored();
  }

  private void restore(Journal.Change change) {
    drivers.restore(change);
    statements.restore(change);
    jobs.restore(change);
    if (change instanceof Journal.Change.InputRequested asked) {
      Statement statement = statements.find(asked.id());
      events.restore(
          asked.event(),
          sequence ->
              new SessionEvent.InputRequested(
                  sequence, statement, asked.prompt(), asked.password()));
    } else if (change instanceof Journal.Change.CommSent sent) {
      events.restore(
          sent.event(),
          sequence -> new SessionEvent.CommSent(sequence, sent.requestId(), sent.message()));
    } else if (change instanceof Journal.Change.Became became) {
      state = became.state();
      driverInfo = became.driver();
      application = became.application();
      firstStatementId = became.firstStatementId();
      endedMillis = became.endedMillis();
      refreshSnapshot();
      SessionSnapshot then = snapshot;
      events.restore(became.event(), sequence -> new SessionEvent.SessionChanged(sequence, then));
    } else if (change instanceof Journal.Change.Counted counted) {
      nextQuestionId = counted.nextQuestionId();
      events.restore(counted.lastEvent());
    }
  }

  /** Returns which driver of an earlier server is to be taken back, if one is. */
  Optional<LaunchSpec> awaitedDriver() {
    return drivers.begunBefore().filter(spec -> state.isActive());
  }

  /** Goes on with what was restored: takes the driver back, or launches one that was not yet. */
  void takeBack() {
    tasks.run(
        () -> {
          if (awaitedDriver().isPresent()) {
            drivers.takeBack();
            limitStart();
          } else if (state.isActive()) {
            launch();
          } else {
            started.complete(null);
            endIfDriverless();
          }
        });
  }

  /** Ends a session of an earlier server that cannot be taken back. */
  void giveUp(String why) {
    tasks.run(
        () -> {
          if (state.isActive()) {
            driverLost(why);
          }
          started.complete(null);
          endIfDriverless();
          tasks.afterwards(
              () -> {
                journal.renew(this::everything);
                journal.release();
              });
        });
  }

  /**
   * Does nothing any more, and leaves everything to a later server; completes when that is so. What
   * is asked for after that is refused.
   */
  CompletionStage<Void> leave() {
    tasks.run(
        () -> {
          statements.endWaits(SessionException.shuttingDown());
          jobs.endWaits(SessionException.shuttingDown());
          resources.endAll(SessionException.shuttingDown());
        });
    return tasks.leave();
  }

  /** Returns whether the session outlives the server. */
  boolean isKept() {
    return journal.isKept();
  }

  /** Frees the log's files, and removes them unless they outlive the server. */
  void endLog() {
    if (isKept()) {
      log.release();
    } else {
      log.delete();
    }
  }

  /** Removes what is kept of the session, for good. */
  void forget() {
    tasks.runEvenIfLeft(
        () -> {
          jobs.forgetResults();
          log.delete();
          journal.delete();
        });
  }

  /**
   * Adds a statement behind those that wait.
   *
   * @return the statement as it was added; fails with {@link SessionException}
   */
  CompletionStage<Statement> execute(NewStatement request) {
    Optional<SessionException> refusal =
        LanguageCheck.ofStatement(request.kind(), environment.launcher());
    return tasks.call(
        () -> {
          boolean starting = state == SessionState.STARTING;
          if (!state.isActive() || (starting && !request.mayWaitForStart())) {
            throw wrongState();
          }
          // What has ended must not keep anybody from going on.
          statements.forgetOld();
          if (statements.isFull()) {
            throw new SessionException(
                ErrorCode.TOO_MANY_WAITING,
                "Too many statements wait in this session; send more when some have ended.");
          }
          if (refusal.isPresent()) {
            throw refusal.get();
          }
          Statement statement = statements.add(request);
          dispatch();
          return statement;
        });
  }

  /**
   * Waits for the end of a statement.
   *
   * @return the statement when it has ended, or as it is after the time; fails with {@link
   *     SessionException} if there is none
   */
  CompletionStage<Statement> awaitStatement(int statementId, Duration patience) {
    return awaitEnd(patience, answer -> statements.await(statementId, patience, answer));
  }

  private <T> CompletionStage<T> awaitEnd(Duration patience, Consumer<CompletableFuture<T>> await) {
    lifespan.requested(patience);
    CompletableFuture<T> answer = new CompletableFuture<>();
    tasks
        .call(
            () -> {
              await.accept(answer);
              return null;
            })
        .exceptionally(
            failure -> {
              answer.completeExceptionally(failure);
              return null;
            });
    return answer;
  }

  /** Stops a statement; one that has ended, or is unknown, is left alone. */
  CompletionStage<Void> cancel(int statementId) {
    return tasks.call(
        () -> {
          if (!state.isActive()) {
            throw wrongState();
          }
          Optional.ofNullable(statements.find(statementId)).ifPresent(this::cancelNow);
          return null;
        });
  }

  /**
   * Stops the statement that runs, if one does. If that has been tried in vain, those that wait
   * behind it are stopped, and the driver is told once more.
   */
  CompletionStage<Void> interrupt() {
    return tasks.call(
        () -> {
          statements.withDriver().ifPresent(this::interrupt);
          return null;
        });
  }

  private void interrupt(Statement running) {
    if (running.state().isTerminal()) {
      drivers.tell(new DriverCommand.Cancel(running.id()));
      statements.cancelAllWaiting();
    } else {
      cancelNow(running);
    }
  }

  /**
   * Adds a job, which runs beside the statements and other jobs.
   *
   * @return the job as it was added; fails with {@link SessionException}
   */
  CompletionStage<Job> submitJob(Kind kind, byte[] payload) {
    Optional<SessionException> refusal = LanguageCheck.ofJob(kind, environment.launcher());
    return tasks.call(
        () -> {
          checkActive();
          if (refusal.isPresent()) {
            throw refusal.get();
          }
          return jobs.add(kind, payload, isRunning());
        });
  }

  /** Stops a job; one that has ended is left alone; fails with {@link SessionException}. */
  CompletionStage<Void> cancelJob(int jobId) {
    return tasks.call(
        () -> {
          checkActive();
          jobs.cancel(jobId);
          return null;
        });
  }

  /**
   * Waits for the end of a job.
   *
   * @return the job when it has ended, or as it is after the time; fails with {@link
   *     SessionException} if there is none
   */
  CompletionStage<JobReport> awaitJob(int jobId, Duration patience) {
    return awaitEnd(patience, answer -> jobs.await(jobId, patience, answer));
  }

  private void checkActive() {
    if (!state.isActive()) {
      throw SessionException.notActive();
    }
  }

  /** Asks the driver whether a text is complete; unknown when it does not answer in time. */
  CompletionStage<CompletenessVerdict> checkCompleteness(Kind kind, String code) {
    return tasks
        .call(
            () ->
                ask(
                    id -> new DriverCommand.CheckCompleteness(id, kind.canonicalName(), code),
                    DriverEvent.CompletenessChecked.class))
        .thenCompose(answer -> answer)
        .thenApply(
            answer ->
                answer
                    .map(told -> new CompletenessVerdict(told.completeness(), told.indent()))
                    .orElse(CompletenessVerdict.UNKNOWN));
  }

  /**
   * Asks the driver how a text could go on; in no way, when it does not answer in time.
   *
   * @return fails with {@link SessionException}
   */
  CompletionStage<Completion> complete(Kind kind, String code, int cursor) {
    Optional<SessionException> refusal = LanguageCheck.ofStatement(kind, environment.launcher());
    return tasks
        .call(
            () -> {
              if (!isRunning()) {
                throw wrongState();
              }
              if (refusal.isPresent()) {
                throw refusal.get();
              }
              return ask(
                  id -> new DriverCommand.Complete(id, kind.canonicalName(), code, cursor),
                  DriverEvent.Completed.class);
            })
        .thenCompose(answer -> answer)
        .thenApply(
            answer ->
                answer
                    .map(found -> new Completion(found.candidates(), found.start(), found.end()))
                    .orElse(Completion.none(cursor)));
  }

  /**
   * Asks the driver what is known of the name at the cursor; nothing, when it does not answer in
   * time.
   *
   * @return fails with {@link SessionException}
   */
  CompletionStage<Inspection> inspect(Kind kind, String code, int cursor, boolean detailed) {
    Optional<SessionException> refusal = LanguageCheck.ofStatement(kind, environment.launcher());
    return tasks
        .call(
            () -> {
              if (!isRunning()) {
                throw wrongState();
              }
              if (refusal.isPresent()) {
                throw refusal.get();
              }
              return ask(
                  id -> new DriverCommand.Inspect(id, kind.canonicalName(), code, cursor, detailed),
                  DriverEvent.Inspected.class);
            })
        .thenCompose(answer -> answer)
        .thenApply(
            answer ->
                answer
                    .map(told -> new Inspection(told.found(), told.description()))
                    .orElse(Inspection.NOTHING));
  }

  /**
   * Begins to download the table of a statement.
   *
   * @return fails with {@link SessionException}
   */
  CompletionStage<ResultDownload> download(int statementId, ResultFormat format) {
    return tasks.call(
        () -> {
          Statement statement = statements.find(statementId);
          if (statement == null || statement.isHidden()) {
            throw SessionException.statementNotFound();
          }
          if (!statement.state().isTerminal()) {
            throw new SessionException(
                ErrorCode.RESULT_NOT_READY,
                "Statement "
                    + statementId
                    + " is "
                    + statement.state()
                    + "; its result can be had when it has ended.");
          }
          if (!isRunning() || statementId < firstStatementId) {
            throw new SessionException(
                ErrorCode.RESULT_GONE,
                "The driver that ran statement " + statementId + " is gone, and its result too.");
          }
          return downloads.begin(nextQuestion(), new ResultSource.OfStatement(statementId), format);
        });
  }

  /**
   * Begins to download something that the session's languages share.
   *
   * @return fails with {@link SessionException}
   */
  CompletionStage<ResultDownload> downloadShared(ResultSource source, ResultFormat format) {
    return tasks.call(
        () -> {
          if (!state.isActive()) {
            throw new SessionException(
                ErrorCode.RESULT_GONE,
                "Session " + id + " has ended, and what was shared in it is gone.");
          } else if (!isRunning()) {
            throw new SessionException(
                ErrorCode.RESULT_NOT_READY, "Session " + id + " is " + state + ".");
          }
          return downloads.begin(nextQuestion(), source, format);
        });
  }

  /**
   * Adds a jar or a file that the driver can read to what the session's code can use. If the driver
   * is not ready yet, it is waited for.
   *
   * @return completes when it can be used; fails with {@link SessionException}
   */
  CompletionStage<Void> addResource(ResourceKind kind, String uri) {
    return tasks
        .call(
            () -> {
              checkActive();
              return resources.add(kind, uri, isRunning());
            })
        .thenCompose(added -> added);
  }

  /** Does the same with a file of the server's own machine, which was uploaded. */
  private CompletionStage<Void> addFile(ResourceKind kind, Path file) {
    return tasks
        .call(
            () -> {
              if (!state.isActive()) {
                environment.threads().onDisk(() -> files.discard(file));
              }
              checkActive();
              return resources.addFile(kind, file, isRunning());
            })
        .thenCompose(added -> added);
  }

  /**
   * Begins to take a file from a client.
   *
   * @return fails with {@link SessionException}
   */
  CompletionStage<ResourceUpload> upload(ResourceKind kind) {
    ResourceUpload upload =
        new ResourceUpload(
            files,
            file -> addFile(kind, file),
            closed -> tasks.run(() -> resources.forget(closed)));
    return tasks.call(
        () -> {
          checkActive();
          resources.begin(upload);
          return upload;
        });
  }

  /** Gives a running statement the line that it waits for; any other is left alone. */
  CompletionStage<Void> answerInput(int statementId, String text) {
    return tasks.call(
        () -> {
          if (statements.isWithDriver(statementId)) {
            drivers.tell(new DriverCommand.AnswerInput(statementId, text));
          }
          return null;
        });
  }

  /**
   * Passes a comm message on to the driver.
   *
   * @param onNumber told, before anything can come of the message, by which number {@link
   *     SessionEvent.CommSent} names it
   * @return completes when its code has run, or its driver is to end; fails with {@link
   *     SessionException}
   */
  CompletionStage<Void> handleComm(CommMessage message, IntConsumer onNumber) {
    return tasks
        .call(
            () -> {
              if (!isRunning()) {
                throw wrongState();
              }
              return ask(
                  id -> {
                    onNumber.accept(id);
                    return new DriverCommand.HandleComm(id, message);
                  },
                  Optional.empty(),
                  DriverEvent.CommHandled.class);
            })
        .thenCompose(answer -> answer)
        .thenApply(answer -> null);
  }

  /**
   * Replaces the driver by a new one. Statements that run or wait are cancelled; ids go on.
   *
   * @return the session as it starts again; fails with {@link SessionException}
   */
  CompletionStage<SessionSnapshot> restart() {
    return tasks.call(
        () -> {
          if (!state.isActive()) {
            throw wrongState();
          }
          cancelAll("The session was restarted.");
          downloads.endAll("The session was restarted.");
          jobs.endAll("The session was restarted.");
          resources.endAll(
              new SessionException(ErrorCode.RESOURCE_FAILED, "The session was restarted."));
          drivers.replace();
          driverInfo = Optional.empty();
          application = Optional.empty();
          firstStatementId = statements.nextId();
          if (state == SessionState.STARTING) {
            announce();
          } else {
            become(SessionState.STARTING);
          }
          launch();
          return snapshot;
        });
  }

  /** Ends the session; completes when it is over. */
  CompletionStage<Void> stop() {
    tasks.run(this::stopNow);
    return ended;
  }

  private void stopNow() {
    if (state.isActive()) {
      cancelAll("The session was stopped.");
      downloads.endAll("The session was stopped.");
      jobs.endAll("The session was stopped.");
      resources.endAll(SessionException.notActive());
      become(SessionState.SHUTTING_DOWN);
      drivers.retire();
      endIfDriverless();
    }
  }

  /** Kills whatever drivers are left, without waiting for them to end by themselves. */
  void killDrivers() {
    tasks.runEvenIfLeft(drivers::kill);
  }

  /** Tells a listener the retained events after {@code afterSequence} and all that follow. */
  Subscription subscribe(long afterSequence, SessionListener listener) {
    tasks.runEvenIfLeft(
        () -> {
          events.subscribe(afterSequence, listener);
          listener.onCaughtUp(events.lastSequence(), snapshot);
        });
    return () -> tasks.runEvenIfLeft(() -> events.unsubscribe(listener));
  }

  // ---- its driver

  private void launch() {
    drivers.launch();
    limitStart();
  }

  private void limitStart() {
    limitStart(LAUNCH_EXTENSIONS);
  }

  /**
   * @param extensions how often the time may begin anew because the launch itself is under way,
   *     which on a cluster can mean that much is copied
   */
  private void limitStart(int extensions) {
    int launched = drivers.incarnation();
    startClock.run();
    startClock =
        tasks.later(
            limits.startTimeout(),
            () -> {
              if (launched != drivers.incarnation() || state != SessionState.STARTING) {
                return;
              }
              if (drivers.isLaunching() && extensions > 0) {
                limitStart(extensions - 1);
                return;
              }
              // What its cluster has not let in yet, its launcher watches.
              if (!drivers.startsWhenAccepted() || isAccepted()) {
                driverLost(
                    "The driver was not ready within "
                        + limits.startTimeout().toSeconds()
                        + " s (livy.rsc.server.connect.timeout).");
              }
            });
  }

  @Override
  public void driverLaunched() {
    if (state == SessionState.STARTING) {
      limitStart();
    }
  }

  @Override
  public void driverTakenBack() {
    statements
        .withDriver()
        .filter(statement -> statement.state() == StatementState.CANCELLING)
        .ifPresent(statement -> watchCancellation(statement.id()));
    jobs.driverIsTakenBack();
    if (isRunning()) {
      resources.driverReady();
    }
    dispatch();
  }

  @Override
  public void applicationChanged(ClusterApplication changed) {
    boolean wasAccepted = isAccepted();
    application = Optional.of(changed);
    if (state == SessionState.STARTING && !wasAccepted && isAccepted()) {
      limitStart();
    }
    announce();
  }

  /** Returns whether the driver's cluster has let it in, if it has one. */
  private boolean isAccepted() {
    return application
        .filter(known -> known.state() != ClusterApplication.State.SUBMITTED)
        .isPresent();
  }

  /** The session dies, and with it what it was doing. */
  @Override
  public void driverLost(String why) {
    // Who reads the error sees the reason first.
    List<String> lines = new ArrayList<>(List.of("Interpreter died:", why));
    lines.addAll(log.newestErrors());
    log.append(StreamName.STDERR, why);
    logger.info("session {} is dead: {}", id, why);
    StatementError error =
        new StatementError(
            StatementError.Origin.DRIVER, "DriverDied", String.join("\n", lines), List.of());
    driverInfo = Optional.empty();
    statements.endAll(error);
    downloads.endAll("The driver has ended: " + why);
    jobs.endAll(error.message());
    resources.endAll(
        new SessionException(ErrorCode.RESOURCE_FAILED, "The driver has ended: " + why));
    become(
        application.filter(known -> known.state() == ClusterApplication.State.KILLED).isPresent()
            ? SessionState.KILLED
            : SessionState.DEAD);
    drivers.retire();
    endIfDriverless();
  }

  @Override
  public void driverGone() {
    endIfDriverless();
  }

  private void endIfDriverless() {
    if (state.isActive() || drivers.anyLeft()) {
      return;
    }
    if (state == SessionState.SHUTTING_DOWN) {
      become(SessionState.DEAD);
    }
    journal.commit();
    journal.release();
    log.release();
    resources.removeFiles();
    ended.complete(null);
  }

  @Override
  public void driverSaid(DriverEvent event) {
    if (event instanceof DriverEvent.DriverReady ready) {
      ready(ready);
    } else if (event instanceof DriverEvent.DriverFailed failed) {
      driverLost(failed.reason());
    } else if (event instanceof DriverEvent.CommSent sent) {
      tasks.happened(
          sequence -> new Journal.Change.CommSent(sequence, sent.requestId(), sent.message()),
          sequence -> new SessionEvent.CommSent(sequence, sent.requestId(), sent.message()));
    } else if (event instanceof DriverEvent.OfResult about) {
      downloads.heard(about);
    } else if (event instanceof DriverEvent.OfJob about) {
      jobs.heard(about);
    } else if (event instanceof DriverEvent.OfStatement about) {
      Statement statement = statements.find(about.statementId());
      if (statement != null) {
        handle(about, statement);
      }
    }
  }

  private void handle(DriverEvent.OfStatement event, Statement statement) {
    if (event instanceof DriverEvent.StatementPutOut put) {
      statements.putOut(statement, put.output());
    } else if (event instanceof DriverEvent.StatementProgressed progressed) {
      if (!statement.state().isTerminal()) {
        statements.update(
            statement.progressed(
                new TaskProgress(
                    progressed.completedTasks(),
                    progressed.totalTasks(),
                    progressed.completedStages(),
                    progressed.totalStages())));
      }
    } else if (event instanceof DriverEvent.InputRequested asked) {
      tasks.happened(
          sequence ->
              new Journal.Change.InputRequested(
                  sequence, statement.id(), asked.prompt(), asked.password()),
          sequence ->
              new SessionEvent.InputRequested(
                  sequence, statement, asked.prompt(), asked.password()));
    } else if (event instanceof DriverEvent.StatementSucceeded succeeded) {
      driverFinished(statement.evaluated(succeeded.expressions()), Optional.empty());
    } else if (event instanceof DriverEvent.StatementFailed failed) {
      driverFinished(statement, Optional.of(failed.error()));
    }
  }

  private void ready(DriverEvent.DriverReady ready) {
    if (state != SessionState.STARTING) {
      logger.warn("the driver of session {} says a second time that it is ready", id);
      return;
    }
    driverInfo =
        Optional.of(
            new DriverInfo(
                ready.sparkVersion(),
                ready.scalaVersion(),
                ready.applicationId(),
                Optional.of(ready.sparkUiUrl()).filter(url -> !url.isEmpty())));
    become(SessionState.IDLE);
    resources.driverReady();
    dispatch();
  }

  private void driverFinished(Statement statement, Optional<StatementError> error) {
    if (statements.isWithDriver(statement.id())) {
      statements.finish(statement, error);
      dispatch();
    }
  }

  // ---- statements

  /**
   * Gives the driver the next statement if it has none, and the jobs that wait for it, and shows
   * whether the session is busy, which it never is with jobs.
   */
  private void dispatch() {
    if (isRunning()) {
      jobs.driverIsUp();
    }
    if (isRunning() && statements.mayStart()) {
      Statement next = statements.startNext();
      drivers.tell(
          new DriverCommand.Execute(
              next.id(), next.kind().canonicalName(), next.code(), next.options()));
    }
    boolean working = statements.areUnderWay();
    if (state == SessionState.IDLE && working) {
      become(SessionState.BUSY);
    } else if (state == SessionState.BUSY && !working) {
      become(SessionState.IDLE);
    }
  }

  private void cancelNow(Statement statement) {
    if (statement.state() == StatementState.WAITING) {
      statements.cancelWaiting(statement);
      dispatch();
    } else if (statement.state() == StatementState.RUNNING) {
      statements.update(statement.cancelling());
      drivers.tell(new DriverCommand.Cancel(statement.id()));
      watchCancellation(statement.id());
    }
  }

  private void watchCancellation(int statementId) {
    tasks.later(
        limits.cancelTimeout(),
        () -> {
          Statement late = statements.find(statementId);
          if (late != null && late.state() == StatementState.CANCELLING) {
            String why =
                "Statement "
                    + statementId
                    + " does not react to being cancelled and runs on;"
                    + " restart its kernel, or delete the session, to be rid of it.";
            log.append(StreamName.STDERR, why);
            statements.endStarted(
                late,
                Optional.of(
                    new StatementError(
                        StatementError.Origin.INTERRUPT, Statement.STILL_RUNNING, why, List.of())));
          }
        });
  }

  /** Ends all statements, because their driver is about to go. */
  private void cancelAll(String why) {
    statements
        .withDriver()
        .filter(statement -> statement.state() == StatementState.RUNNING)
        .ifPresent(statement -> statements.update(statement.cancelling()));
    StatementError error =
        new StatementError(StatementError.Origin.INTERRUPT, "SessionInterrupted", why, List.of());
    statements.endAll(error);
  }

  // ---- small things

  /** Asks the driver something; there is no answer when it does not come in time. */
  private <A extends DriverEvent.Answer> CompletionStage<Optional<A>> ask(
      IntFunction<DriverCommand> question, Class<A> type) {
    return ask(question, Optional.of(limits.questionTimeout()), type);
  }

  private <A extends DriverEvent.Answer> CompletionStage<Optional<A>> ask(
      IntFunction<DriverCommand> question, Optional<Duration> patience, Class<A> type) {
    if (!isRunning()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    int number = nextQuestion();
    return drivers.ask(number, question.apply(number), patience, type);
  }

  private int nextQuestion() {
    int number = nextQuestionId++;
    journal.note(counted());
    return number;
  }

  /** Returns whether there is a driver that can be asked something. */
  private boolean isRunning() {
    return drivers.isThere() && driverInfo.isPresent() && state.isActive();
  }

  private void become(SessionState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("a session cannot go from " + state + " to " + next);
    }
    state = next;
    if (next == SessionState.IDLE) {
      lifespan.used();
    } else if (next.isTerminal()) {
      endedMillis = environment.clock().millis();
    }
    announce();
    if (next != SessionState.STARTING) {
      startClock.run();
      started.complete(null);
    }
  }

  private void announce() {
    refreshSnapshot();
    SessionSnapshot now = snapshot;
    tasks.happened(this::became, sequence -> new SessionEvent.SessionChanged(sequence, now));
  }

  private Journal.Change.Became became(long sequence) {
    return new Journal.Change.Became(
        sequence,
        state,
        driverInfo,
        application,
        drivers.incarnation(),
        firstStatementId,
        endedMillis);
  }

  private Journal.Change.Counted counted() {
    return new Journal.Change.Counted(
        statements.nextId(), statements.nextHiddenId(), nextQuestionId, events.lastSequence());
  }

  private SessionException wrongState() {
    return new SessionException(ErrorCode.WRONG_STATE, "Session is in state " + state);
  }

  private void refreshSnapshot() {
    snapshot = takeSnapshot();
  }

  private SessionSnapshot takeSnapshot() {
    return new SessionSnapshot(
        id,
        settings,
        owner,
        state,
        driverInfo,
        application,
        drivers.incarnation(),
        firstStatementId,
        statements.shown(),
        jobs.shown(),
        endedMillis);
  }

  /** Returns the changes that lead from nothing to what is the case. */
  private List<Journal.Change> everything() {
    List<Journal.Change> changes = new ArrayList<>();
    changes.add(opened);
    changes.addAll(statements.changes());
    changes.addAll(jobs.changes());
    changes.add(became(Journal.NO_EVENT));
    changes.addAll(drivers.changes());
    changes.add(counted());
    return changes;
  }
}
