package io.polybius.session;

import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.session.Journal.Change;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The statements of a session: their numbers, which of them wait and which one is with the driver,
 * who waits for their ends, and how many are kept. Whatever changes about them is noted in the
 * journal, and told, here. Used in the session's tasks only.
 */
final class Statements {

  /** No more text than this is kept; the oldest statements go first. */
  private static final int RETAINED_HIDDEN = 100;

  private static final long RETAINED_CHARS = 32L << 20;

  private static final long MOST_CHARS = 2 * RETAINED_CHARS;

  /** What may wait, so that nobody can fill the server's memory with it. */
  private static final int MOST_WAITING = 1_000;

  private final int retained;
  private final Clock clock;
  private final Tasks tasks;
  private final Journal journal;
  private final EventLog events;
  private final Runnable onShown;
  private final NavigableMap<Integer, Statement> shown = new TreeMap<>();

  /** The newest first, also of those that have ended; threads that they left may still print. */
  private final NavigableMap<Integer, Statement> hidden = new TreeMap<>();

  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final Set<Integer> stopOnError = new HashSet<>();
  private final EndWaits<Statement> waits;
  private Optional<Integer> withDriver = Optional.empty();
  private int nextId;
  private int nextHiddenId = -1;
  private long chars;

  /**
   * @param retained how many are kept
   * @param onShown called when what clients see has changed
   */
  Statements(
      int retained, Clock clock, Tasks tasks, Journal journal, EventLog events, Runnable onShown) {
    this.retained = retained;
    this.clock = clock;
    this.tasks = tasks;
    this.journal = journal;
    this.events = events;
    this.onShown = onShown;
    this.waits = new EndWaits<>(tasks);
  }

  /** Returns those that clients see, oldest first. */
  List<Statement> shown() {
    return List.copyOf(shown.values());
  }

  /** Returns the statement of that number if it is kept, else null. */
  Statement find(int id) {
    return id < 0 ? hidden.get(id) : shown.get(id);
  }

  /** Returns the number that the next statement gets. */
  int nextId() {
    return nextId;
  }

  /** Returns the number that the next hidden statement gets. */
  int nextHiddenId() {
    return nextHiddenId;
  }

  /** Returns whether no more may be added for now. */
  boolean isFull() {
    return waiting.size() >= MOST_WAITING || chars > MOST_CHARS;
  }

  /** Returns the statement that is with the driver, if one is. */
  Optional<Statement> withDriver() {
    return withDriver.map(this::find);
  }

  /** Returns whether that statement is with the driver. */
  boolean isWithDriver(int id) {
    return withDriver.filter(present -> present == id).isPresent();
  }

  /** Returns whether any statement waits and the driver has none. */
  boolean mayStart() {
    return withDriver.isEmpty() && !waiting.isEmpty();
  }

  /** Returns whether any statement waits or is with the driver. */
  boolean areUnderWay() {
    return withDriver.isPresent() || !waiting.isEmpty();
  }

  /** Adds a statement behind those that wait. */
  Statement add(NewStatement request) {
    Statement statement = add(request.hidden() ? nextHiddenId : nextId, request);
    tasks.happened(
        sequence -> new Change.Added(sequence, statement.id(), request),
        sequence -> new SessionEvent.StatementChanged(sequence, statement));
    forgetOld();
    return statement;
  }

  private Statement add(int id, NewStatement request) {
    Statement statement = Statement.waiting(id, request);
    nextId = Math.max(nextId, id + 1);
    nextHiddenId = Math.min(nextHiddenId, Math.min(-1, id - 1));
    waiting.add(id);
    if (request.stopOnError()) {
      stopOnError.add(id);
    }
    put(statement);
    return statement;
  }

  private void put(Statement statement) {
    if (statement.isHidden()) {
      hidden.put(statement.id(), statement);
    } else {
      Statement before = shown.put(statement.id(), statement);
      chars += charsOf(statement) - (before == null ? 0 : charsOf(before));
    }
  }

  private static long charsOf(Statement statement) {
    return statement.code().length() + statement.outputs().chars();
  }

  /**
   * Waits for the end of a statement that clients see.
   *
   * @param answer gets the statement when it has ended, or as it is after the time; fails with
   *     {@link SessionException} if there is none
   */
  void await(int id, Duration patience, CompletableFuture<Statement> answer) {
    Statement statement = find(id);
    if (statement == null || statement.isHidden()) {
      answer.completeExceptionally(SessionException.statementNotFound());
    } else if (statement.state().isTerminal()) {
      answer.complete(statement);
    } else {
      waits.add(id, patience, answer, () -> find(id));
    }
  }

  /** Tells all who wait for an end that they do so in vain. */
  void endWaits(SessionException why) {
    waits.endAll(why);
  }

  /** The first of those that wait is now with the driver, and runs. */
  Statement startNext() {
    Statement next = find(waiting.remove()).running(clock.millis());
    giveDriver(Optional.of(next.id()));
    update(next);
    return next;
  }

  private void giveDriver(Optional<Integer> id) {
    withDriver = id;
    journal.note(new Change.DriverHas(id));
  }

  /** Puts a statement in the place of what it was before. */
  void update(Statement statement) {
    remember(statement);
    if (statement.state().isTerminal()) {
      waits.ended(statement.id(), statement);
    }
    tasks.happened(
        sequence -> Change.Moved.to(sequence, statement),
        sequence -> new SessionEvent.StatementChanged(sequence, statement));
  }

  /** A statement has put something out. */
  void putOut(Statement statement, StatementOutput output) {
    // Nobody asks for what hidden ones have put out.
    Statement grown = statement.isHidden() ? statement : statement.plus(output);
    remember(grown);
    tasks.happened(
        sequence -> new Change.PutOut(sequence, grown.id(), output),
        sequence -> new SessionEvent.OutputAdded(sequence, grown, output));
  }

