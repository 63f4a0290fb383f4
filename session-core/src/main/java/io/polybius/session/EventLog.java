package io.polybius.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest events of a session and those who listen to them. Used in the session's mailbox only.
 */
final class EventLog {

  private static final Logger log = LoggerFactory.getLogger(EventLog.class);
  private static final int RETAINED_EVENTS = 2_000;
  private static final long RETAINED_CHARS = 16L << 20;

  private final Deque<SessionEvent> events = new ArrayDeque<>();
  private final Deque<SessionEvent> untold = new ArrayDeque<>();
  private final Set<SessionListener> listeners = new LinkedHashSet<>();
  private long lastSequence;
  private long chars;

  /** Adds the event that {@code make} returns for its sequence number. */
  void add(LongFunction<SessionEvent> make) {
    SessionEvent event = make.apply(++lastSequence);
    retain(event);
    untold.add(event);
  }

  private void retain(SessionEvent event) {
    events.add(event);
    chars += charsOf(event);
    while (events.size() > RETAINED_EVENTS || (chars > RETAINED_CHARS && events.size() > 1)) {
      chars -= charsOf(events.remove());
    }
  }

  /** Tells the listeners the events that were added since the last time. */
  void tell() {
    for (SessionEvent event = untold.poll(); event != null; event = untold.poll()) {
      for (SessionListener listener : new ArrayList<>(listeners)) {
        SessionEvent told = event;
        tell(told, listener::onEvent);
      }
    }
  }

  /** Adds the event of an earlier server that had this number, if it is still retained. */
  void restore(long sequence, LongFunction<SessionEvent> make) {
    if (sequence != Journal.NO_EVENT) {
      lastSequence = sequence;
      retain(make.apply(sequence));
    }
  }

  /** Goes on counting after a number that an earlier server came to. */
  void restore(long sequence) {
    lastSequence = sequence;
  }

  /** Returns the number of the last event. */
  long lastSequence() {
    return lastSequence;
  }

  /**
   * Tells a listener the retained events after {@code afterSequence}, and all that follow. A number
   * that no event has had yet is of a session before this one, and the same as 0.
   */
  void subscribe(long afterSequence, SessionListener listener) {
    long known = afterSequence > lastSequence ? 0 : afterSequence;
    for (SessionEvent event : events) {
      if (event.sequence() > known) {
        tell(event, listener::onEvent);
      }
    }
    listeners.add(listener);
  }

  /** Snapshots share what their statements have put out, so only what is new in an event counts. */
  private static long charsOf(SessionEvent event) {
    if (event instanceof SessionEvent.OutputAdded added) {
      return Outputs.charsOf(added.output());
    }
    return event instanceof SessionEvent.JobChanged changed
        ? changed.job().error().map(String::length).orElse(0)
        : 0;
  }

  /** Forgets a listener. */
  void unsubscribe(SessionListener listener) {
    listeners.remove(listener);
  }

  private static void tell(SessionEvent event, Consumer<SessionEvent> listener) {
    try {
      listener.accept(event);
    } catch (RuntimeException | Error e) {
      // Whatever it is, the change that the event tells of has to be finished.
      log.error("a session listener failed", e);
    }
  }
}
