package io.polybius.session;

import java.util.Map;
import java.util.Optional;

/**
 * What the creator of a session asked for: the body of Livy's {@code POST /sessions}.
 *
 * @param kind default language of its statements
 * @param application what is asked for of its Spark application
 * @param heartbeatTimeoutSeconds seconds without a request after which the session ends, 0 for
 *     never
 * @param ttl hard limit of the session's life, as the creator wrote it, a {@link TimeText}
 * @param idleTimeout limit of its idle time, as the creator wrote it, a {@link TimeText}
 */
public record SessionSettings(
    Kind kind,
    ApplicationSettings application,
    int heartbeatTimeoutSeconds,
    Optional<String> ttl,
    Optional<String> idleTimeout) {

  /** Returns settings that ask for nothing but a language. */
  public static SessionSettings of(Kind kind) {
    return new SessionSettings(
        kind, ApplicationSettings.NONE, 0, Optional.empty(), Optional.empty());
  }

  /** Returns the same settings for another application. */
  public SessionSettings withApplication(ApplicationSettings other) {
    return new SessionSettings(kind, other, heartbeatTimeoutSeconds, ttl, idleTimeout);
  }

  /** Returns the same settings under a name. */
  public SessionSettings withName(String newName) {
    return withApplication(application.withName(newName));
  }

  /** Returns the same settings with other Spark settings. */
  public SessionSettings withConf(Map<String, String> newConf) {
    return withApplication(application.withConf(newConf));
  }

  /** Returns the same settings with a limit of the idle time. */
  public SessionSettings withIdleTimeout(String time) {
    return new SessionSettings(kind, application, heartbeatTimeoutSeconds, ttl, Optional.of(time));
  }
}