  private void remember(Statement statement) {
    put(statement);
    if (!statement.isHidden()) {
      onShown.run();
    }
  }

  /** The statement that is with the driver is so no more, and has ended at last. */
  void finish(Statement statement, Optional<StatementError> error) {
    giveDriver(Optional.empty());
    if (!statement.state().isTerminal()) {
      endStarted(statement, error);
    }
    forgetHidden();
    // One that has just ended is not forgotten at once.
    if (!statement.isHidden()) {
      forgetBefore(statement.id());
    }
    onShown.run();
  }

  /** Ends a statement that has begun, and those that its client does not want after a failure. */
  void endStarted(Statement statement, Optional<StatementError> error) {
    end(
        statement,
        statement.state() == StatementState.CANCELLING
            ? StatementState.CANCELLED
            : StatementState.AVAILABLE,
        error);
    if (stopOnError.remove(statement.id()) && error.isPresent()) {
      String client = statement.origin().client();
      cancelWaiting(other -> other.origin().client().equals(client), Optional.empty());
    }
  }

  /** Ends a statement that waits. */
  void cancelWaiting(Statement statement) {
    cancelWaiting(other -> other.id() == statement.id(), Optional.empty());
  }

  /** Ends all statements that wait. */
  void cancelAllWaiting() {
    cancelWaiting(statement -> true, Optional.empty());
  }

  /** Ends all statements, of which the driver will say nothing more. */
  void endAll(StatementError error) {
    withDriver()
        .ifPresent(
            running -> {
              giveDriver(Optional.empty());
              // Those that wait behind it end too, but because of the driver.
              stopOnError.remove(running.id());
              if (!running.state().isTerminal()) {
                endStarted(running, Optional.of(error));
              }
            });
    cancelWaiting(statement -> true, Optional.of(error));
    forgetHidden();
  }

  /**
   * Ends statements that have not run.
   *
   * @param why what went wrong with the session, or empty when only an earlier statement failed
   */
  private void cancelWaiting(Predicate<Statement> which, Optional<StatementError> why) {
    for (Statement statement : waiting()) {
      if (which.test(statement)) {
        waiting.remove(statement.id());
        stopOnError.remove(statement.id());
        end(statement, StatementState.CANCELLED, why);
      }
    }
  }

  private List<Statement> waiting() {
    return waiting.stream().map(this::find).toList();
  }

  private void end(Statement statement, StatementState how, Optional<StatementError> error) {
    update(statement.ended(how, error, clock.millis()));
  }

  /** Forgets hidden statements that have ended, and old ones of which there are too many. */
  void forgetOld() {
    forgetHidden();
    forgetBefore(nextId);
    onShown.run();
  }

  private void forgetHidden() {
    hidden.values().stream()
        .filter(this::isOver)
        .map(Statement::id)
        .skip(RETAINED_HIDDEN)
        .toList()
        .forEach(hidden::remove);
  }

  private void forgetBefore(int id) {
    while (!shown.isEmpty() && (shown.size() > retained || chars > RETAINED_CHARS)) {
      Statement oldest = shown.firstEntry().getValue();
      if (oldest.id() >= id || !isOver(oldest)) {
        return;
      }
      chars -= charsOf(oldest);
      shown.pollFirstEntry();
    }
  }

  /** One that the driver could not stop has ended for its users, but not for the driver. */
  private boolean isOver(Statement statement) {
    return statement.state().isTerminal() && !isWithDriver(statement.id());
  }

  /** Takes over what an earlier server has kept, if it is about statements. */
  void restore(Change change) {
    if (change instanceof Change.Added added) {
      Statement statement = add(added.id(), added.request());
      events.restore(
          added.event(), sequence -> new SessionEvent.StatementChanged(sequence, statement));
    } else if (change instanceof Change.Moved moved) {
      Statement statement = find(moved.id()).restored(moved);
      if (statement.state() != StatementState.WAITING) {
        waiting.remove(statement.id());
      }
      if (statement.state().isTerminal()) {
        stopOnError.remove(statement.id());
      }
      put(statement);
      events.restore(
          moved.event(), sequence -> new SessionEvent.StatementChanged(sequence, statement));
    } else if (change instanceof Change.PutOut put) {
      Statement statement = find(put.id()).plus(put.output());
      put(statement);
      events.restore(
          put.event(), sequence -> new SessionEvent.OutputAdded(sequence, statement, put.output()));
    } else if (change instanceof Change.DriverHas has) {
      withDriver = has.statementId();
    } else if (change instanceof Change.Counted counted) {
      nextId = counted.nextStatementId();
      nextHiddenId = counted.nextHiddenId();
    }
  }

  /** Returns the changes that lead from nothing to what is the case. */
  List<Change> changes() {
    List<Change> changes = new ArrayList<>();
    Stream<Statement> begun =
        Stream.concat(shown.values().stream(), hidden.values().stream())
            .filter(statement -> statement.state() != StatementState.WAITING);
    Stream.concat(begun, waiting().stream()).forEach(statement -> add(statement, changes));
    changes.add(new Change.DriverHas(withDriver));
    return changes;
  }

  private void add(Statement statement, List<Change> changes) {
    changes.add(
        new Change.Added(
            Journal.NO_EVENT,
            statement.id(),
            new NewStatement(
                statement.kind(),
                statement.code(),
                statement.origin(),
                statement.isHidden(),
                stopOnError.contains(statement.id()),
                true,
                statement.options())));
    for (var output : statement.outputs().toList()) {
      changes.add(new Change.PutOut(Journal.NO_EVENT, statement.id(), output));
    }
    changes.add(Change.Moved.to(Journal.NO_EVENT, statement));
  }
}
