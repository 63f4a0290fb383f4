package io.polybius.session;

import io.polybius.driver.protocol.Completeness;

/**
 * Whether a text can be run as it stands.
 *
 * @param completeness the verdict
 * @param indent spaces to start the next line with, when incomplete
 */
public record CompletenessVerdict(Completeness completeness, String indent) {

  /** Nobody could tell in time. */
  public static final CompletenessVerdict UNKNOWN =
      new CompletenessVerdict(Completeness.UNKNOWN, "");
}
