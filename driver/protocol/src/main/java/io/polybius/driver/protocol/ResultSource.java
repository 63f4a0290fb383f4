package io.polybius.driver.protocol;

/** What can be downloaded from a driver. */
public sealed interface ResultSource {

  /**
   * The last table that a statement has shown.
   *
   * @param statementId the statement
   */
  record OfStatement(int statementId) implements ResultSource {
    @Override
    public String toString() {
      return "statement " + statementId;
    }
  }

  /**
   * A value that the session's languages share: a table, or any value as JSON.
   *
   * @param name under which it is shared
   */
  record OfShared(String name) implements ResultSource {
    @Override
    public String toString() {
      return "shared value " + name;
    }
  }

  /** The names under which something is shared, as a table. */
  record SharedNames() implements ResultSource {
    @Override
    public String toString() {
      return "names of shared values";
    }
  }
}
