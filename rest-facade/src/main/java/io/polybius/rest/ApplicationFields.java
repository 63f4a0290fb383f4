package io.polybius.rest;

import io.polybius.session.ApplicationSettings;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The fields that the bodies of {@code POST /sessions} and {@code POST /batches} share; each may be
 * null, which is the same as absent.
 */
interface ApplicationFields {

  /** Sizes as Spark reads them. */
  Pattern MEMORY = Pattern.compile("0*[1-9][0-9]*([kmgtp]?b?)?", Pattern.CASE_INSENSITIVE);

  String name();

  String proxyUser();

  List<String> jars();

  List<String> pyFiles();

  List<String> files();

  List<String> archives();

  String driverMemory();

  Integer driverCores();

  String executorMemory();

  Integer executorCores();

  Integer numExecutors();

  String queue();

  Map<String, String> conf();

  /**
   * Returns what is asked for, or throws what is wrong with it.
   *
   * @param runAs the user to run as, as {@link Impersonation} has it
   */
  default ApplicationSettings toApplication(Optional<String> runAs) {
    return new ApplicationSettings(
        Optional.ofNullable(name()),
        runAs,
        memory("driverMemory", driverMemory()),
        atLeast(1, "driverCores", driverCores()),
        memory("executorMemory", executorMemory()),
        atLeast(1, "executorCores", executorCores()),
        atLeast(0, "numExecutors", numExecutors()),
        Optional.ofNullable(queue()),
        withoutNulls(jars()),
        withoutNulls(pyFiles()),
        withoutNulls(files()),
        withoutNulls(archives()),
        withoutNulls(conf()));
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
    if (value == null) {
      return OptionalInt.empty();
    }
    if (value < smallest) {
      throw RejectedRequestException.bad(
          "Rejected, Reason: "
              + field
              + " must be at least "
              + smallest
              + ", and not "
              + value
              + ".");
    }
    return OptionalInt.of(value);
  }

  /** Returns a list that may be absent, or have nulls in it, as one that does not. */
  static List<String> withoutNulls(List<String> list) {
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
