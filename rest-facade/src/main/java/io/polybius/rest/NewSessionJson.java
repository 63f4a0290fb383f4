package io.polybius.rest;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.TimeText;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
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

  /** Sizes as Spark reads them. */
  private static final Pattern MEMORY =
      Pattern.compile("0*[1-9][0-9]*([kmgtp]?b?)?", Pattern.CASE_INSENSITIVE);

  private static final String DEFAULT_KIND = Kind.SHARED.canonicalName();

  /** Returns what is asked for, or throws what is wrong with it. */
  SessionSettings toSettings() {
    return new SessionSettings(
        Kinds.parse(Objects.requireNonNullElse(kind, DEFAULT_KIND)),
        new ApplicationSettings(
            Optional.ofNullable(name),
            // As in Livy while impersonation is off: whoever is asked for, sessions run as the
            // server.
            Optional.empty(),
            memory("driverMemory", driverMemory),
            atLeast(1, "driverCores", driverCores),
            memory("executorMemory", executorMemory),
            atLeast(1, "executorCores", executorCores),
            atLeast(0, "numExecutors", numExecutors),
            Optional.ofNullable(queue),
            withoutNulls(jars),
            withoutNulls(pyFiles),
            withoutNulls(files),
            withoutNulls(archives),
            withoutNulls(conf)),
        number(heartbeatTimeoutInSecond).orElse(0),
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

  private static Optional<String> memory(String field, String value) {
    if (value != null && !MEMORY.matcher(value).matches()) {
      throw RejectedRequestException.bad(
          "Rejected, Reason: "
              + field
              + " must be a size such as 512m or 2g, and not '"
              + value
              + "'.");
    }
    return Optional.ofNullable(value);
  }

  private static OptionalInt atLeast(int smallest, String field, Integer value) {
    if (value != null && value < smallest) {
      throw RejectedRequestException.bad(
          "Rejected, Reason: "
              + field
              + " must be at least "
              + smallest
              + ", and not "
              + value
              + ".");
    }
    return number(value);
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
