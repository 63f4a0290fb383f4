package io.polybius.server.config;

import java.util.List;

/** Settings with which the server cannot start. Each problem is a sentence for the operator. */
public final class ConfigException extends Exception {

  private static final long serialVersionUID = 1;

  private final List<String> problems;

  /** Makes one with everything that is wrong, at least one sentence. */
  public ConfigException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** Returns everything that is wrong. */
  public List<String> problems() {
    return problems;
  }
}
