package io.polybius.rest;

import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.TimeText;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The body of {@code POST /sessions}; each component may be null, which is the same as absent. */
record NewSessionJson(
    String kind,
    String proxyUser,
    List<String> jars,
    List<String> pyFiles,
    List<String> files,
    List<String> archives,
    String driverMemory,
    Integer driverCores,
    String executorMemory,
    Integer executorCores,
    Integer numExecutors,
    String queue,
    String name,
    Map<String, String> conf,
    Integer heartbeatTimeoutInSecond,
    String ttl,
    String idleTimeout)
    implements ApplicationFields {

  private static final String DEFAULT_KIND = Kind.SHARED.canonicalName();

  /**
   * Returns what is asked for, or throws what is wrong with it.
   *
   * @param runAs the user to run as, as {@link Impersonation} has it
   */
  SessionSettings toSettings(Optional<String> runAs) {
    return new SessionSettings(
        Kinds.parse(Objects.requireNonNullElse(kind, DEFAULT_KIND)),
        toApplication(runAs),
        Objects.requireNonNullElse(heartbeatTimeoutInSecond, 0),
        time(ttl),
        time(idleTimeout));
  }

  private static Optional<String> time(String value) {
    if (value != null) {
      try {
        TimeText.parse(value);
      } catch (IllegalArgumentException e) {
        throw RejectedRequestException.bad("Rejected, Reason: " + e.getMessage());
      }
    }
    return Optional.ofNullable(value);
  }
}
