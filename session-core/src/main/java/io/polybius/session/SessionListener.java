package io.polybius.session;

/** Follows a session. */
public interface SessionListener {

  /**
   * Takes the next event. Called in the session's mailbox, in order, never twice at once; must
   * return quickly.
   */
  void onEvent(SessionEvent event);

  /**
   * Learns that there are no more events for now. Called once, after the retained events that the
   * listener was to get, and before those that follow.
   *
   * @param sequence the number of the session's last event
   * @param session as it is after that event
   */
  default void onCaughtUp(long sequence, SessionSnapshot session) {}
}
