package io.polybius.client;

/** Hears what happens in a session, until it is closed or the session has ended. */
public interface EventSubscription extends AutoCloseable {

  /** Hears no more. */
  @Override
  void close();
}
