package io.polybius.rest;

import io.polybius.session.SessionException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  /**
   * Notes a request that is answered when something is complete; that fails if the API is closed.
   */
  <T> CompletionStage<T> until(CompletableFuture<T> complete) {
    Runnable done = add(() -> complete.completeExceptionally(SessionException.shuttingDown()));
    return complete.whenComplete((result, failure) -> done.run());
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
