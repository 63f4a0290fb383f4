package io.polybius.launch;

import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ProcessLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of this machine with a directory of its own: what it prints goes into a log, and
 * nothing is left of it when it has ended.
 */
final class LaunchedProcess {

  private static final Logger logger = LoggerFactory.getLogger(LaunchedProcess.class);
  private static final int MAX_LINE_CHARS = 16 << 10;

  /** A process that could not be ended may hold the pipes open; nobody waits longer for it. */
  private static final Duration PIPE_PATIENCE = Duration.ofSeconds(2);

  private final Process process;
  private final ProcessTree tree;
  private final Output output;
  private final Output errors;
  private final Runnable cleanUp;
  private final CompletableFuture<Integer> exited = new CompletableFuture<>();

  private LaunchedProcess(Process process, ProcessTree tree, ProcessLog log, Runnable cleanUp) {
    this.process = process;
    this.tree = tree;
    this.output = new Output(process.getInputStream(), StreamName.STDOUT, log);
    this.errors = new Output(process.getErrorStream(), StreamName.STDERR, log);
    this.cleanUp = cleanUp;
  }

  /**
   * Starts a process, which finds its standard input at its end.
   *
   * @param builder what to start
   * @param directory its own directory
   * @param log takes what it prints
   * @param cleanUp runs once, when the process and its children are gone
   */
  static LaunchedProcess start(
      ProcessBuilder builder, WorkDirectory directory, ProcessLog log, Runnable cleanUp)
      throws IOException {
    ProcessTree.mark(builder.environment(), directory.path());
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      LaunchedProcess launched =
          new LaunchedProcess(
              process, new ProcessTree(process.toHandle(), directory.path()), log, cleanUp);
      startThread("process-output", launched.output::copy);
      startThread("process-output", launched.errors::copy);
      startThread("process-end", launched::awaitEnd);
      return launched;
    } catch (IOException | RuntimeException | Error e) {
      // There may be no more threads to be had.
      process.destroyForcibly();
      throw e;
    }
  }

  private static void startThread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void awaitEnd() {
    try {
      process.waitFor();
      tree.killUntilGone();
      long patienceEnd = System.nanoTime() + PIPE_PATIENCE.toNanos();
      output.awaitEnd(patienceEnd);
      errors.awaitEnd(patienceEnd);
    } catch (InterruptedException | RuntimeException e) {
      logger.warn("process {} could not be followed to its end", process.pid(), e);
    }
    try {
      cleanUp.run();
    } catch (RuntimeException e) {
      logger.warn("what process {} has left could not be removed", process.pid(), e);
    } finally {
      exited.complete(process.exitValue());
    }
  }

  long pid() {
    return process.pid();
  }

  /**
   * Completes with the exit code when the process and its children are gone and what they printed
   * has been logged: nothing is added to the log after that. Never completes with an exception.
   */
  CompletableFuture<Integer> exited() {
    return exited;
  }

  /** Ends the process and all its children at once, without asking. May be called again. */
  void kill() {
    tree.kill();
  }

  /** Returns an exit code in words. */
  static String describe(int exitCode) {
    return exitCode > 128
        ? "exit code " + exitCode + " (signal " + (exitCode - 128) + ")"
        : "exit code " + exitCode;
  }

  /** Copies one of the process's streams into the log, on a thread of its own. */
  private static final class Output {

    private final InputStream pipe;
    private final StreamName stream;
    private final CountDownLatch ended = new CountDownLatch(1);

    // Guarded by this:
    private Optional<ProcessLog> log;

    Output(InputStream pipe, StreamName stream, ProcessLog log) {
      this.pipe = pipe;
      this.stream = stream;
      this.log = Optional.of(log);
    }

    void copy() {
      try (Reader reader =
          new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8))) {
        copyLines(reader);
      } catch (IOException e) {
        logger.debug("a process's output ended: {}", e.toString());
      } finally {
        ended.countDown();
      }
    }

    /** Waits for the stream's end until a time; what comes later is not logged any more. */
    void awaitEnd(long nanoTime) throws InterruptedException {
      if (ended.await(nanoTime - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return;
      }
      detach();
      try {
        // Takes effect with the next byte: nothing ends a read that the system has begun.
        pipe.close();
      } catch (IOException e) {
        logger.debug("a process's output could not be closed: {}", e.toString());
      }
    }

    private synchronized void detach() {
      log = Optional.empty();
    }

    private synchronized void log(String line) {
      log.ifPresent(lines -> lines.append(stream, line));
    }

    /** Cuts long lines before they are read whole: a program may print without any line end. */
    private void copyLines(Reader reader) throws IOException {
      StringBuilder line = new StringBuilder();
      boolean cut = false;
      int last = '\n';
      for (int next = reader.read(); next != -1; next = reader.read()) {
        if (next == '\n' || next == '\r') {
          if (next == '\r' || last != '\r') {
            log(cut ? line + "..." : line.toString());
          }
          line.setLength(0);
          cut = false;
        } else if (line.length() < MAX_LINE_CHARS) {
          line.append((char) next);
        } else {
          cut = true;
        }
        last = next;
      }
      if (line.length() > 0) {
        log(cut ? line + "..." : line.toString());
      }
    }
  }
}
