package io.polybius.session;

import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
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
 * @param progress share of its Spark tasks that were done, 0.0 to 1.0
 * @param startedMillis epoch milliseconds, 0 before it ran
 * @param completedMillis epoch milliseconds, 0 before it ended
 */
public record Statement(
    int id,
    Kind kind,
    String code,
    Origin origin,
    StatementState state,
    Outputs outputs,
    Optional<StatementError> error,
    double progress,
    long startedMillis,
    long completedMillis) {

  static Statement waiting(int id, NewStatement request) {
    return new Statement(
        id,
        request.kind(),
        request.code(),
        request.origin(),
        StatementState.WAITING,
        Outputs.NONE,
        Optional.empty(),
        0.0,
        0,
        0);
  }

  /** Returns whether the statement is kept out of the history and of other clients' sight. */
  public boolean isHidden() {
    return id < 0;
  }

  Statement running(long nowMillis) {
    return in(StatementState.RUNNING, error, progress, nowMillis, completedMillis);
  }

  Statement cancelling() {
    return in(StatementState.CANCELLING, error, progress, startedMillis, completedMillis);
  }

  Statement ended(StatementState end, Optional<StatementError> why, long nowMillis) {
    return in(end, why, 1.0, startedMillis, nowMillis);
  }

  Statement progressed(double share) {
    return in(state, error, share, startedMillis, completedMillis);
  }

  Statement plus(StatementOutput output) {
    return new Statement(
        id,
        kind,
        code,
        origin,
        state,
        outputs.plus(output),
        error,
        progress,
        startedMillis,
        completedMillis);
  }

  private Statement in(
      StatementState next,
      Optional<StatementError> why,
      double share,
      long started,
      long completed) {
    if (next != state && !state.mayBecome(next)) {
      throw new IllegalStateException("a statement cannot go from " + state + " to " + next);
    }
    return new Statement(id, kind, code, origin, next, outputs, why, share, started, completed);
  }
}
