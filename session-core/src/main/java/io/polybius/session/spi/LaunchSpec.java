package io.polybius.session.spi;

import io.polybius.session.SessionSettings;

/**
 * A driver to start.
 *
 * @param sessionId the session that it is for
 * @param incarnation counts the drivers of this session, from 1
 * @param settings what the session's creator asked for
 */
public record LaunchSpec(int sessionId, int incarnation, SessionSettings settings) {

  /** Returns a name that no other driver of this server has. */
  public String driverName() {
    return "session-" + sessionId + "-" + incarnation;
  }
}
