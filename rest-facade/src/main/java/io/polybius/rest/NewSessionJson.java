package io.polybius.rest;

import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

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
    String idleTimeout) {

  private static final String DEFAULT_KIND = Kind.SPARK.canonicalName();

  /** Returns what is asked for, or throws what is wrong with it. */
  SessionSettings toSettings() {
    return new SessionSettings(
        Kinds.parse(Objects.requireNonNullElse(kind, DEFAULT_KIND)),
        Optional.ofNullable(name),
        // As in Livy while impersonation is off: whoever is asked for, sessions run as the server.
        Optional.empty(),
        Optional.ofNullable(driverMemory),
        number(driverCores),
        Optional.ofNullable(executorMemory),
        number(executorCores),
        number(numExecutors),
        Optional.ofNullable(queue),
        withoutNulls(jars),
        withoutNulls(pyFiles),
        withoutNulls(files),
        withoutNulls(archives),
        withoutNulls(conf),
        number(heartbeatTimeoutInSecond).orElse(0),
        Optional.ofNullable(ttl).map(TimeText::check),
        Optional.ofNullable(idleTimeout).map(TimeText::check));
  }

  private static OptionalInt number(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static List<String> withoutNulls(List<String> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  private static Map<String, String> withoutNulls(Map<String, String> map) {
    return map == null
        ? Map.of()
        : map.entrySet().stream()
            .filter(entry -> entry.getValue() != null)
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
