package io.polybius.session;

/** Follows a session. */
public interface SessionListener {

  /**
   * Takes the next event. Called in the session's mailbox, in order, never twice at once; must
   * return quickly.
   */
  void onEvent(SessionEvent event);
}
