package io.polybius.session;

/** A listener's place in a session. */
public interface Subscription extends AutoCloseable {

  /** Ends it; an event that is being delivered may still arrive. */
  @Override
  void close();
}
