package io.polybius.rest;

import io.polybius.rest.Route.Speed;
import java.time.Duration;

/**
 * How long a request may take.
 *
 * @param body for the body to arrive, after which the connection is closed; for a part of it if it
 *     is read as it comes, after which the client gets a 408
 * @param answer for most answers, after which the client gets a 503
 * @param untilStopped the same for the answer to a request that ends a driver
 * @param taking for the client to take an answer, after which the connection is closed
 * @param heartbeat from one sign of life to the next of a stream in which nothing happens
 */
record Deadlines(
    Duration body, Duration answer, Duration untilStopped, Duration taking, Duration heartbeat) {

  static final Deadlines DEFAULT =
      new Deadlines(
          Duration.ofMinutes(2),
          Duration.ofSeconds(60),
          Duration.ofMinutes(10),
          Duration.ofMinutes(2),
          Duration.ofSeconds(15));

  /** Returns the time for the answers of a route. */
  Duration of(Speed speed) {
    return switch (speed) {
      case AT_ONCE, QUICK, STREAMED -> answer;
      case AS_ASKED, UNTIL_ADDED, UPLOADED -> answer.plus(LongPoll.LONGEST);
      case UNTIL_STOPPED -> untilStopped;
    };
  }
}
