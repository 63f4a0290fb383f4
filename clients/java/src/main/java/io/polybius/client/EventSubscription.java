package io.polybius.client;

import java.util.concurrent.CompletableFuture;

/** Hears what happens in a session, until it is closed or the session has ended. */
public interface EventSubscription extends AutoCloseable {

  /**
   * Returns a future of its own that is complete when there is nothing more to hear, because the
   * session has ended or this was closed. It fails if the events cannot be followed any longer, and
   * when the client is closed.
   */
  CompletableFuture<Void> end();

  /** Hears no more. */
  @Override
  void close();
}
