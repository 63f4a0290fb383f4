package io.polybius.session;

import java.util.List;
import java.util.Optional;

/** The language of a session or a statement: Livy's kinds. */
public enum Kind {
  /** Scala. */
  SPARK("spark", List.of("scala")),
  /** Python. */
  PYSPARK("pyspark", List.of("python", "pyspark3", "python3")),
  /** R. */
  SPARKR("sparkr", List.of("r")),
  /** SQL. */
  SQL("sql", List.of()),
  /** No language: a session's, whose statements each name theirs. */
  SHARED("shared", List.of());

  private final String canonicalName;
  private final List<String> aliases;

  Kind(String canonicalName, List<String> aliases) {
    this.canonicalName = canonicalName;
    this.aliases = aliases;
  }

  /** Returns the one name that is shown to clients. */
  public String canonicalName() {
    return canonicalName;
  }

  /** Returns the kind of that canonical name or alias. */
  public static Optional<Kind> find(String name) {
    for (Kind kind : values()) {
      if (kind.canonicalName.equals(name) || kind.aliases.contains(name)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return canonicalName;
  }
}
