package io.polybius.session.spi;

import java.io.IOException;
import java.util.List;

/** Where sessions are kept, so that they outlive the server. Safe for use by many threads. */
public interface SessionStore {

  /** Returns what earlier servers have left, in the order of the sessions' numbers. */
  List<SessionRecords> left() throws IOException;

  /** Returns a number above those of all sessions that there have been. */
  int nextSessionId() throws IOException;

  /**
   * Begins to keep a session.
   *
   * @param sessionId a number that no session has had
   */
  SessionRecords begin(int sessionId) throws IOException;
}
