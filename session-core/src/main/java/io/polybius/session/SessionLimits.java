package io.polybius.session;

import java.time.Duration;

/**
 * How long sessions wait and how much they keep.
 *
 * @param startTimeout from the launch of a driver until it is ready
 * @param stopGrace from telling a driver to end until it is killed
 * @param cancelTimeout from telling a statement to stop until it counts as cancelled though it runs
 *     on
 * @param questionTimeout for the driver's answer to a question about a text
 * @param retainedStatements the newest statements that are kept of each session
 * @param maxCodeChars the longest code of a statement, in characters
 */
public record SessionLimits(
    Duration startTimeout,
    Duration stopGrace,
    Duration cancelTimeout,
    Duration questionTimeout,
    int retainedStatements,
    int maxCodeChars) {

  /** The limits that hold unless the operator sets others. */
  public static final SessionLimits DEFAULT =
      new SessionLimits(
          Duration.ofSeconds(90),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(2),
          1000,
          8 << 20);

  /** Returns these limits with another start timeout. */
  public SessionLimits withStartTimeout(Duration timeout) {
    return new SessionLimits(
        timeout, stopGrace, cancelTimeout, questionTimeout, retainedStatements, maxCodeChars);
  }

  /** Returns these limits with another number of retained statements. */
  public SessionLimits withRetainedStatements(int count) {
    return new SessionLimits(
        startTimeout, stopGrace, cancelTimeout, questionTimeout, count, maxCodeChars);
  }
}
