package io.polybius.session;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where a session is in its life; the names are Livy's. */
public enum SessionState {
  /** Its driver is on the way. */
  STARTING,
  /** Ready, with nothing to do. */
  IDLE,
  /** A statement runs or waits. */
  BUSY,
  /** It was told to stop and its driver is ending. */
  SHUTTING_DOWN,
  /** Its driver is gone, or never came. */
  DEAD,
  /** Its application was killed from outside. */
  KILLED;

  private static final Map<SessionState, Set<SessionState>> MOVES =
      new EnumMap<>(SessionState.class);

  static {
    MOVES.put(STARTING, EnumSet.of(IDLE, SHUTTING_DOWN, DEAD, KILLED));
    MOVES.put(IDLE, EnumSet.of(BUSY, STARTING, SHUTTING_DOWN, DEAD, KILLED));
    MOVES.put(BUSY, EnumSet.of(IDLE, STARTING, SHUTTING_DOWN, DEAD, KILLED));
    MOVES.put(SHUTTING_DOWN, EnumSet.of(DEAD, KILLED));
    MOVES.put(DEAD, EnumSet.noneOf(SessionState.class));
    MOVES.put(KILLED, EnumSet.noneOf(SessionState.class));
  }

  /** Returns whether a session may go from this state to {@code next}. */
  public boolean mayBecome(SessionState next) {
    return MOVES.get(this).contains(next);
  }

  /** Returns whether a session stays in this state for ever. */
  public boolean isTerminal() {
    return MOVES.get(this).isEmpty();
  }

  /** Returns whether the session can still do something for its users. */
  public boolean isActive() {
    return !isTerminal() && this != SHUTTING_DOWN;
  }

  /** Returns the name that clients see. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
