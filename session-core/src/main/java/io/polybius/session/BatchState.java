package io.polybius.session;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where a batch is in its life; the names are Livy's. */
public enum BatchState {
  /** Its program is on the way. */
  STARTING,
  /** Its program runs. */
  RUNNING,
  /** Its program ended well. */
  SUCCESS,
  /** Its program failed, or could not be started. */
  DEAD,
  /** It was killed. */
  KILLED;

  private static final Map<BatchState, Set<BatchState>> MOVES = new EnumMap<>(BatchState.class);

  static {
    MOVES.put(STARTING, EnumSet.of(RUNNING, DEAD, KILLED));
    MOVES.put(RUNNING, EnumSet.of(SUCCESS, DEAD, KILLED));
    MOVES.put(SUCCESS, EnumSet.noneOf(BatchState.class));
    MOVES.put(DEAD, EnumSet.noneOf(BatchState.class));
    MOVES.put(KILLED, EnumSet.noneOf(BatchState.class));
  }

  /** Returns whether a batch may go from this state to {@code next}. */
  public boolean mayBecome(BatchState next) {
    return MOVES.get(this).contains(next);
  }

  /** Returns whether a batch stays in this state for ever. */
  public boolean isTerminal() {
    return MOVES.get(this).isEmpty();
  }

  /** Returns the name that clients see. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
