package io.polybius.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.InputRequested;
import io.polybius.driver.protocol.StreamName;
import io.polybius.notebook.NoInputException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What threads read of what a user types. */
@Timeout(60)
class StatementInputTest {

  private final BlockingQueue<DriverEvent> events = new LinkedBlockingQueue<>();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final StatementSink sink = new StatementSink(1, 10_000, events::add, timer);
  private final StatementInput input = new StatementInput(1, true, sink);

  @AfterEach
  void end() {
    input.end();
    timer.shutdownNow();
  }

  @Test
  void lineIsReadInPiecesAndAskedForOnce() throws Exception {
    byte[] bytes = new byte[4];
    CompletableFuture<Integer> read = async(() -> input.read(bytes, 0, 2));
    assertThat(nextRequest().prompt()).isEmpty();
    input.answer("\u00e4b");
    assertThat(read.get()).isEqualTo(2);
    assertThat(input.available()).isEqualTo(2);
    assertThat(input.read(bytes, 2, 2)).isEqualTo(2);
    assertThat(new String(bytes, UTF_8)).isEqualTo("\u00e4b\n");
    assertThat(input.read(bytes, 0, 0)).isZero();
    assertThat(events).isEmpty();
  }

  @Test
  void promptIsTheLineThatWasBegunAndNothingElse() throws Exception {
    print("one\ntwo");
    print(" three");
    assertThat(sink.unfinishedLine()).isEqualTo("two three");
    sink.flush();
    assertThat(sink.unfinishedLine()).isEqualTo("two three");
    print("\n");
    assertThat(sink.unfinishedLine()).isEmpty();
    print("x".repeat(5000));
    assertThat(sink.unfinishedLine()).isEmpty();
  }

  @Test
  void threadsGetALineEach() throws Exception {
    CompletableFuture<Optional<String>> first = async(() -> input.ask("a", false));
    assertThat(nextRequest().prompt()).isEqualTo("a");
    CompletableFuture<Optional<String>> second = async(() -> input.ask("b", false));
    input.answer("for a");
    assertThat(first.get()).contains("for a");
    assertThat(nextRequest().prompt()).isEqualTo("b");
    input.answer("\u0004");
    assertThat(second.get()).isEmpty();
  }

  @Test
  void answerThatNobodyWaitsForIsDropped() throws Exception {
    input.answer("early");
    CompletableFuture<Optional<String>> asked = async(() -> input.ask("", false));
    nextRequest();
    input.answer("right");
    input.answer("late");
    assertThat(asked.get()).contains("right");
    assertThat(input.available()).isZero();
  }

  @Test
  void waitEndsWithTheStatementAndThenNobodyIsAsked() throws Exception {
    CompletableFuture<Optional<String>> asked = async(() -> input.ask("", false));
    nextRequest();
    input.end();
    assertThatThrownBy(asked::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(NoInputException.class)
        .hasMessageContaining("has ended");
    assertThatThrownBy(() -> input.ask("", false)).isInstanceOf(NoInputException.class);
    assertThat(events).isEmpty();
  }

  @Test
  void standardInputIsAtItsEndForThreadsOfNoStatement() throws Exception {
    StandardInput standardInput = new StandardInput(new OutputCapture());
    assertThat(standardInput.read()).isEqualTo(-1);
    assertThat(standardInput.available()).isZero();
  }

  @Test
  void threadThatFeedsAProcessFindsAnEndWhereTheStatementItselfFindsOutWhy() throws Exception {
    OutputCapture statements = new OutputCapture();
    StandardInput standardInput = new StandardInput(statements);
    statements.begin(new StatementConsole(sink, new StatementInput(1, false, sink)));
    try {
      assertThatThrownBy(standardInput::read).isInstanceOf(NoInputException.class);
      CompletableFuture<Integer> other = async(standardInput::read);
      assertThatThrownBy(other::get).cause().isInstanceOf(InterruptedIOException.class);
    } finally {
      statements.end();
    }
  }

  private void print(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    sink.print(StreamName.STDOUT, bytes, 0, bytes.length);
  }

  private InputRequested nextRequest() throws InterruptedException {
    DriverEvent event = events.poll(20, TimeUnit.SECONDS);
    assertThat(event).isInstanceOf(InputRequested.class);
    return (InputRequested) event;
  }

  private interface Reading<T> {
    T read() throws Exception;
  }

  private static <T> CompletableFuture<T> async(Reading<T> reading) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(reading.read());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            },
            "reading");
    thread.setDaemon(true);
    thread.start();
    return result;
  }
}
