package io.polybius.session;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * How long sessions wait and how much they keep.
 *
 * @param startTimeout from the launch of a driver until it is ready
 * @param stopGrace from telling a driver to end until it is killed
 * @param cancelTimeout from telling a statement or a job to stop until it counts as cancelled
 *     though it runs on
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

  private static final String START_TIMEOUT = "livy.rsc.server.connect.timeout";
  private static final String CANCEL_TIMEOUT = "livy.rsc.job-cancel.timeout";
  private static final String RETAINED_STATEMENTS = "livy.rsc.retained-statements";

  /** The keys among a session's Spark settings with which it sets limits of its own. */
  public static final List<String> KEYS_OF_SESSIONS =
      List.of(START_TIMEOUT, CANCEL_TIMEOUT, RETAINED_STATEMENTS);

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

  /** Returns these limits with another time for a statement to stop. */
  public SessionLimits withCancelTimeout(Duration timeout) {
    return new SessionLimits(
        startTimeout, stopGrace, timeout, questionTimeout, retainedStatements, maxCodeChars);
  }

  /**
   * Returns the limits of a session, which may ask for some of its own. Other keys that begin with
   * {@code livy.} are left alone: Livy's clients send their own settings too.
   *
   * @param conf the Spark settings that the session was asked for with
   * @throws SessionException if a limit makes no sense
   */
  public SessionLimits forSession(Map<String, String> conf) {
    SessionLimits limits = this;
    Optional<Duration> start = read(conf, START_TIMEOUT, SessionLimits::time);
    if (start.isPresent()) {
      limits = limits.withStartTimeout(start.get());
    }
    Optional<Duration> cancel = read(conf, CANCEL_TIMEOUT, SessionLimits::time);
    if (cancel.isPresent()) {
      limits = limits.withCancelTimeout(cancel.get());
    }
    Optional<Integer> retained = read(conf, RETAINED_STATEMENTS, SessionLimits::count);
    if (retained.isPresent()) {
      limits = limits.withRetainedStatements(retained.get());
    }
    return limits;
  }

  private static <T> Optional<T> read(
      Map<String, String> conf, String key, Function<String, T> reader) {
    // Livy's clients of before 2017 wrote _ for -.
    String text = conf.getOrDefault(key, conf.get(key.replace('-', '_')));
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(reader.apply(text.strip()));
    } catch (IllegalArgumentException e) {
      throw new SessionException(ErrorCode.REJECTED, key + ": " + e.getMessage());
    }
  }

  private static Duration time(String text) {
    Duration time = TimeText.parse(text);
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("Invalid value: " + text);
    }
    return time;
  }

  private static int count(String text) {
    try {
      int count = Integer.parseInt(text);
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // The text is in the message below.
    }
    throw new IllegalArgumentException("Invalid value: " + text);
  }
}
