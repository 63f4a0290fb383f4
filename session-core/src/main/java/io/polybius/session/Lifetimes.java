package io.polybius.session;

import java.time.Duration;
import java.util.Optional;

/**
 * When sessions end by themselves, and how long ended sessions and batches are remembered.
 *
 * @param idleTimeout how long a session may have nothing to do, unless its creator said otherwise;
 *     empty when no session ends for that reason
 * @param timeToLive how long a session may live, whatever it does, unless its creator said
 *     otherwise; empty when no session ends for that reason
 * @param heartbeatInterval how often it is looked for sessions whose client sends no more requests
 * @param retention how long an ended session or batch can still be asked about
 */
public record Lifetimes(
    Optional<Duration> idleTimeout,
    Optional<Duration> timeToLive,
    Duration heartbeatInterval,
    Duration retention) {

  /** What holds unless the operator sets something else; the same as in Livy. */
  public static final Lifetimes DEFAULT =
      new Lifetimes(
          Optional.of(Duration.ofHours(1)),
          Optional.empty(),
          Duration.ofMinutes(1),
          Duration.ofMinutes(10));
}
