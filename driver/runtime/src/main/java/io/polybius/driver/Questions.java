package io.polybius.driver;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand.CheckCompleteness;
import io.polybius.driver.protocol.DriverCommand.Complete;
import io.polybius.driver.protocol.DriverCommand.Inspect;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.Completed;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.DriverEvent.Inspected;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.magic.Magics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers questions about texts, one after the other, on a thread beside that of the statements.
 * Each question is answered in time: by saying nothing, if its interpreter is busy with the
 * compiling of a statement or takes too long. While the code of a statement runs, questions are
 * answered.
 *
 * <p>A compiler must not be stopped in its midst. So a question that takes too long keeps the
 * interpreter, and a statement that has come meanwhile waits for it, but for that one only: those
 * behind it find that they have been answered. A statement gives up when that takes very long.
 */
final class Questions implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Questions.class);

  /** How long a question waits for the interpreter to be free. */
  private static final Duration PATIENCE = Duration.ofMillis(200);

  /** How long a question waits for its answer, all in all. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final Map<String, Interpreter> interpreters;
  private final Lock interpreterLock;
  private final Magics magics;
  private final Consumer<DriverEvent> events;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          Questions::daemon,
          // After the end, only the time limit answers.
          new ThreadPoolExecutor.DiscardPolicy());

  private volatile long lastAsked = System.nanoTime();

  /**
   * Makes one that has nothing to answer yet.
   *
   * @param interpreters by the kind of their statements
   * @param interpreterLock is held by whoever uses an interpreter, and goes to the one that has
   *     waited longest
   * @param events gets the answers
   */
  Questions(
      Map<String, Interpreter> interpreters,
      Lock interpreterLock,
      Magics magics,
      Consumer<DriverEvent> events) {
    this.interpreters = interpreters;
    this.interpreterLock = interpreterLock;
    this.magics = magics;
    this.events = events;
  }

  /** Answers whether a text is a whole statement. */
  void check(CheckCompleteness question) {
    int id = question.requestId();
    answer(
        question.kind(),
        interpreter ->
            Magics.isMagic(question.code()) || CellInspection.isQuestion(question.code())
                ? new CompletenessChecked(id, Completeness.COMPLETE, "")
                : interpreter.completeness(id, question.code()),
        new CompletenessChecked(id, Completeness.UNKNOWN, ""));
  }

  /** Answers how a text could go on. */
  void complete(Complete question) {
    int id = question.requestId();
    String code = question.code();
    int cursor = Math.max(0, Math.min(question.cursor(), code.length()));
    answer(
        question.kind(),
        interpreter -> {
          Completion found = CellCompletion.complete(code, cursor, interpreter, magics);
          return new Completed(id, found.candidates(), found.start(), found.end());
        },
        new Completed(id, List.of(), cursor, cursor));
  }

  /** Answers what a name means. */
  void inspect(Inspect question) {
    int id = question.requestId();
    String code = question.code();
    int cursor = Math.max(0, Math.min(question.cursor(), code.length()));
    Inspected nothing = new Inspected(id, false, new MimeBundle(List.of()));
    answer(
        question.kind(),
        interpreter ->
            CellInspection.inspect(code, cursor, question.detailed(), interpreter, magics)
                .map(description -> new Inspected(id, true, description))
                .orElse(nothing),
        nothing);
  }

  /** Returns for how long no question has come. */
  Duration idleTime() {
    return Duration.ofNanos(System.nanoTime() - lastAsked);
  }

  private void answer(
      String kind, Function<Interpreter, DriverEvent> question, DriverEvent nothing) {
    lastAsked = System.nanoTime();
    CompletableFuture<DriverEvent> answer = new CompletableFuture<>();
    answer.thenAccept(events);
    answer.completeOnTimeout(nothing, LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    thread.execute(
        () -> {
          if (!answer.isDone()) {
            answer.complete(found(kind, question).orElse(nothing));
          }
        });
  }

  private Optional<DriverEvent> found(String kind, Function<Interpreter, DriverEvent> question) {
    Interpreter interpreter = interpreters.get(kind);
    try {
      if (interpreter != null
          && interpreterLock.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          return Optional.of(question.apply(interpreter));
        } finally {
          interpreterLock.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      // A text that is not finished yet can bring a compiler into trouble.
      log.debug("a question could not be answered", e);
    }
    return Optional.empty();
  }

  /** Ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "questions");
    thread.setDaemon(true);
    return thread;
  }
}
