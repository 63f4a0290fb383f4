package io.polybius.session;

/**
 * Where a statement came from.
 *
 * @param client names the client among all clients of the session; its statements belong together
 *     when one of them fails
 * @param request names the request among those of the client
 */
public record Origin(String client, String request) {

  /** The origin of statements whose clients do not name themselves. */
  public static final Origin REST = new Origin("rest", "");
}
