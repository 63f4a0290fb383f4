package io.polybius.session;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The language of a session or a statement: one of Livy's kinds, or {@code jupyter:} and the name
 * of a Jupyter kernel that runs the statements.
 *
 * @param canonicalName the one name that is shown to clients
 */
public record Kind(String canonicalName) {

  private static final String JUPYTER = "jupyter:";

  /** What Jupyter allows as the name of a kernelspec; capitals do not count there. */
  private static final Pattern JUPYTER_KIND = Pattern.compile("jupyter:[a-z0-9._-]+");

  private static final List<String> LIVY_KINDS =
      List.of("spark", "pyspark", "sparkr", "sql", "shared");

  /** Scala. */
  public static final Kind SPARK = new Kind("spark");

  /** Python. */
  public static final Kind PYSPARK = new Kind("pyspark");

  /** R. */
  public static final Kind SPARKR = new Kind("sparkr");

  /** SQL. */
  public static final Kind SQL = new Kind("sql");

  /** No language: a session's, whose statements each name theirs. */
  public static final Kind SHARED = new Kind("shared");

  /** Those of Livy. */
  public static final List<Kind> LIVY = LIVY_KINDS.stream().map(Kind::new).toList();

  private static final Map<String, Kind> ALIASES =
      Map.of(
          "scala", SPARK, "python", PYSPARK, "pyspark3", PYSPARK, "python3", PYSPARK, "r", SPARKR);

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it is that of no kind
   */
  public Kind {
    if (!isName(canonicalName)) {
      throw new IllegalArgumentException("no kind: " + canonicalName);
    }
  }

  private static boolean isName(String text) {
    return LIVY_KINDS.contains(text) || JUPYTER_KIND.matcher(text).matches();
  }

  /** Returns the kind of that canonical name or alias. */
  public static Optional<Kind> find(String name) {
    String known = name.startsWith(JUPYTER) ? name.toLowerCase(Locale.ROOT) : name;
    return isName(known) ? Optional.of(new Kind(known)) : Optional.ofNullable(ALIASES.get(known));
  }

  /** Returns the kind of a Jupyter kernel, if it can be the name of one. */
  public static Optional<Kind> ofJupyterKernel(String kernel) {
    return find(JUPYTER + kernel);
  }

  /** Returns the name of the Jupyter kernel that runs such statements, if one does. */
  public Optional<String> jupyterKernel() {
    return canonicalName.startsWith(JUPYTER)
        ? Optional.of(canonicalName.substring(JUPYTER.length()))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return canonicalName;
  }
}
