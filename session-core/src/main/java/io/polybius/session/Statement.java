package io.polybius.session;

import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import java.util.List;
import java.util.Optional;

/**
 * A statement as it was at one moment.
 *
 * @param id counts from 0 in its session, never used twice; negative for hidden statements
 * @param kind its language
 * @param code the user's text
 * @param origin who sent it
 * @param state where it was in its life
 * @param outputs what it had put out
 * @param error why it did not end well, if so
 * @param tasks how far its Spark jobs were
 * @param startedMillis epoch milliseconds, 0 before it ran
 * @param completedMillis epoch milliseconds, 0 before it ended
 * @param options what its client wanted besides
 * @param expressions what became of the expressions that its client wanted, once it ended well
 */
public record Statement(
    int id,
    Kind kind,
    String code,
    Origin origin,
    StatementState state,
    Outputs outputs,
    Optional<StatementError> error,
    TaskProgress tasks,
    long startedMillis,
    long completedMillis,
    ExecuteOptions options,
    List<ExpressionResult> expressions) {

  /** The error's name of one that does not react to being cancelled. */
  static final String STILL_RUNNING = "StillRunning";

  /** Copies the list. */
  public Statement {
    expressions = List.copyOf(expressions);
  }

  static Statement waiting(int id, NewStatement request) {
    return new Statement(
        id,
        request.kind(),
        request.code(),
        request.origin(),
        StatementState.WAITING,
        Outputs.NONE,
        Optional.empty(),
        TaskProgress.NONE,
        0,
        0,
        request.options(),
        List.of());
  }

  /** Returns the share of its work that was done, from 0.0 to 1.0, as far as that is known. */
  public double progress() {
    return state.isTerminal() ? 1.0 : tasks.share();
  }

  /** Returns the statement as an earlier server has left it. */
  Statement restored(Journal.Change.Moved change) {
    return with(
        change.state(),
        outputs,
        change.error(),
        change.tasks(),
        change.startedMillis(),
        change.completedMillis(),
        change.expressions());
  }

  /** Returns whether the statement is kept out of the history and of other clients' sight. */
  public boolean isHidden() {
    return id < 0;
  }

  /**
   * Returns whether it has ended for its clients only, because it did not react to being cancelled;
   * the driver runs it on, and what comes after it waits.
   */
  public boolean isLeftRunning() {
    return error.filter(why -> why.name().equals(STILL_RUNNING)).isPresent();
  }

  Statement running(long nowMillis) {
    return in(StatementState.RUNNING, error, nowMillis, completedMillis);
  }

  Statement cancelling() {
    return in(StatementState.CANCELLING, error, startedMillis, completedMillis);
  }

  Statement ended(StatementState end, Optional<StatementError> why, long nowMillis) {
    return in(end, why, startedMillis, nowMillis);
  }

  Statement progressed(TaskProgress now) {
    return with(state, outputs, error, now, startedMillis, completedMillis, expressions);
  }

  Statement evaluated(List<ExpressionResult> results) {
    return with(state, outputs, error, tasks, startedMillis, completedMillis, results);
  }

  Statement plus(StatementOutput output) {
    return with(
        state, outputs.plus(output), error, tasks, startedMillis, completedMillis, expressions);
  }

  private Statement in(
      StatementState next, Optional<StatementError> why, long started, long completed) {
    if (next != state && !state.mayBecome(next)) {
      throw new IllegalStateException("a statement cannot go from " + state + " to " + next);
    }
    return with(next, outputs, why, tasks, started, completed, expressions);
  }

  /** Returns the same statement at another moment. */
  private Statement with(
      StatementState stateThen,
      Outputs outputsThen,
      Optional<StatementError> errorThen,
      TaskProgress tasksThen,
      long started,
      long completed,
      List<ExpressionResult> results) {
    return new Statement(
        id,
        kind,
        code,
        origin,
        stateThen,
        outputsThen,
        errorThen,
        tasksThen,
        started,
        completed,
        options,
        results);
  }
}
