package io.polybius.client;

import java.time.Duration;

/** How long a client waits for what. */
final class Timeouts {

  static final Timeouts DEFAULT =
      new Timeouts(
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMinutes(2),
          Duration.ofMinutes(10),
          Duration.ofDays(1));

  private final Duration connect;
  private final Duration answer;
  private final Duration outage;
  private final Duration start;
  private final Duration end;

  private Timeouts(
      Duration connect, Duration answer, Duration outage, Duration start, Duration end) {
    this.connect = connect;
    this.answer = answer;
    this.outage = outage;
    this.start = start;
    this.end = end;
  }

  Timeouts withConnect(Duration time) {
    return new Timeouts(positive(time), answer, outage, start, end);
  }

  Timeouts withAnswer(Duration time) {
    return new Timeouts(connect, positive(time), outage, start, end);
  }

  Timeouts withOutage(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("A time to wait cannot be negative: " + time);
    }
    return new Timeouts(connect, answer, time, start, end);
  }

  Timeouts withStart(Duration time) {
    return new Timeouts(connect, answer, outage, positive(time), end);
  }

  Timeouts withEnd(Duration time) {
    return new Timeouts(connect, answer, outage, start, positive(time));
  }

  private static Duration positive(Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("A time to wait must be more than nothing: " + time);
    }
    return time;
  }

  /** Returns the time for a connection. */
  Duration connect() {
    return connect;
  }

  /** Returns the time for an answer that the server can give at once. */
  Duration answer() {
    return answer;
  }

  /** Returns how long a server that does not answer is asked again. */
  Duration outage() {
    return outage;
  }

  /** Returns the time for a session to become ready. */
  Duration start() {
    return start;
  }

  /** Returns the time for the end of a job or a statement, where the caller says none. */
  Duration end() {
    return end;
  }
}
