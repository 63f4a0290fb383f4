package io.polybius.driver;

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
 * runs. What belongs to no statement goes where it went before, into the driver's log.
 *
 * <p>Must be installed before Scala's {@code Console} is first used, which keeps the stream that it
 * finds.
 */
final class OutputCapture {

  private final InheritableThreadLocal<StatementSink> starter = new InheritableThreadLocal<>();
  private volatile StatementSink running;

  /** Replaces the process's streams. */
  void install() {
    System.setOut(replacement(StreamName.STDOUT, FileDescriptor.out));
    System.setErr(replacement(StreamName.STDERR, FileDescriptor.err));
  }

  /** The calling thread, and those that it starts, print for that statement until the next call. */
  void begin(StatementSink sink) {
    starter.set(sink);
    running = sink;
  }

  /** The calling thread runs no statement any more; threads that it started still print for it. */
  void end() {
    System.out.flush();
    System.err.flush();
    starter.remove();
    running = null;
  }

  private Optional<StatementSink> owner() {
    StatementSink sink = TaskContext.get() == null ? starter.get() : running;
    return Optional.ofNullable(sink);
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
      Optional<StatementSink> owner = owner();
      if (owner.isPresent()) {
        owner.get().print(stream, bytes, offset, length);
      } else {
        log.write(bytes, offset, length);
      }
    }
  }
}
