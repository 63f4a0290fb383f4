package io.polybius.driver;

import io.polybius.driver.protocol.DriverEvent.InputRequested;
import io.polybius.notebook.NoInputException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a user types for one statement, while it runs: lines, each asked for when the code wants to
 * read it. Used by every thread of the statement; they get a line each, one after the other.
 */
final class StatementInput {

  /** Typed in place of a line, it says that there are no more. */
  private static final String END = "\u0004";

  private final int statementId;
  private final boolean possible;
  private final StatementSink sink;

  /** Held by the thread that asks. */
  private final ReentrantLock asking = new ReentrantLock();

  // Guarded by this:
  private Optional<CompletableFuture<String>> awaited = Optional.empty();
  private ByteBuffer rest = ByteBuffer.allocate(0);
  private boolean cancelled;
  private boolean ended;

  /**
   * @param statementId for which statement
   * @param possible whether its client can be asked
   * @param sink where its output goes, and the questions in between
   */
  StatementInput(int statementId, boolean possible, StatementSink sink) {
    this.statementId = statementId;
    this.possible = possible;
    this.sink = sink;
  }

  /**
   * Asks for a line, and waits for it; users take their time, so only {@link #cancel} and {@link
   * #end} limit it.
   *
   * @param prompt what to show before it
   * @param password whether not to show what is typed
   * @return the line, nothing if there are no more
   * @throws NoInputException if nobody can be asked
   * @throws CancellationException if the statement is cancelled
   */
  Optional<String> ask(String prompt, boolean password) throws InterruptedException {
    asking.lockInterruptibly();
    try {
      CompletableFuture<String> answer = new CompletableFuture<>();
      synchronized (this) {
        checkPossible();
        awaited = Optional.of(answer);
      }
      sink.send(new InputRequested(statementId, prompt, password));
      String text = answer.get();
      return text.equals(END) ? Optional.empty() : Optional.of(text);
    } catch (CancellationException e) {
      checkPossible();
      throw e;
    } catch (ExecutionException e) {
      throw new IllegalStateException("an answer cannot fail", e);
    } finally {
      asking.unlock();
    }
  }

  /** Reads UTF-8, asking for a line if there is none; returns -1 at the end of the input. */
  int read(byte[] bytes, int offset, int length) throws InterruptedException {
    while (true) {
      int taken = take(bytes, offset, length);
      if (taken > 0 || length == 0) {
        return taken;
      }
      Optional<String> line = ask(sink.unfinishedLine(), false);
      if (line.isEmpty()) {
        return -1;
      }
      add((line.get() + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Returns how many bytes can be read without asking. */
  synchronized int available() {
    return rest.remaining();
  }

  /** Takes what the user typed; without effect if nobody waits for it. */
  synchronized void answer(String text) {
    awaited.ifPresent(answer -> answer.complete(text));
  }

  /** Whoever waits does so no longer, because the statement should stop. */
  synchronized void cancel() {
    cancelled = true;
    awaited.ifPresent(answer -> answer.cancel(false));
  }

  /** Whoever waits does so no longer, because the statement has ended. */
  synchronized void end() {
    ended = true;
    awaited.ifPresent(answer -> answer.cancel(false));
  }

  private synchronized int take(byte[] bytes, int offset, int length) {
    int count = Math.min(length, rest.remaining());
    rest.get(bytes, offset, count);
    return count;
  }

  private synchronized void add(byte[] line) {
    rest = ByteBuffer.allocate(rest.remaining() + line.length).put(rest).put(line).flip();
  }

  private synchronized void checkPossible() {
    if (cancelled) {
      throw new CancellationException("The statement was interrupted.");
    } else if (ended) {
      throw new NoInputException(
          "The statement has ended, and nobody can be asked for its input any more.");
    } else if (!possible) {
      throw new NoInputException("The client that runs this statement cannot be asked for input.");
    }
  }
}
