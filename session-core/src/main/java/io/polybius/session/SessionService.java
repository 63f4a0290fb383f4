package io.polybius.session;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.SessionRecords;
import io.polybius.session.spi.SessionStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one door to all sessions. Both front ends, and whatever comes beside them, call these methods
 * and nothing else.
 *
 * <p>All methods may be called from any thread and none waits for a driver. Those that return a
 * stage complete it with a {@link SessionException} when the request cannot be served; the others
 * throw it. A request about a session, whatever it asks, shows that the session's client is there.
 */
public final class SessionService implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionService.class);

  /** On top of the drivers' own grace, for killing those that did not use it. */
  private static final Duration CLOSING_RESERVE = Duration.ofSeconds(5);

  /** How often it is looked for sessions whose time is over. */
  private static final Duration SWEEP_INTERVAL = Duration.ofMillis(250);

  private final Registry<Session> sessions = new Registry<>();
  private final CoreThreads threads = new CoreThreads("session");
  private final DriverLauncher launcher;
  private final CoreSettings settings;
  private final Clock clock;
  private final Session.Environment environment;

  /** Used by the timer's thread only. */
  private long heartbeatsCheckedMillis;

  /**
   * Makes a service, with the sessions that an earlier server has left if they are kept.
   *
   * @param launcher starts the drivers; closed with the service
   * @param settings what the operator chose
   * @param clock tells the time
   * @throws UncheckedIOException if what was left cannot be read
   */
  public SessionService(DriverLauncher launcher, CoreSettings settings, Clock clock) {
    this(
        launcher,
        settings,
        clock,
        new ResultRoom(aQuarterOrAtLeast(DriverEvent.JobSucceeded.MAX_BYTES)));
  }

  SessionService(
      DriverLauncher launcher, CoreSettings settings, Clock clock, ResultRoom resultRoom) {
    this.launcher = launcher;
    this.settings = settings;
    this.clock = clock;
    this.environment =
        new Session.Environment(
            launcher,
            threads,
            clock,
            new JobRoom(aQuarterOrAtLeast(DriverCommand.RunJob.MAX_BYTES)),
            resultRoom,
            settings.stagingFolder());
    this.heartbeatsCheckedMillis = clock.millis();
    settings.store().ifPresent(this::takeOver);
    settings.stagingFolder().ifPresent(this::removeOldUploads);
    threads.every(SWEEP_INTERVAL, this::endWhatIsOver);
  }

  /**
   * Opens a session and begins to launch its driver. Whether that succeeds shows in the session's
   * state and log.
   *
   * @return the session in state {@code starting}
   */
  public SessionSnapshot open(SessionSettings asked, Caller caller) {
    LanguageCheck.ofSession(asked.kind(), launcher);
    SessionSettings checked = settings.rules().check(asked);
    SessionLimits limits = settings.limits().forSession(checked.application().conf());
    Runnable place = settings.creations().take();
    Session session;
    try {
      session =
          sessions.add(
              checked.application().name(),
              id ->
                  newSession(
                      id,
                      new Journal.Change.Opened(asked, checked, caller.user(), clock.millis()),
                      limits));
    } catch (RuntimeException e) {
      place.run();
      throw e;
    }
    CompletionStage<Void> unused = session.started().thenRun(place);
    log.info(
        "session {} ({}) opened by {}",
        session.snapshot().id(),
        checked.kind(),
        caller.user().orElse(caller.address()));
    session.start();
    return session.snapshot();
  }

  private Session newSession(int id, Journal.Change.Opened opened, SessionLimits limits) {
    Optional<SessionRecords> records = Optional.empty();
    try {
      if (settings.store().isPresent()) {
        records = Optional.of(settings.store().get().begin(id));
      }
    } catch (IOException e) {
      log.error("session {} cannot be kept, and will end with the server", id, e);
    }
    ProcessLog sessionLog = settings.sessionLog(id, records);
    Journal journal = new Journal(records, sessionLog);
    journal.note(opened);
    journal.commit();
    try {
      return new Session(id, opened, limits, sessionLog, journal, environment);
    } catch (RuntimeException e) {
      sessionLog.delete();
      journal.delete();
      throw e;
    }
  }

  /** A quarter of the memory, but always enough for one job. */
  private static long aQuarterOrAtLeast(long bytes) {
    return Math.max(bytes, Runtime.getRuntime().maxMemory() / 4);
  }

  private void takeOver(SessionStore store) {
    List<Session> goingOn = new ArrayList<>();
    try {
      sessions.startAt(store.nextSessionId());
      for (SessionRecords records : store.left()) {
        restore(records).ifPresent(goingOn::add);
      }
      launcher.expect(
          goingOn.stream().flatMap(session -> session.awaitedDriver().stream()).toList());
      goingOn.forEach(Session::takeBack);
    } catch (IOException e) {
      launcher.close();
      threads.close();
      throw new UncheckedIOException("The sessions of before cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      launcher.close();
      threads.close();
      throw e;
    }
  }

  private void removeOldUploads(Path stagingFolder) {
    StagedFiles.removeAllBut(
        stagingFolder,
        sessions.all().stream()
            .map(session -> session.snapshot().id())
            .collect(Collectors.toSet()));
  }

  /** Restores a session; returns it if it can go on. */
  private Optional<Session> restore(SessionRecords records) {
    int id = records.sessionId();
    ProcessLog sessionLog = settings.sessionLog(id, Optional.of(records));
    Journal journal = new Journal(Optional.of(records), sessionLog);
    Optional<Journal.Past> left = journal.read();
    if (left.isEmpty()) {
      sessionLog.delete();
      journal.delete();
      return Optional.empty();
    }
    Journal.Past past = left.get();
    Session session =
        new Session(id, past.opened(), limitsOf(past.opened()), sessionLog, journal, environment);
    Optional<String> damage = past.damage();
    try {
      session.restore(past.changes());
    } catch (RuntimeException e) {
      log.error("the journal of session {} makes no sense", id, e);
      damage = damage.or(() -> Optional.of("it contradicts itself"));
    }
    sessions.restore(id, past.opened().checked().application().name(), session);
    if (damage.isPresent()) {
      session.giveUp("The session cannot be taken back, because of its journal: " + damage.get());
      return Optional.empty();
    }
    log.info("session {} is {} as an earlier server left it", id, session.snapshot().state());
    return Optional.of(session);
  }

  private SessionLimits limitsOf(Journal.Change.Opened opened) {
    try {
      return settings.limits().forSession(opened.checked().application().conf());
    } catch (SessionException e) {
      return settings.limits();
    }
  }

  /** Returns the launch profiles that sessions can be opened with. */
  public LaunchProfiles profiles() {
    return settings.rules().profiles();
  }

  /** Returns the languages that sessions can run, beside those of Jupyter kernels. */
  public Set<Kind> languages() {
    return launcher.languages();
  }

  /** Returns the Jupyter kernels that sessions can run. */
  public List<InstalledKernel> jupyterKernels() {
    return launcher.jupyterKernels();
  }

  /** Returns all sessions, oldest first. */
  public List<SessionSnapshot> sessions() {
    return sessions.all().stream().map(Session::snapshot).toList();
  }

  /** Returns the session of that id, or of that name if it is not a number. */
  public SessionSnapshot session(String idOrName) {
    return find(idOrName).snapshot();
  }

  /** Returns a session that somebody is going to use. */
  public SessionSnapshot connect(String idOrName) {
    return used(idOrName).snapshot();
  }

  /**
   * Returns a part of a session's log.
   *
   * @param from number of the first line, from 0; a negative one means the last {@code size} lines
   * @param size how many lines at most, negative for all
   */
  public LogPage log(String idOrName, int from, int size) {
    return find(idOrName).log().page(from, size);
  }

  /** Returns up to {@code most} of the last lines of a session's log; none if it is gone. */
  public List<String> newestLogLines(SessionSnapshot session, int most) {
    return sessions.numbered(session.id()).map(found -> found.log().newest(most)).orElse(List.of());
  }

  /** Returns a statement of a session's history. */
  public Statement statement(String idOrName, int statementId) {
    return find(idOrName)
        .snapshot()
        .statement(statementId)
        .orElseThrow(SessionException::statementNotFound);
  }

  /**
   * Waits for the end of a statement.
   *
   * @return the statement when it has ended, or as it is after the time
   */
  public CompletionStage<Statement> awaitStatement(
      String idOrName, int statementId, Duration patience) {
    try {
      return find(idOrName).awaitStatement(statementId, patience);
    } catch (SessionException e) {
      return failed(e);
    }
  }

  /**
   * Adds a statement to those that a session runs one after the other.
   *
   * @return the statement as it was added
   */
  public CompletionStage<Statement> execute(String idOrName, NewStatement statement) {
    return isTooLarge(statement.code())
        ? tooLarge()
        : onSession(idOrName, session -> session.execute(statement));
  }

  /** Stops a statement; one that has ended, or is unknown, is left alone. */
  public CompletionStage<Void> cancel(String idOrName, int statementId) {
    return onSession(idOrName, session -> session.cancel(statementId));
  }

  /** Stops the statement that runs in a session, whoever sent it; without one, does nothing. */
  public CompletionStage<Void> interrupt(String idOrName) {
    return onSession(idOrName, Session::interrupt);
  }

  /**
   * Adds a compiled job, which runs beside the session's statements and other jobs, also before the
   * session's driver is up.
   *
   * @param kind {@link Kind#SPARK} or {@link Kind#PYSPARK}
   * @param payload as the client has serialized it, which only the driver opens; must not be
   *     changed any more
   * @return the job as it was added
   */
  public CompletionStage<Job> submitJob(String idOrName, Kind kind, byte[] payload) {
    return payload.length > DriverCommand.RunJob.MAX_BYTES
        ? failed(
            new SessionException(
                ErrorCode.TOO_LARGE,
                "The job is larger than "
                    + DriverCommand.RunJob.MAX_BYTES
                    + " bytes; put its data into a file, and have the job read that."))
        : onSession(idOrName, session -> session.submitJob(kind, payload));
  }

  /** Stops a job, with its Spark jobs; one that has ended is left alone. */
  public CompletionStage<Void> cancelJob(String idOrName, int jobId) {
    return onSession(idOrName, session -> session.cancelJob(jobId));
  }

  /** Returns a job of a session as it is. */
  public Job job(String idOrName, int jobId) {
    SessionSnapshot session = find(idOrName).snapshot();
    return session.job(jobId).orElseThrow(() -> SessionException.jobNotFound(jobId));
  }

  /** Returns a job of a session as it is, with what it has returned. */
  public CompletionStage<JobReport> findJob(String idOrName, int jobId) {
    return awaitJob(idOrName, jobId, Duration.ZERO);
  }

  /**
   * Waits for the end of a job.
   *
   * @return the job when it has ended, or as it is after the time
   */
  public CompletionStage<JobReport> awaitJob(String idOrName, int jobId, Duration patience) {
    try {
      return find(idOrName).awaitJob(jobId, patience);
    } catch (SessionException e) {
      return failed(e);
    }
  }

  /** Tells whether a text is complete, as far as the driver can say it quickly. */
  public CompletionStage<CompletenessVerdict> checkCompleteness(
      String idOrName, Kind kind, String code) {
    return onSession(idOrName, session -> session.checkCompleteness(kind, code));
  }

  /**
   * Finds out how a text could go on, as far as the driver can say it quickly.
   *
   * @param cursor offset in the text, in UTF-16 units
   */
  public CompletionStage<Completion> complete(String idOrName, Kind kind, String code, int cursor) {
    return isTooLarge(code)
        ? tooLarge()
        : onSession(idOrName, session -> session.complete(kind, code, cursor));
  }

  /**
   * Finds out what is known of the name at the cursor, as far as the driver can say it quickly.
   *
   * @param cursor offset in the text, in UTF-16 units
   * @param detailed whether to tell all there is
   */
  public CompletionStage<Inspection> inspect(
      String idOrName, Kind kind, String code, int cursor, boolean detailed) {
    return isTooLarge(code)
        ? tooLarge()
        : onSession(idOrName, session -> session.inspect(kind, code, cursor, detailed));
  }

  /**
   * Answers {@link SessionEvent.InputRequested}; without effect when the statement does not run.
   *
   * @param text the line, without its end; {@code \u0004} alone means that there is no more
   */
  public CompletionStage<Void> answerInput(String idOrName, int statementId, String text) {
    return onSession(idOrName, session -> session.answerInput(statementId, text));
  }

  /**
   * Passes a client's comm message on to the session's code.
   *
   * @param onNumber told by which number {@link SessionEvent.CommSent} names the message, before
   *     any such event
   * @return completes when the code that takes it has run, or has not in time
   */
  public CompletionStage<Void> handleComm(
      String idOrName, CommMessage message, IntConsumer onNumber) {
    return onSession(idOrName, session -> session.handleComm(message, onNumber));
  }

  /**
   * Begins to download the whole table that a statement has shown, which the driver computes again.
   *
   * @return is to be closed by the caller; what the driver has to say against it shows when it is
   *     read
   */
  public CompletionStage<ResultDownload> download(
      String idOrName, int statementId, ResultFormat format) {
    return onSession(idOrName, session -> session.download(statementId, format));
  }

  /**
   * Begins to download a value that the session's languages share.
   *
   * @return as {@link #download}
   */
  public CompletionStage<ResultDownload> downloadShared(
      String idOrName, String name, ResultFormat format) {
    return onSession(
        idOrName, session -> session.downloadShared(new ResultSource.OfShared(name), format));
  }

  /**
   * Begins to download the names under which the session's languages share something.
   *
   * @return as {@link #download}
   */
  public CompletionStage<ResultDownload> downloadSharedNames(String idOrName, ResultFormat format) {
    return onSession(
        idOrName, session -> session.downloadShared(new ResultSource.SharedNames(), format));
  }

  /**
   * Adds a jar or a file to what a session's code can use. If the session is still starting, its
   * driver is waited for.
   *
   * @param uri where the driver can read it; a path without a scheme is one of the default file
   *     system
   * @return completes when it can be used
   */
  public CompletionStage<Void> addResource(String idOrName, ResourceKind kind, String uri) {
    return onSession(
        idOrName, session -> session.addResource(kind, settings.rules().checkResource(uri)));
  }

  /**
   * Begins to take a jar or a file from a client, for a session's code to use.
   *
   * @return is to be closed by the caller
   */
  public CompletionStage<ResourceUpload> upload(String idOrName, ResourceKind kind) {
    return onSession(idOrName, session -> session.upload(kind));
  }

  /** Replaces a session's driver by a new one; ids and history go on. */
  public CompletionStage<SessionSnapshot> restart(String idOrName) {
    return onSession(idOrName, Session::restart);
  }

  /** Ends a session, and remembers it for a while; completes when its driver has ended. */
  public CompletionStage<Void> stop(String idOrName) {
    return onSession(idOrName, Session::stop);
  }

  /** Ends a session and forgets it; completes when nothing of it is left. */
  public CompletionStage<Void> delete(String idOrName) {
    return onSession(idOrName, session -> session.stop().thenRun(() -> forget(session)));
  }

  /**
   * Follows a session.
   *
   * @param afterSequence the number of the last event that the listener knows, 0 for none; what is
   *     no longer retained is left out, which shows as a gap in the numbers
   */
  public Subscription subscribe(String idOrName, long afterSequence, SessionListener listener) {
    return find(idOrName).subscribe(afterSequence, listener);
  }

  /**
   * Ends all sessions, or leaves those that are kept to a later server, kills drivers that do not
   * end in time, and frees all threads. Does nothing the second time.
   */
  @Override
  public void close() {
    if (!sessions.close()) {
      return;
    }
    List<Session> all = sessions.all();
    CompletableFuture<Void> ended =
        CompletableFuture.allOf(
            all.stream()
                .map(session -> session.isKept() ? session.leave() : session.stop())
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture<?>[]::new));
    if (!endsWithin(ended, settings.limits().stopGrace().plus(CLOSING_RESERVE))) {
      all.forEach(Session::killDrivers);
      endsWithin(ended, CLOSING_RESERVE);
    }
    threads.stopStarting();
    launcher.close();
    threads.close();
    all.forEach(Session::endLog);
  }

  private static boolean endsWithin(CompletableFuture<Void> ended, Duration time) {
    try {
      ended.get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      log.warn("some sessions have not ended within {} s", time.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      log.error("a session did not end well", e);
    }
    return false;
  }

  private void endWhatIsOver() {
    long now = clock.millis();
    Lifetimes lifetimes = settings.lifetimes();
    boolean heartbeats = now - heartbeatsCheckedMillis >= lifetimes.heartbeatInterval().toMillis();
    if (heartbeats) {
      heartbeatsCheckedMillis = now;
    }
    for (Session session : sessions.all()) {
      SessionSnapshot snapshot = session.snapshot();
      if (snapshot.state().isActive()) {
        session.endIfOver(lifetimes, heartbeats, () -> forget(session));
      } else if (snapshot.state().isTerminal()
          && now - snapshot.endedMillis() >= lifetimes.retention().toMillis()) {
        forget(session);
      }
    }
  }

  private void forget(Session session) {
    int id = session.snapshot().id();
    if (sessions.remove(id)) {
      session.forget();
      log.info("session {} deleted", id);
    }
  }

  private Session find(String idOrName) {
    Session session = sessions.find(idOrName);
    session.requested();
    return session;
  }

  private Session used(String idOrName) {
    Session session = find(idOrName);
    session.used();
    return session;
  }

  private <T> CompletionStage<T> onSession(
      String idOrName, Function<Session, CompletionStage<T>> work) {
    try {
      return work.apply(used(idOrName));
    } catch (SessionException e) {
      return failed(e);
    }
  }

  private boolean isTooLarge(String code) {
    return code.length() > settings.limits().maxCodeChars();
  }

  private <T> CompletionStage<T> tooLarge() {
    return failed(
        new SessionException(
            ErrorCode.TOO_LARGE,
            "The code is longer than "
                + settings.limits().maxCodeChars()
                + " characters; put it into a file or a jar."));
  }

  private static <T> CompletionStage<T> failed(SessionException e) {
    return CompletableFuture.failedFuture(e);
  }
}
