package io.polybius.rest;

import io.undertow.util.HttpString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One line of the URL table.
 *
 * @param method of HTTP
 * @param path as it is written in the table; a segment in braces names a parameter
 * @param template the path's segments
 * @param speed how long an answer may take
 * @param endpoint gives the answer
 */
record Route(
    HttpString method, String path, List<String> template, Speed speed, Endpoint endpoint) {

  /** How long an answer may take. */
  enum Speed {
    /** It shows what is there; its endpoint is called on an IO thread and must be quick itself. */
    AT_ONCE,
    /** Like {@link #AT_ONCE}, unless the client wants to wait. */
    AS_ASKED,
    /** It only needs the server. */
    QUICK,
    /** Like {@link #QUICK} until it begins; it goes on for as long as there is more. */
    STREAMED,
    /** It waits until a driver has added something, which may have to be fetched. */
    UNTIL_ADDED,
    /** Like {@link #UNTIL_ADDED}, and its endpoint reads the body as it comes. */
    UPLOADED,
    /** It waits until a driver has ended. */
    UNTIL_STOPPED
  }

  /** Makes one from a path such as {@code /sessions/{session}}. */
  static Route of(HttpString method, String path, Speed speed, Endpoint endpoint) {
    return new Route(method, path, segments(path).orElseThrow(), speed, endpoint);
  }

  /** Returns the segments of a path, or nothing if it cannot be the path of any route. */
  static Optional<List<String>> segments(String path) {
    if (path.equals("/")) {
      return Optional.of(List.of());
    }
    if (!path.startsWith("/")) {
      return Optional.empty();
    }
    int end = path.endsWith("/") ? path.length() - 1 : path.length();
    List<String> segments = List.of(path.substring(1, end).split("/", -1));
    return segments.contains("") ? Optional.empty() : Optional.of(segments);
  }

  /** Returns the parameters of a path, if it is one of this route. */
  Optional<Map<String, String>> match(List<String> path) {
    if (path.size() != template.size()) {
      return Optional.empty();
    }
    Map<String, String> parameters = new HashMap<>();
    for (int i = 0; i < path.size(); i++) {
      String expected = template.get(i);
      if (expected.startsWith("{")) {
        parameters.put(expected.substring(1, expected.length() - 1), unescaped(path.get(i)));
      } else if (!expected.equals(path.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(parameters);
  }

  /** Undertow leaves the slashes of a path as they are that do not part it. */
  private static String unescaped(String segment) {
    return segment.replace("%2F", "/").replace("%2f", "/");
  }

  /** Returns the method and the path. */
  @Override
  public String toString() {
    return method + " " + path;
  }
}
