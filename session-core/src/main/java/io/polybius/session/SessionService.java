package io.polybius.session;

import io.polybius.session.spi.DriverLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one door to all sessions. Both front ends, and whatever comes beside them, call these methods
 * and nothing else.
 *
 * <p>All methods may be called from any thread and none waits for a driver. Those that return a
 * stage complete it with a {@link SessionException} when the request cannot be served; the others
 * throw it.
 */
public final class SessionService implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionService.class);

  /** On top of the drivers' own grace, for killing those that did not use it. */
  private static final Duration CLOSING_RESERVE = Duration.ofSeconds(5);

  private final Map<Integer, Session> sessions = new ConcurrentSkipListMap<>();
  private final AtomicInteger nextId = new AtomicInteger();
  private final DriverLauncher launcher;
  private final SessionLimits limits;
  private final ExecutorService pool;
  private final ExecutorService launchPool;
  private final ScheduledThreadPoolExecutor timer;
  private final Session.Environment environment;

  /** Guarded by {@link #sessions}, like the adding of sessions. */
  private boolean closing;

  /**
   * Makes a service without sessions.
   *
   * @param launcher starts the drivers; closed with the service
   * @param limits how long sessions wait and how much they keep
   * @param clock tells the time of statements
   */
  public SessionService(DriverLauncher launcher, SessionLimits limits, Clock clock) {
    this.launcher = launcher;
    this.limits = limits;
    this.pool = Executors.newFixedThreadPool(2, threads("session"));
    this.launchPool = Executors.newCachedThreadPool(threads("launch"));
    this.timer = new ScheduledThreadPoolExecutor(1, threads("session-timer"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.environment = new Session.Environment(launcher, limits, pool, launchPool, timer, clock);
  }

  /**
   * Opens a session and begins to launch its driver. Whether that succeeds shows in the session's
   * state and log.
   *
   * @return the session in state {@code starting}
   */
  public SessionSnapshot open(SessionSettings settings, Caller caller) {
    settings.name().ifPresent(SessionService::checkName);
    Session session;
    synchronized (sessions) {
      if (closing) {
        throw new SessionException(ErrorCode.SHUTTING_DOWN, "The server is shutting down.");
      }
      int id = nextId.getAndIncrement();
      settings
          .name()
          .ifPresent(
              name -> {
                if (named(name).isPresent()) {
                  throw new SessionException(
                      ErrorCode.DUPLICATE_NAME,
                      "Duplicate session name: Some(" + name + ") for session " + id);
                }
              });
      session = new Session(id, settings, caller.user(), environment);
      sessions.put(id, session);
    }
    log.info(
        "session {} ({}) opened by {}",
        session.snapshot().id(),
        settings.kind(),
        caller.user().orElse(caller.address()));
    session.start();
    return session.snapshot();
  }

  /** Returns all sessions, oldest first. */
  public List<SessionSnapshot> sessions() {
    return sessions.values().stream().map(Session::snapshot).toList();
  }

  /** Returns the session of that id, or of that name if it is not a number. */
  public SessionSnapshot session(String idOrName) {
    return find(idOrName).snapshot();
  }

  /** Returns the log of a session. */
  public List<String> log(String idOrName) {
    return find(idOrName).log().lines();
  }

  /** Returns a statement of a session's history. */
  public Statement statement(String idOrName, int statementId) {
    return find(idOrName).snapshot().statements().stream()
        .filter(statement -> statement.id() == statementId)
        .findFirst()
        .orElseThrow(
            () -> new SessionException(ErrorCode.STATEMENT_NOT_FOUND, "Statement not found"));
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

  /** Replaces a session's driver by a new one; ids and history go on. */
  public CompletionStage<SessionSnapshot> restart(String idOrName) {
    return onSession(idOrName, Session::restart);
  }

  /** Ends a session and forgets it; completes when nothing of it is left. */
  public CompletionStage<Void> delete(String idOrName) {
    return onSession(
        idOrName,
        session ->
            session
                .stop()
                .thenRun(
                    () -> {
                      int id = session.snapshot().id();
                      if (sessions.remove(id) != null) {
                        log.info("session {} deleted", id);
                      }
                    }));
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
   * Ends all sessions, kills drivers that do not end in time, and frees all threads. Does nothing
   * the second time.
   */
  @Override
  public void close() {
    List<Session> all;
    synchronized (sessions) {
      if (closing) {
        return;
      }
      closing = true;
      all = new ArrayList<>(sessions.values());
    }
    CompletableFuture<Void> ended =
        CompletableFuture.allOf(
            all.stream()
                .map(session -> session.stop().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    if (!endsWithin(ended, limits.stopGrace().plus(CLOSING_RESERVE))) {
      all.forEach(Session::killDrivers);
      endsWithin(ended, CLOSING_RESERVE);
    }
    timer.shutdownNow();
    launchPool.shutdownNow();
    launcher.close();
    pool.shutdown();
    awaitThreads();
  }

  private void awaitThreads() {
    long end = System.nanoTime() + CLOSING_RESERVE.toNanos();
    try {
      for (ExecutorService threads : List.of(timer, launchPool, pool)) {
        if (!threads.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          log.warn("some threads of the session core have not ended");
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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

  private static void checkName(String name) {
    if (name.isEmpty() || name.chars().allMatch(Character::isDigit)) {
      throw new SessionException(ErrorCode.BAD_NAME, "Invalid session name: " + name);
    }
  }

  private Session find(String idOrName) {
    Optional<Session> found =
        idOrName.chars().allMatch(c -> c >= '0' && c <= '9') ? numbered(idOrName) : named(idOrName);
    return found.orElseThrow(
        () ->
            new SessionException(
                ErrorCode.SESSION_NOT_FOUND, "Session '" + idOrName + "' not found."));
  }

  private Optional<Session> numbered(String digits) {
    try {
      return Optional.ofNullable(sessions.get(Integer.parseInt(digits)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private Optional<Session> named(String name) {
    return sessions.values().stream()
        .filter(session -> session.snapshot().settings().name().equals(Optional.of(name)))
        .findFirst();
  }

  private <T> CompletionStage<T> onSession(
      String idOrName, Function<Session, CompletionStage<T>> work) {
    try {
      return work.apply(find(idOrName));
    } catch (SessionException e) {
      return failed(e);
    }
  }

  private boolean isTooLarge(String code) {
    return code.length() > limits.maxCodeChars();
  }

  private <T> CompletionStage<T> tooLarge() {
    return failed(
        new SessionException(
            ErrorCode.TOO_LARGE,
            "The code is longer than "
                + limits.maxCodeChars()
                + " characters; put it into a file or a jar."));
  }

  private static <T> CompletionStage<T> failed(SessionException e) {
    return CompletableFuture.failedFuture(e);
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
