package io.polybius.driver;

import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.protocol.StreamName;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.spark.TaskContext;

/**
 * Takes the place of the process's standard streams, and gives what is printed to the statement
 * whose code prints it: the one that started the printing thread, or for Spark's tasks the one that
 * runs. What belongs to no statement goes where it went before, into the driver's log. {@link
 * StandardInput} finds in the same way whom to ask.
 *
 * <p>Must be installed before Scala's {@code Console} is first used, which keeps the streams that
 * it finds.
 */
final class OutputCapture {

  /** Whom a thread belongs to: a statement, or expressly none; null if nobody has said. */
  private final InheritableThreadLocal<Optional<StatementConsole>> starter =
      new InheritableThreadLocal<>();

  private volatile Optional<StatementConsole> running = Optional.empty();
  private volatile Optional<StatementConsole> latest = Optional.empty();
  private volatile Optional<Thread> statementThread = Optional.empty();

  /** Replaces the process's streams. */
  void install() {
    System.setIn(new StandardInput(this));
    System.setOut(replacement(StreamName.STDOUT, FileDescriptor.out));
    System.setErr(replacement(StreamName.STDERR, FileDescriptor.err));
  }

  /** The calling thread, and those that it starts, print for that statement until the next call. */
  void begin(StatementConsole console) {
    running = Optional.of(console);
    starter.set(running);
    latest = running;
    statementThread = Optional.of(Thread.currentThread());
  }

  /** The calling thread runs no statement any more; threads that it started still print for it. */
  void end() {
    disown();
    running = Optional.empty();
    statementThread = Optional.empty();
  }

  /** The calling thread belongs to that statement, as those do that the statement has started. */
  void adopt(StatementConsole console) {
    starter.set(Optional.of(console));
  }

  /**
   * The calling thread, and those that it starts, work for no statement, even if they say something
   * to the front ends. What they print goes into the driver's log.
   */
  void standApart() {
    starter.set(Optional.empty());
  }

  /** The calling thread belongs to no statement any more. */
  void disown() {
    System.out.flush();
    System.err.flush();
    starter.remove();
  }

  /** Returns the statement that the calling thread belongs to. */
  Optional<StatementConsole> owner() {
    TaskContext task = TaskContext.get();
    if (task != null) {
      return isApart(task) ? Optional.empty() : running;
    }
    Optional<StatementConsole> own = starter.get();
    return own == null ? Optional.empty() : own;
  }

  /** Whether a task belongs to what runs beside the statements. */
  private static boolean isApart(TaskContext task) {
    String group = task.getLocalProperty(SparkProgress.JOB_GROUP);
    return group != null && group.startsWith(SparkProgress.JOB_GROUP_PREFIX);
  }

  /**
   * Returns the statement that speaks when the calling thread says something to the front ends:
   * threads that no statement has started, such as those of Spark, speak for the latest one.
   */
  Optional<StatementConsole> speaker() {
    TaskContext task = TaskContext.get();
    if (task != null) {
      return isApart(task) ? Optional.empty() : running.or(() -> latest);
    }
    Optional<StatementConsole> own = starter.get();
    return own == null ? latest : own;
  }

  /** Returns whether the calling thread is the one that runs a statement. */
  boolean isStatementThread() {
    return statementThread.equals(Optional.of(Thread.currentThread()));
  }

  private PrintStream replacement(StreamName stream, FileDescriptor original) {
    OutputStream log = new FileOutputStream(original);
    return new PrintStream(new Router(stream, log), true, StandardCharsets.UTF_8);
  }

  private final class Router extends OutputStream {

    private final StreamName stream;
    private final OutputStream log;

    Router(StreamName stream, OutputStream log) {
      this.stream = stream;
      this.log = log;
    }

    @Override
    public void write(int b) throws java.io.IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws java.io.IOException {
      Optional<StatementConsole> owner = owner();
      if (owner.isPresent()) {
        owner.get().sink().print(stream, bytes, offset, length);
      } else {
        log.write(bytes, offset, length);
      }
    }
  }
}
