package io.polybius.rest;

import io.polybius.session.Kind;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** The names of languages in requests. */
final class Kinds {

  /** What Livy, in one release or another, has. */
  private static final Set<String> OF_LIVY =
      Set.of(
          "spark",
          "scala",
          "pyspark",
          "python",
          "pyspark3",
          "python3",
          "sparkr",
          "r",
          "sql",
          "shared");

  private Kinds() {}

  /** Returns the kind of that name, or throws what is wrong with it. */
  static Kind parse(String name) {
    return Kind.find(name).orElseThrow(() -> RejectedRequestException.bad(explain(name)));
  }

  private static String explain(String name) {
    String invalid = "Invalid kind: " + name;
    if (!OF_LIVY.contains(name)) {
      return invalid;
    }
    String supported =
        Arrays.stream(Kind.values()).map(Kind::canonicalName).collect(Collectors.joining(", "));
    return invalid + " (this server has: " + supported + ")";
  }
}
