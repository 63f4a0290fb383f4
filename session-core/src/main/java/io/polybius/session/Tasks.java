package io.polybius.session;

import io.polybius.session.Journal.Change;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what is to be done to a session, one task of its {@link Mailbox} after the other.
 *
 * <p>What a task changes takes effect outside when the task is done: first it is kept in the {@link
 * Journal}, then listeners are told, the driver gets its commands, and who asked for the change
 * gets the answer. So nobody knows of anything that a later server would not know.
 *
 * <p>Any thread may give a task; what only a task may call says so.
 */
final class Tasks {

  private static final Logger logger = LoggerFactory.getLogger(Tasks.class);

  private final int sessionId;
  private final Journal journal;
  private final EventLog events;
  private final Supplier<List<Change>> everything;
  private final CoreThreads threads;
  private final Mailbox mailbox;

  /** What is done when a task is: with its changes kept. */
  private final Deque<Runnable> effects = new ArrayDeque<>();

  private boolean isLeft;

  /**
   * @param journal keeps what tasks change
   * @param events tells listeners of it
   * @param everything gives, in a task, the changes that lead from nothing to what is the case
   */
  Tasks(
      int sessionId,
      Journal journal,
      EventLog events,
      Supplier<List<Change>> everything,
      CoreThreads threads) {
    this.sessionId = sessionId;
    this.journal = journal;
    this.events = events;
    this.everything = everything;
    this.threads = threads;
    this.mailbox = new Mailbox(String.valueOf(sessionId), threads.mailboxes());
  }

  /** Does something, unless the session has been left to a later server by then. */
  void run(Runnable work) {
    mailbox.execute(
        () -> {
          if (isLeft) {
            return;
          }
          try {
            work.run();
          } finally {
            takeEffect();
          }
        });
  }

  /** Does something that has a result, which is told when all that it changes is kept. */
  <T> CompletionStage<T> call(Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    mailbox.execute(
        () -> {
          if (isLeft) {
            result.completeExceptionally(SessionException.shuttingDown());
            return;
          }
          try {
            T value = work.get();
            effects.add(() -> result.complete(value));
          } catch (RuntimeException | Error e) {
            effects.add(() -> result.completeExceptionally(e));
          } finally {
            takeEffect();
          }
        });
    return result;
  }

  /**
   * Does something after a time.
   *
   * @return makes it not be done any more
   */
  Runnable later(Duration delay, Runnable work) {
    return threads.later(delay, () -> run(work));
  }

  /** Does something that changes nothing of what is kept, even when the session has been left. */
  void runEvenIfLeft(Runnable work) {
    mailbox.execute(work);
  }

  /**
   * Does nothing any more, and leaves everything to a later server; completes when that is so. What
   * is called for after that is refused.
   */
  CompletionStage<Void> leave() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    mailbox.execute(
        () -> {
          isLeft = true;
          journal.release();
          done.complete(null);
        });
    return done;
  }

  /** Notes a change, and the event that tells of it, under the event's number; in a task. */
  void happened(LongFunction<Change> change, LongFunction<SessionEvent> event) {
    events.add(
        sequence -> {
          journal.note(change.apply(sequence));
          return event.apply(sequence);
        });
  }

  /** Does something outside once all that this task changes is kept; in a task. */
  void afterwards(Runnable effect) {
    effects.add(effect);
  }

  private void takeEffect() {
    journal.commit();
    events.tell();
    for (Runnable next = effects.poll(); next != null; next = effects.poll()) {
      try {
        next.run();
      } catch (RuntimeException e) {
        logger.error("what a task of session {} has changed did not take effect", sessionId, e);
      }
    }
    if (journal.isLarge()) {
      journal.renew(everything);
    }
  }
}
