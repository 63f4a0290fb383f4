package io.polybius.kernel;

import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * How statements are numbered at this door. Their ids go on when the session's driver is replaced;
 * Jupyter counts from 1 again, and calls what came before an earlier session. Used under the
 * kernel's lock.
 */
final class Numbering {

  private final TreeMap<Integer, Integer> incarnationsByFirstId = new TreeMap<>();
  private int firstId;
  private int lastBegun = -1;

  Numbering(SessionSnapshot session) {
    update(session);
    for (Statement statement : session.statements()) {
      if (statement.startedMillis() > 0) {
        lastBegun = statement.id();
      }
    }
  }

  /**
   * Where a statement is in the history.
   *
   * @param session counts the drivers of the session, from 1
   * @param line counts the statements of that driver, from 1
   */
  record Position(int session, int line) {}

  /** Takes note of the driver that a session has. */
  void update(SessionSnapshot session) {
    // What was missed is told afterwards, so this may be an old driver; first ids only grow.
    firstId = Math.max(firstId, session.firstStatementId());
    incarnationsByFirstId.merge(
        session.firstStatementId(), Math.max(1, session.incarnation()), Math::max);
  }

  /** Takes note of a statement that begins. */
  void begun(Statement statement) {
    if (!statement.isHidden()) {
      lastBegun = Math.max(lastBegun, statement.id());
    }
  }

  /** Returns the execution count of a statement; a hidden one has that of the one before it. */
  int count(Statement statement) {
    return statement.isHidden() ? current() : statement.id() - firstId + 1;
  }

  /** Returns the execution count of the last statement that began, 0 if none has. */
  int current() {
    return Math.max(0, lastBegun - firstId + 1);
  }

  /** Returns the number of the present session. */
  int currentSession() {
    return incarnationsByFirstId.get(firstId);
  }

  /** Returns where a statement is in the history. */
  Position position(int statementId) {
    Map.Entry<Integer, Integer> incarnation = incarnationsByFirstId.floorEntry(statementId);
    if (incarnation == null) {
      // Ran before this kernel was there to see where one driver ended and the next began.
      return new Position(incarnationsByFirstId.firstEntry().getValue() - 1, statementId + 1);
    }
    return new Position(incarnation.getValue(), statementId - incarnation.getKey() + 1);
  }
}
