package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.protocol.Candidate;
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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Questions to a language that takes its time or fails. */
@Timeout(60)
class QuestionsTest {

  private final BlockingQueue<DriverEvent> events = new LinkedBlockingQueue<>();
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Language language = new Language();
  private final Questions questions =
      new Questions(Map.of("language", language), lock, Magics.builtin(), events::add);

  /** Knows one word; thinks about {@code slow}, and gives up on {@code bad}. */
  private static final class Language implements Interpreter {
    final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    final CountDownLatch thought = new CountDownLatch(1);

    private void think(String code) {
      asked.add(code);
      if (code.equals("bad")) {
        throw new StackOverflowError();
      } else if (code.equals("slow")) {
        boolean done = false;
        while (!done) {
          try {
            done = thought.await(50, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            // No compiler stops for that.
            continue;
          }
        }
      }
    }

    @Override
    public Completion complete(String code, int cursor) {
      think(code);
      return new Completion(List.of(Candidate.of("word")), 0, cursor);
    }

    @Override
    public CompletenessChecked completeness(int requestId, String code) {
      think(code);
      return new CompletenessChecked(requestId, Completeness.INCOMPLETE, "  ");
    }

    @Override
    public String kind() {
      return "language";
    }

    @Override
    public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
      think(code);
      return code.equals("word")
          ? Optional.of(MimeBundle.text(detailed ? "a word" : "word"))
          : Optional.empty();
    }

    @Override
    public void execute(String code, Execution execution) {
      throw new AssertionError("a question ran " + code);
    }

    @Override
    public MimeBundle evaluate(String expression, Execution execution) {
      throw new AssertionError("a question ran " + expression);
    }

    @Override
    public Variable variable(String name, int maxRows) {
      throw new AssertionError("a question read " + name);
    }

    @Override
    public void interrupt(Thread running, Duration elapsed) {
      throw new AssertionError("a question was interrupted");
    }

    @Override
    public void close() {}
  }

  @AfterEach
  void end() {
    language.thought.countDown();
    questions.close();
  }

  @Test
  void questionsAreAnsweredInTheirOrder() throws Exception {
    questions.complete(new Complete(1, "language", "wo", 2));
    questions.check(new CheckCompleteness(2, "language", "wo"));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(Candidate.of("word")), 0, 2));
    assertThat(answer()).isEqualTo(new CompletenessChecked(2, Completeness.INCOMPLETE, "  "));
  }

  @Test
  void namesAreDescribed() throws Exception {
    questions.inspect(new Inspect(1, "language", "word", 2, true));
    assertThat(answer()).isEqualTo(new Inspected(1, true, MimeBundle.text("a word")));
    questions.inspect(new Inspect(2, "language", "else", 2, true));
    assertThat(answer()).isEqualTo(new Inspected(2, false, new MimeBundle(List.of())));
    questions.inspect(new Inspect(3, "language", "%json word", 2, false));
    assertThat(answer())
        .isInstanceOfSatisfying(
            Inspected.class,
            inspected ->
                assertThat(inspected.description().find(MimeBundle.TEXT).orElseThrow().data())
                    .contains("%json NAME"));
    questions.inspect(new Inspect(4, "language", "bad", 2, false));
    assertThat(answer()).isEqualTo(new Inspected(4, false, new MimeBundle(List.of())));
  }

  @Test
  void slowAnswerIsNotWaitedForAndQuestionsBehindItAreNotAskedAnyMore() throws Exception {
    questions.complete(new Complete(1, "language", "slow", 4));
    assertThat(language.asked.poll(20, TimeUnit.SECONDS)).isEqualTo("slow");
    questions.complete(new Complete(2, "language", "wo", 2));
    questions.check(new CheckCompleteness(3, "language", "wo"));
    assertThat(List.of(answer(), answer(), answer()))
        .containsExactlyInAnyOrder(
            new Completed(1, List.of(), 4, 4),
            new Completed(2, List.of(), 2, 2),
            new CompletenessChecked(3, Completeness.UNKNOWN, ""));
    assertThat(lock.tryLock()).as("the language is still at work").isFalse();

    language.thought.countDown();
    questions.complete(new Complete(4, "language", "w", 1));
    assertThat(answer()).isEqualTo(new Completed(4, List.of(Candidate.of("word")), 0, 1));
    assertThat(language.asked).containsExactly("w");
    assertThat(events).isEmpty();
  }

  @Test
  void languageThatFailsHasNothingToSay() throws Exception {
    questions.complete(new Complete(1, "language", "bad", 3));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(), 3, 3));
    questions.check(new CheckCompleteness(2, "language", "bad"));
    assertThat(answer()).isEqualTo(new CompletenessChecked(2, Completeness.UNKNOWN, ""));
    assertThat(lock.tryLock(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void busyLanguageIsNotAsked() throws Exception {
    lock.lock();
    questions.complete(new Complete(1, "language", "wo", 2));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(), 2, 2));
    assertThat(language.asked).isEmpty();
    lock.unlock();
  }

  @Test
  void unknownLanguageHasNothingToSay() throws Exception {
    questions.complete(new Complete(1, "another", "wo", 2));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(), 2, 2));
  }

  @Test
  void cursorIsBroughtIntoTheText() throws Exception {
    questions.complete(new Complete(1, "language", "wo", 3));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(Candidate.of("word")), 0, 2));
    questions.complete(new Complete(2, "language", "wo", Integer.MIN_VALUE));
    assertThat(answer()).isEqualTo(new Completed(2, List.of(Candidate.of("word")), 0, 0));
  }

  @Test
  void questionAfterTheEndIsAnsweredAllTheSame() throws Exception {
    questions.close();
    questions.complete(new Complete(1, "language", "wo", 2));
    assertThat(answer()).isEqualTo(new Completed(1, List.of(), 2, 2));
  }

  private DriverEvent answer() throws InterruptedException {
    DriverEvent answer = events.poll(20, TimeUnit.SECONDS);
    assertThat(answer).as("an answer").isNotNull();
    return answer;
  }
}
