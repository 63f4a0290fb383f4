package io.polybius.driver.interpreter.process;

import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StreamName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process of a language over the life of a session: it is started when it is first needed, and
 * again when it has ended, of which the user is told. Statements use it, one after the other; with
 * {@link #runBeside} any thread may, also while one of them starts it.
 *
 * @param <P> the process
 */
public final class KeptProcess<P extends KeptProcess.Started> implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KeptProcess.class);

  /** Code that has not stopped by then is ended with its process, before the server gives it up. */
  private static final Duration BEFORE_END = Duration.ofSeconds(20);

  /** How often one who waits for the start looks whether that is still wanted. */
  private static final Duration START_POLL = Duration.ofMillis(100);

  private final Names names;
  private final Pace pace;
  private final Starter<P> starter;

  /** Held while the process starts, so that there is one. */
  private final ReentrantLock starting = new ReentrantLock();

  private volatile Optional<P> process = Optional.empty();

  // Guarded by this:
  private boolean hasEnded;

  /** What the next statement's user is told of the process. */
  private String untold = "";

  /** The process that runs a statement, for those who interrupt it. */
  private volatile Optional<P> busy = Optional.empty();

  private volatile Optional<Duration> lastInterrupt = Optional.empty();

  /**
   * What a language is called.
   *
   * @param error the beginning of the names of errors
   * @param inText within a sentence
   * @param atStart at the start of a sentence
   */
  public record Names(String error, String inText, String atStart) {}

  /**
   * When code is interrupted.
   *
   * @param delay time to let a cancelled Spark job end by itself
   * @param interval how often code is interrupted that has not stopped
   */
  public record Pace(Duration delay, Duration interval) {
    /** Of languages that run Spark jobs. */
    static final Pace OF_SPARK = new Pace(Duration.ofMillis(300), Duration.ofMillis(500));
  }

  /** A process that has been started. */
  public interface Started extends AutoCloseable {
    /** Returns whether it runs. */
    boolean isAlive();

    /** Interrupts the code that it runs; called again and again until that has stopped. */
    void interrupt();

    /** Ends it in the midst of the code that it runs, of whose end that is the reason. */
    void kill(ProcessEnded reason);

    /** Returns what the user should know before the first statement; empty if all is well. */
    default String notice() {
      return "";
    }

    @Override
    void close();
  }

  /** Starts a process. */
  public interface Starter<P> {
    /**
     * Starts it, and waits until it can work.
     *
     * @throws IOException if that fails; the message is for the user
     */
    P start(Execution execution) throws IOException, InterruptedException;
  }

  /** Something that a process does for a statement. */
  public interface Work<P, T> {
    /**
     * Has it done.
     *
     * @throws ProcessEnded if the process ends meanwhile
     */
    T of(P process) throws ProcessEnded;
  }

  /**
   * Starts nothing yet.
   *
   * @param language that runs Spark jobs, as users call it
   */
  public KeptProcess(String language, Starter<P> starter) {
    this(new Names(language, language, language), Pace.OF_SPARK, starter);
  }

  /** Starts nothing yet. */
  public KeptProcess(Names names, Pace pace, Starter<P> starter) {
    this.names = names;
    this.pace = pace;
    this.starter = starter;
  }

  /** Returns the process if it is there. */
  public Optional<P> living() {
    return process.filter(Started::isAlive);
  }

  /**
   * Returns the process, which is started if it is not there.
   *
   * @throws StatementException if it does not start
   */
  public P get(Execution execution) throws StatementException {
    P started;
    try {
      started = acquire(execution);
    } catch (IOException e) {
      throw new StatementException(
          new StatementError(
              Origin.DRIVER,
              names.error() + "NotStarted",
              String.valueOf(e.getMessage()),
              List.of()));
    } catch (InterruptedException e) {
      throw new StatementException(StatementError.interrupted());
    }
    String news = takeUntold();
    if (!news.isEmpty()) {
      tell(execution, news);
    }
    return started;
  }

  private synchronized String takeUntold() {
    String news = untold;
    untold = "";
    return news;
  }

  private P acquire(Execution execution) throws IOException, InterruptedException {
    Optional<P> present = living();
    if (present.isPresent()) {
      return present.get();
    }
    awaitTurn(execution);
    try {
      present = process;
      if (present.isPresent() && present.get().isAlive()) {
        return present.get();
      }
      present.ifPresent(this::forget);
      P started = starter.start(execution);
      keep(started);
      return started;
    } finally {
      starting.unlock();
    }
  }

  private void awaitTurn(Execution execution) throws InterruptedException {
    while (!execution.isCancelled()) {
      try {
        if (starting.tryLock(START_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        log.debug("interrupted while another starts the process; it is cancelled, or goes on");
      }
    }
    throw new InterruptedException("it was cancelled");
  }

  private synchronized void keep(P started) {
    process = Optional.of(started);
    if (hasEnded) {
      untold = names.atStart() + " was started again: what was defined before its end is gone.\n";
    }
    if (!started.notice().isEmpty()) {
      untold += started.notice() + "\n";
    }
  }

  /** Tells the user something that the statement's code does not say. */
  public static void tell(Execution execution, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    execution.print(StreamName.STDERR, bytes, 0, bytes.length);
  }

  private record Result<T>(Optional<T> value, Optional<ProcessEnded> end) {}

  /**
   * Has the process do something for a statement, as long as it takes.
   *
   * @throws StatementException if the process does not start, ends, or need not begin
   */
  public <T> T run(Execution execution, Work<P, T> work) throws StatementException {
    P started = get(execution);
    if (execution.isCancelled()) {
      throw new StatementException(StatementError.interrupted());
    }
    Result<T> result =
        execution.unlocked(
            () -> {
              lastInterrupt = Optional.empty();
              busy = Optional.of(started);
              try {
                return new Result<>(Optional.of(work.of(started)), Optional.empty());
              } catch (ProcessEnded e) {
                return new Result<>(Optional.empty(), Optional.of(e));
              } finally {
                busy = Optional.empty();
              }
            });
    if (result.end().isPresent()) {
      forget(started);
      throw ended(result.end().get());
    }
    return result.value().orElseThrow();
  }

  /**
   * Has the process do something that is no statement, beside those and others, on any thread.
   *
   * @param execution says whether it is still wanted, as long as the process starts
   * @throws IOException if the process does not start; the message is for the user
   * @throws InterruptedException if it is not wanted any more
   * @throws ProcessEnded if the process ends
   */
  public <T> T runBeside(Execution execution, Work<P, T> work)
      throws IOException, InterruptedException, ProcessEnded {
    P started = acquire(execution);
    try {
      return work.of(started);
    } catch (ProcessEnded e) {
      forget(started);
      throw e;
    }
  }

  private StatementException ended(ProcessEnded end) {
    return new StatementException(
        new StatementError(
            Origin.DRIVER,
            names.error() + "Died",
            "The "
                + names.inText()
                + " of this session has ended: "
                + end.getMessage()
                + ". What was defined in it is gone; the next statement starts another one.",
            List.of()));
  }

  /** Closes a process that is of no use any more, unless another thread has done so. */
  private void forget(P ended) {
    synchronized (this) {
      if (process.filter(kept -> kept == ended).isEmpty()) {
        return;
      }
      process = Optional.empty();
      hasEnded = true;
    }
    ended.close();
  }

  /**
   * Interrupts the code that runs, unless that has been done a moment ago; ends the process if that
   * has not helped for long.
   *
   * @param elapsed since the statement was cancelled
   */
  public void interrupt(Duration elapsed) {
    Optional<P> running = busy;
    boolean isDue =
        lastInterrupt
            .map(last -> elapsed.minus(last).compareTo(pace.interval()) >= 0)
            .orElse(elapsed.compareTo(pace.delay()) >= 0);
    if (running.isPresent() && isDue) {
      lastInterrupt = Optional.of(elapsed);
      if (elapsed.compareTo(BEFORE_END) < 0) {
        running.get().interrupt();
      } else {
        running
            .get()
            .kill(
                new ProcessEnded(
                    "the code did not stop within "
                        + BEFORE_END.toSeconds()
                        + " s of an interrupt"));
      }
    }
  }

  /** Ends the process if it is there. */
  @Override
  public void close() {
    process.ifPresent(Started::close);
  }
}
