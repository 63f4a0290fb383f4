package io.polybius.rest;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The requests that last as long as their clients want. They are ended with the API, which could
 * otherwise not be closed in time. Safe for use by many threads.
 */
final class LastingRequests implements AutoCloseable {

  private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Notes a request.
   *
   * @param end ends it; called at once if there are to be no more
   * @return is to be called when the request has ended
   */
  Runnable add(Runnable end) {
    // Made here, so that no two requests are the same.
    Runnable own = () -> end.run();
    ends.add(own);
    if (closed) {
      own.run();
    }
    return () -> ends.remove(own);
  }

  /** Returns how many there are. */
  int count() {
    return ends.size();
  }

  @Override
  public void close() {
    closed = true;
    ends.forEach(Runnable::run);
  }
}
