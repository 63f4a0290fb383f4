package io.polybius.launch;

import io.polybius.driver.protocol.StreamName;
import io.polybius.launch.WatchedApplications.Watched;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets few programs be submitted at a time. Each submission is a JVM that keeps a core busy for
 * some seconds; more of them than cores would all be slower, and so would the server's answers.
 * Safe for use by many threads.
 */
final class SubmissionTurns {

  /** A process that submits for longer than this mostly waits. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Semaphore places;

  /** Guarded by itself, so that nobody is interrupted who waits no longer. */
  private final Map<String, Thread> waiting = new HashMap<>();

  /**
   * @param most how many at a time
   */
  SubmissionTurns(int most) {
    this.places = new Semaphore(most, true);
  }

  /**
   * Waits for a turn.
   *
   * @param name by which the wait can be given up
   * @param log is told of the wait
   * @throws LaunchException if the turn does not come
   */
  Turn take(String name, ProcessLog log) throws LaunchException {
    try {
      // Other than without a time, nobody is passed by who waits already.
      if (!places.tryAcquire(0, TimeUnit.SECONDS)) {
        log.append(StreamName.STDERR, "Waits until others have been submitted.");
        if (!await(name)) {
          throw new LaunchException(
              "It could not be submitted within "
                  + PATIENCE.toMinutes()
                  + " minutes, because others were: try it again later.");
        }
      }
      return new Turn();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LaunchException("It was given up before it was submitted.", e);
    }
  }

  private boolean await(String name) throws InterruptedException {
    synchronized (waiting) {
      waiting.put(name, Thread.currentThread());
    }
    try {
      return places.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } finally {
      synchronized (waiting) {
        waiting.remove(name);
      }
    }
  }

  /** Ends the wait of that name, if there is one: it fails. */
  void giveUp(String name) {
    synchronized (waiting) {
      Optional.ofNullable(waiting.get(name)).ifPresent(Thread::interrupt);
    }
  }

  /** The right to submit one program. */
  final class Turn {

    private final AtomicBoolean over = new AtomicBoolean();

    private Turn() {}

    /** Gives the turn to the next one. Later calls do nothing. */
    void end() {
      if (!over.getAndSet(true)) {
        places.release();
      }
    }

    /** Ends it when the program has been submitted, or when that takes too long. */
    void endWith(LaunchedProcess process, Optional<Watched> application) {
      application.ifPresent(watched -> watched.follow(told -> end()));
      process.exited().thenRun(this::end);
      CompletableFuture.delayedExecutor(LONGEST.toMillis(), TimeUnit.MILLISECONDS)
          .execute(this::end);
    }
  }
}
