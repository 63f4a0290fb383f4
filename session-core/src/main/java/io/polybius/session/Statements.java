package io.polybius.session;

import io.polybius.session.Journal.Change;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The statements of a session: their numbers, which of them wait and which one is with the driver,
 * and how many are kept. Used in the session's mailbox only.
 */
final class Statements {

  /** No more text than this is kept; the oldest statements go first. */
  private static final long RETAINED_CHARS = 32L << 20;

  private static final long MOST_CHARS = 2 * RETAINED_CHARS;

  /** What may wait, so that nobody can fill the server's memory with it. */
  private static final int MOST_WAITING = 1_000;

  private final int retained;
  private final NavigableMap<Integer, Statement> shown = new TreeMap<>();
  private final Map<Integer, Statement> hidden = new HashMap<>();
  private final Deque<Integer> waiting = new ArrayDeque<>();
  private final Set<Integer> stopOnError = new HashSet<>();
  private Optional<Integer> withDriver = Optional.empty();
  private int nextId;
  private int nextHiddenId = -1;
  private long chars;

  /**
   * @param retained how many are kept
   */
  Statements(int retained) {
    this.retained = retained;
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

  /** Adds a statement behind those that wait. */
  Statement add(NewStatement request) {
    return add(request.hidden() ? nextHiddenId : nextId, request);
  }

  /** Adds a statement that has had its number already. */
  Statement add(int id, NewStatement request) {
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

  /** Puts a statement in the place of what it was before. */
  void put(Statement statement) {
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

  /** Puts a statement in the place of what it was before, which may have waited. */
  void restore(Statement statement) {
    if (statement.state() != StatementState.WAITING) {
      waiting.remove(statement.id());
    }
    if (statement.state().isTerminal()) {
      stopOnError.remove(statement.id());
    }
    put(statement);
  }

  /** Goes on with these numbers. */
  void restoreNumbers(int next, int nextHidden) {
    nextId = next;
    nextHiddenId = nextHidden;
  }

  /** Returns whether any statement waits. */
  boolean anyWaits() {
    return !waiting.isEmpty();
  }

  /** Returns those that wait, in their order. */
  List<Statement> waiting() {
    return waiting.stream().map(this::find).toList();
  }

  /** Takes the first of those that wait. */
  Statement takeWaiting() {
    return find(waiting.remove());
  }

  /** One that waits does so no more. */
  void stopWaiting(Statement statement) {
    waiting.remove(statement.id());
    stopOnError.remove(statement.id());
  }

  /** Returns the statement that is with the driver, if one is. */
  Optional<Statement> withDriver() {
    return withDriver.map(this::find);
  }

  /** Notes which statement is with the driver, by its number. */
  void setWithDriver(Optional<Integer> id) {
    withDriver = id;
  }

  /** Returns whether others of the same client were to be cancelled at its failure; only once. */
  boolean takeStopOnError(Statement statement) {
    return stopOnError.remove(statement.id());
  }

  /** Forgets a hidden statement that has ended; others are kept for a while. */
  void ended(Statement statement) {
    hidden.remove(statement.id());
  }

  /** Forgets hidden statements that have ended, and old ones of which there are too many. */
  void forgetOld() {
    hidden.values().removeIf(this::isOver);
    forgetBefore(nextId);
  }

  /** Forgets old statements of which there are too many, but not one that has just ended. */
  void forgetBefore(Statement justEnded) {
    if (!justEnded.isHidden()) {
      forgetBefore(justEnded.id());
    }
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
    return statement.state().isTerminal()
        && withDriver.filter(id -> id == statement.id()).isEmpty();
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
