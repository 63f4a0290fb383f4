package io.polybius.session;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How long a session may go on: when it was made, used and asked about, and what its creator said
 * of that. Any thread may use it.
 */
final class Lifespan {

  private final Clock clock;
  private final long createdMillis;
  private final Optional<Duration> ownIdleTimeout;
  private final Optional<Duration> ownTimeToLive;
  private final Optional<Duration> heartbeatTimeout;
  private final AtomicLong lastRequestMillis;
  private volatile long lastActivityMillis;

  /**
   * @param settings what the session's creator asked for
   * @param createdMillis epoch milliseconds; an earlier server may have made the session
   */
  Lifespan(SessionSettings settings, long createdMillis, Clock clock) {
    this.clock = clock;
    this.createdMillis = createdMillis;
    this.ownIdleTimeout = settings.idleTimeout().map(TimeText::parse);
    this.ownTimeToLive = settings.ttl().map(TimeText::parse);
    this.heartbeatTimeout =
        Optional.of(settings.heartbeatTimeoutSeconds())
            .filter(seconds -> seconds > 0)
            .map(Duration::ofSeconds);
    this.lastActivityMillis = clock.millis();
    this.lastRequestMillis = new AtomicLong(lastActivityMillis);
  }

  /** Notes that somebody uses the session. */
  void used() {
    lastActivityMillis = clock.millis();
  }

  /** Notes that a client asked for something, and waits for it so long. */
  void requested(Duration patience) {
    lastRequestMillis.accumulateAndGet(clock.millis() + patience.toMillis(), Math::max);
  }

  /**
   * Returns why the session's time is over, if it is.
   *
   * @param state what the session does
   * @param lifetimes what the operator says about that
   * @param heartbeats whether to look at the client's requests too
   */
  Optional<String> whyOver(SessionState state, Lifetimes lifetimes, boolean heartbeats) {
    if (!state.isActive()) {
      return Optional.empty();
    }
    Optional<Duration> idle = limit(ownIdleTimeout, lifetimes.idleTimeout());
    if (state == SessionState.IDLE && isPast(lastActivityMillis, idle)) {
      return Optional.of("nobody has used it for " + idle.orElseThrow().toSeconds() + " s.");
    }
    Optional<Duration> life = limit(ownTimeToLive, lifetimes.timeToLive());
    if (isPast(createdMillis, life)) {
      return Optional.of("it was to live for " + life.orElseThrow().toSeconds() + " s.");
    }
    if (heartbeats && isPast(lastRequestMillis.get(), heartbeatTimeout)) {
      return Optional.of(
          "its client has asked for nothing for "
              + heartbeatTimeout.orElseThrow().toSeconds()
              + " s (heartbeatTimeoutInSecond).");
    }
    return Optional.empty();
  }

  /** Returns the creator's time in place of the operator's; none if there is no limit. */
  private static Optional<Duration> limit(Optional<Duration> own, Optional<Duration> operators) {
    return operators
        .map(general -> own.orElse(general))
        .filter(time -> !time.isNegative() && !time.isZero());
  }

  private boolean isPast(long beginMillis, Optional<Duration> time) {
    return time.isPresent() && clock.millis() - beginMillis >= time.get().toMillis();
  }
}
