package io.polybius.session;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where a statement is in its life; the names are Livy's. */
public enum StatementState {
  /** It waits for its turn. */
  WAITING,
  /** The driver works on it. */
  RUNNING,
  /** It has ended, well or in an error. */
  AVAILABLE,
  /** It runs, and was told to stop. */
  CANCELLING,
  /** It was stopped, or never ran. */
  CANCELLED;

  private static final Map<StatementState, Set<StatementState>> MOVES =
      new EnumMap<>(StatementState.class);

  static {
    MOVES.put(WAITING, EnumSet.of(RUNNING, CANCELLED));
    MOVES.put(RUNNING, EnumSet.of(AVAILABLE, CANCELLING));
    MOVES.put(CANCELLING, EnumSet.of(CANCELLED));
    MOVES.put(AVAILABLE, EnumSet.noneOf(StatementState.class));
    MOVES.put(CANCELLED, EnumSet.noneOf(StatementState.class));
  }

  /** Returns whether a statement may go from this state to {@code next}. */
  public boolean mayBecome(StatementState next) {
    return MOVES.get(this).contains(next);
  }

  /** Returns whether a statement stays in this state for ever. */
  public boolean isTerminal() {
    return MOVES.get(this).isEmpty();
  }

  /** Returns the name that clients see. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
