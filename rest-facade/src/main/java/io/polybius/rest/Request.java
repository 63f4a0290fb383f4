package io.polybius.rest;

import io.polybius.session.Caller;
import io.polybius.session.TimeText;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * A request of a route, off the wire.
 *
 * @param pathParameters the texts that stand where the route's path has names in braces
 * @param query the query's parameters
 * @param userAgent what the client calls itself
 * @param lastEventIdHeader the last event that it has got, if it was cut off
 * @param body what it sent
 * @param incoming what it sends, for routes that read it as it comes; for these, there is no body
 * @param caller who it is
 */
record Request(
    Map<String, String> pathParameters,
    Map<String, ? extends Collection<String>> query,
    String userAgent,
    Optional<String> lastEventIdHeader,
    RequestBody body,
    Optional<IncomingBody> incoming,
    Caller caller) {

  /** Returns the id or name of the session that the path names. */
  String session() {
    return idOrName("session");
  }

  /** Returns the id or name of the batch that the path names. */
  String batch() {
    return idOrName("batch");
  }

  private String idOrName(String parameter) {
    String idOrName = pathParameters.get(parameter);
    if (idOrName.chars().allMatch(c -> c >= '0' && c <= '9')) {
      number(idOrName);
    }
    return idOrName;
  }

  /** Returns the id of the statement that the path names. */
  int statement() {
    return number(pathParameters.get("statement"));
  }

  /** Returns the id of the job that the path names. */
  int job() {
    return number(pathParameters.get("job"));
  }

  /** Returns the name of the shared value that the path names. */
  String sharedName() {
    return pathParameters.get("name");
  }

  /** Returns a parameter of the query. */
  Optional<String> text(String name) {
    return Optional.ofNullable(query.get(name)).flatMap(values -> values.stream().findFirst());
  }

  /** Returns a parameter of the query that is a number. */
  int number(String name, int absent) {
    return text(name).map(Request::number).orElse(absent);
  }

  /**
   * Returns the number of the last event that the client knows, 0 for none. Clients that cannot
   * send headers have it in the query.
   */
  long lastEventId() {
    return lastEventIdHeader.or(() -> text("lastEventId")).map(Request::eventNumber).orElse(0L);
  }

  private static long eventNumber(String text) {
    try {
      return Math.max(0, Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw notANumber(text);
    }
  }

  /** Returns a parameter of the query that is a time. */
  Optional<Duration> time(String name) {
    return text(name).map(Request::duration);
  }

  private static Duration duration(String text) {
    try {
      Duration time = TimeText.parse(text);
      if (!time.isNegative()) {
        return time;
      }
    } catch (IllegalArgumentException e) {
      throw RejectedRequestException.bad(e.getMessage());
    }
    throw RejectedRequestException.bad("Invalid time string: " + text);
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw notANumber(text);
    }
  }

  private static RejectedRequestException notANumber(String text) {
    return RejectedRequestException.bad("For input string: \"" + text + "\"");
  }
}
