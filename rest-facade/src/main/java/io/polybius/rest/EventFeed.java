package io.polybius.rest;

import io.polybius.session.SessionEvent;
import io.polybius.session.SessionException;
import io.polybius.session.SessionListener;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Subscription;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What happens to a subject, as fast as one reader takes it. Few events wait here for the reader.
 * One that is slower than the session is no longer told what happens; when it has taken what waits,
 * the feed asks the session, which keeps its newest events for all readers, for what came after
 * that. What the session has not kept so long is a gap.
 *
 * <p>Safe for use by many threads. The session tells its events in its mailbox, which is not held
 * up.
 */
final class EventFeed implements AutoCloseable {

  private static final int MOST_WAITING = 100;

  /** The session that is followed. */
  interface Source {

    /** Begins to tell a listener what has happened after an event, and what happens then. */
    Subscription follow(long afterSequence, SessionListener listener);

    /** Shows that somebody follows, which counts as a sign of life of the session's client. */
    void showPresence();
  }

  /** What a reader gets. */
  sealed interface Item {

    /** Returns the number after which a reader goes on that has taken this. */
    long sequence();

    /** Something happened. */
    record Happened(SessionEvent event) implements Item {
      @Override
      public long sequence() {
        return event.sequence();
      }
    }

    /** Nobody knows any more whether something happened from one number to another. */
    record Gap(long from, long to) implements Item {
      @Override
      public long sequence() {
        return to;
      }
    }
  }

  private final Source source;
  private final EventSubject subject;
  private final CompletableFuture<Void> opened = new CompletableFuture<>();

  // Guarded by this:
  private final Deque<Item> waiting = new ArrayDeque<>();
  private Optional<Item.Gap> gap = Optional.empty();
  private Optional<Follower> follower = Optional.empty();
  private long known;
  private boolean over;
  private Runnable reader = () -> {};

  /**
   * Makes a feed that does not follow yet.
   *
   * @param source the session
   * @param subject what of it is to be followed
   * @param afterSequence the number of the last event that the reader knows, 0 for none
   */
  EventFeed(Source source, EventSubject subject, long afterSequence) {
    this.source = source;
    this.subject = subject;
    this.known = afterSequence;
  }

  /**
   * Begins to follow.
   *
   * @return completes when there is something to take, or is known that there is nothing yet, or
   *     never will be
   */
  CompletionStage<Void> open() {
    follow();
    return opened;
  }

  /** Has a reader told, from now on, that it should look for the next item. */
  synchronized void setReader(Runnable wakeUp) {
    reader = wakeUp;
  }

  /** Returns what comes next, if it is there. */
  synchronized Optional<Item> next() {
    if (waiting.isEmpty() && follower.isEmpty() && !over) {
      follow();
    }
    return Optional.ofNullable(waiting.poll());
  }

  /** Returns whether nothing comes any more. */
  synchronized boolean isOver() {
    return over && waiting.isEmpty();
  }

  /** Shows the session that the reader is there. */
  void showPresence() {
    source.showPresence();
  }

  /** Ends the feed; nothing comes any more. */
  @Override
  public void close() {
    synchronized (this) {
      waiting.clear();
      end();
    }
    wakeReader();
  }

  private synchronized void follow() {
    Follower begun = new Follower();
    follower = Optional.of(begun);
    try {
      Subscription subscription = source.follow(known, begun);
      if (isCurrent(begun)) {
        begun.subscription = Optional.of(subscription);
      } else {
        // It was told enough for now while this thread was there.
        subscription.close();
      }
    } catch (SessionException gone) {
      end();
    }
  }

  private synchronized void unfollow() {
    follower.flatMap(old -> old.subscription).ifPresent(Subscription::close);
    follower = Optional.empty();
  }

  private void end() {
    over = true;
    unfollow();
  }

  private void wakeReader() {
    opened.complete(null);
    Runnable told;
    synchronized (this) {
      told = reader;
    }
    told.run();
  }

  /** Returns whether the reader should look. */
  private synchronized boolean take(Follower from, SessionEvent event) {
    if (!isCurrent(from)) {
      return false;
    }
    if (waiting.size() >= MOST_WAITING) {
      unfollow();
      return false;
    }
    if (event.sequence() <= known) {
      // What the reader knows is of a server before this one.
      known = 0;
    }
    if (event.sequence() > known + 1) {
      long begin = gap.map(Item.Gap::from).orElse(known + 1);
      gap = Optional.of(new Item.Gap(begin, event.sequence() - 1));
    }
    known = event.sequence();
    if (!subject.isIn(event)) {
      return false;
    }
    if (!subject.beginsWith(event)) {
      gap.ifPresent(waiting::add);
    }
    gap = Optional.empty();
    waiting.add(new Item.Happened(event));
    if (subject.endsWith(event)) {
      end();
    }
    return true;
  }

  private synchronized void caughtUp(Follower from, long sequence, SessionSnapshot session) {
    if (!isCurrent(from) || !subject.isOver(session)) {
      return;
    }
    // Its end is known to the reader, unless it is in a gap.
    if (gap.isPresent()) {
      waiting.add(gap.get());
      subject.asItIs(sequence, session).map(Item.Happened::new).ifPresent(waiting::add);
    }
    end();
  }

  private boolean isCurrent(Follower from) {
    return follower.isPresent() && follower.get() == from;
  }

  private final class Follower implements SessionListener {

    private Optional<Subscription> subscription = Optional.empty();

    @Override
    public void onEvent(SessionEvent event) {
      if (take(this, event)) {
        wakeReader();
      }
    }

    @Override
    public void onCaughtUp(long sequence, SessionSnapshot session) {
      caughtUp(this, sequence, session);
      wakeReader();
    }
  }
}
