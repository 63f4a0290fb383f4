package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand.Complete;
import io.polybius.driver.protocol.DriverCommand.Execute;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.DriverEvent.StatementFailed;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.magic.Magics;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Statements that come while a compiler is lost in a question. */
@Timeout(120)
class BusyCompilerTest {

  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofMillis(100);

  private final BlockingQueue<DriverEvent> events = new LinkedBlockingQueue<>();
  private final Language language = new Language();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);

  /** Thinks about each completion until it is told to stop. */
  private static final class Language implements Interpreter {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch thought = new CountDownLatch(1);
    final BlockingQueue<String> executed = new LinkedBlockingQueue<>();

    @Override
    public Completion complete(String code, int cursor) {
      asked.countDown();
      boolean done = false;
      while (!done) {
        try {
          done = thought.await(100, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          // No compiler stops for that.
          continue;
        }
      }
      return Completion.none(cursor);
    }

    @Override
    public CompletenessChecked completeness(int requestId, String code) {
      return new CompletenessChecked(requestId, Completeness.COMPLETE, "");
    }

    @Override
    public String kind() {
      return "language";
    }

    @Override
    public void execute(String code, Execution execution) {
      executed.add(code);
    }

    @Override
    public MimeBundle evaluate(String expression, Execution execution) {
      throw new AssertionError("nobody wants to know " + expression);
    }

    @Override
    public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
      throw new AssertionError("nobody asks for " + code);
    }

    @Override
    public Variable variable(String name, int maxRows) {
      throw new AssertionError("nobody asks for " + name);
    }

    @Override
    public void interrupt(Thread running, Duration elapsed) {}

    @Override
    public void close() {}
  }

  @AfterEach
  void end() {
    language.thought.countDown();
    timer.shutdownNow();
  }

  @Test
  void statementFailsWhenTheQuestionTakesTooLongAndLaterOnesRun() throws Exception {
    try (StatementRunner runner = busyRunner(SHORT)) {
      runner.submit(new Execute(1, "language", "a", ExecuteOptions.PLAIN));
      StatementError error = failure(1);
      assertThat(error.origin()).isEqualTo(StatementError.Origin.DRIVER);
      assertThat(error.message()).contains("The compiler is busy", "restart the session");

      becomeFree(runner);
      assertThat(language.executed).doesNotContain("a");
    }
  }

  @Test
  void statementThatWaitsForAQuestionCanBeCancelled() throws Exception {
    try (StatementRunner runner = busyRunner(LONG)) {
      runner.submit(new Execute(1, "language", "a", ExecuteOptions.PLAIN));
      runner.submit(new Execute(2, "language", "b", ExecuteOptions.PLAIN));
      // The one may wait already or not; the other one stands behind it.
      runner.cancel(2);
      runner.cancel(1);
      assertThat(failure(1).origin()).isEqualTo(StatementError.Origin.INTERRUPT);
      assertThat(failure(2).message()).contains("interrupted", "restart the session");

      becomeFree(runner);
      assertThat(language.executed).doesNotContain("a", "b");
    }
  }

  /** Returns a runner whose only language is busy with a question. */
  private StatementRunner busyRunner(Duration patience) throws Exception {
    StatementDesk desk = StatementDesk.shared();
    OutputCapture capture = new OutputCapture();
    StatementRunner runner =
        new StatementRunner(
            new StatementRunner.Tools(
                List.of(language),
                Magics.builtin(),
                desk.spark(),
                new SharedValues(),
                capture,
                new OpenComms(capture, events::add),
                new SparkProgress(events::add, timer),
                events::add,
                timer,
                StatementDesk.MAX_OUTPUT_CHARS,
                patience));
    runner.questions().complete(new Complete(0, "language", "x", 1));
    assertThat(language.asked.await(20, TimeUnit.SECONDS)).isTrue();
    return runner;
  }

  /** Ends the question, and runs statements until the language has taken one. */
  private void becomeFree(StatementRunner runner) throws Exception {
    language.thought.countDown();
    for (int id = 10; language.executed.isEmpty(); id++) {
      runner.submit(new Execute(id, "language", "later", ExecuteOptions.PLAIN));
      DriverEvent end = endOf(id);
      assertThat(language.executed.isEmpty()).isEqualTo(!(end instanceof StatementSucceeded));
    }
  }

  private StatementError failure(int id) throws InterruptedException {
    DriverEvent end = endOf(id);
    assertThat(end).isInstanceOf(StatementFailed.class);
    return ((StatementFailed) end).error();
  }

  private DriverEvent endOf(int id) throws InterruptedException {
    while (true) {
      DriverEvent event = events.poll(60, TimeUnit.SECONDS);
      assertThat(event).as("an event").isNotNull();
      if ((event instanceof StatementSucceeded || event instanceof StatementFailed)
          && ((DriverEvent.OfStatement) event).statementId() == id) {
        return event;
      }
    }
  }
}
