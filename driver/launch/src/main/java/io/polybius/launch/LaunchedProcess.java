package io.polybius.launch;

import io.polybius.driver.protocol.Programs;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ProcessLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of this machine with a directory of its own: what it prints goes into a log, and
 * nothing is left of it when it has ended. One that prints to files can outlive the server, and be
 * adopted by a later one.
 */
final class LaunchedProcess {

  private static final Logger logger = LoggerFactory.getLogger(LaunchedProcess.class);
  private static final int MAX_LINE_CHARS = 16 << 10;

  /** A process that could not be ended may hold the pipes open; nobody waits longer for it. */
  private static final Duration PIPE_PATIENCE = Duration.ofSeconds(2);

  /** The exit code of a process that another server has started. */
  private static final int UNKNOWN = -1;

  private static final int MOST_SIGNALS = 64;

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final ProcessHandle process;
  private final Exit exit;
  private final ProcessTree tree;
  private final Output output;
  private final Output errors;
  private final Runnable cleanUp;
  private final CompletableFuture<Integer> exited = new CompletableFuture<>();
  private volatile Optional<Thread> ender = Optional.empty();
  private volatile boolean left;

  /** Waits for the end of a process. */
  private interface Exit {
    int await() throws InterruptedException;
  }

  private LaunchedProcess(
      ProcessHandle process,
      Exit exit,
      ProcessTree tree,
      Output output,
      Output errors,
      Runnable cleanUp) {
    this.process = process;
    this.exit = exit;
    this.tree = tree;
    this.output = output;
    this.errors = errors;
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
      return new LaunchedProcess(
              process.toHandle(),
              process::waitFor,
              new ProcessTree(process.toHandle(), directory.path()),
              new Output(process.getInputStream(), StreamName.STDOUT, log),
              new Output(process.getErrorStream(), StreamName.STDERR, log),
              cleanUp)
          .followed();
    } catch (IOException | RuntimeException | Error e) {
      // There may be no more threads to be had.
      process.destroyForcibly();
      throw e;
    }
  }

  /**
   * Starts a process that can outlive this server, and finds its standard input at its end.
   *
   * @param builder what to start
   * @param papers its directory, and the files that it prints to
   * @param log takes what it prints
   * @param cleanUp runs once, when the process and its children are gone
   */
  static LaunchedProcess startLasting(
      ProcessBuilder builder, DriverPapers papers, ProcessLog log, Runnable cleanUp)
      throws IOException {
    // Makes the files, before the process does it for others to read.
    new FollowedFile(papers.output()).close();
    new FollowedFile(papers.errors()).close();
    ProcessTree.mark(builder.environment(), papers.directory().path());
    List<String> command = new ArrayList<>(builder.command());
    // What is typed in the server's terminal, or that it is closed, would end the process
    // otherwise.
    Programs.setsid(Objects.requireNonNullElse(System.getenv("PATH"), ""))
        .ifPresent(program -> command.add(0, program.toString()));
    Process process =
        builder
            .command(command)
            .redirectOutput(Redirect.appendTo(papers.output().toFile()))
            .redirectError(Redirect.appendTo(papers.errors().toFile()))
            .start();
    try {
      process.getOutputStream().close();
      papers.started(process.toHandle());
      return lasting(process.toHandle(), process::waitFor, papers, log, cleanUp);
    } catch (IOException | RuntimeException | Error e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Adopts a process that an earlier server has started so that it outlives that. */
  static LaunchedProcess adopt(
      ProcessHandle process, DriverPapers papers, ProcessLog log, Runnable cleanUp)
      throws IOException {
    return lasting(process, () -> awaitAdopted(process), papers, log, cleanUp);
  }

  private static int awaitAdopted(ProcessHandle process) throws InterruptedException {
    while (ProcessTree.runs(process)) {
      LockSupport.parkNanos(LOOK_NANOS);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    return UNKNOWN;
  }

  private static LaunchedProcess lasting(
      ProcessHandle process, Exit exit, DriverPapers papers, ProcessLog log, Runnable cleanUp)
      throws IOException {
    return new LaunchedProcess(
            process,
            exit,
            new ProcessTree(process, papers.directory().path()),
            new Output(new FollowedFile(papers.output()), StreamName.STDOUT, log),
            new Output(new FollowedFile(papers.errors()), StreamName.STDERR, log),
            cleanUp)
        .followed();
  }

  private LaunchedProcess followed() {
    startThread("process-output", output::copy);
    startThread("process-output", errors::copy);
    startThread("process-end", this::awaitEnd);
    return this;
  }

  private static void startThread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void awaitEnd() {
    int exitCode = UNKNOWN;
    ender = Optional.of(Thread.currentThread());
    try {
      if (left) {
        return;
      }
      exitCode = exit.await();
      tree.killUntilGone();
      output.finish();
      errors.finish();
      long patienceEnd = System.nanoTime() + PIPE_PATIENCE.toNanos();
      output.awaitEnd(patienceEnd);
      errors.awaitEnd(patienceEnd);
    } catch (InterruptedException | RuntimeException e) {
      if (left) {
        return;
      }
      logger.warn("process {} could not be followed to its end", process.pid(), e);
    }
    try {
      cleanUp.run();
    } catch (RuntimeException e) {
      logger.warn("what process {} has left could not be removed", process.pid(), e);
    } finally {
      exited.complete(exitCode);
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

  /** Leaves the process, which prints to files, to a later server. */
  void leave() {
    left = true;
    ender.ifPresent(Thread::interrupt);
    output.leave();
    errors.leave();
  }

  /** Returns an exit code in words. */
  static String describe(int exitCode) {
    if (exitCode == UNKNOWN) {
      return "exit code unknown, because an earlier server has started it";
    }
    return exitCode > 128 && exitCode <= 128 + MOST_SIGNALS
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

    /** The process has ended, and can print nothing any more. */
    void finish() {
      if (pipe instanceof FollowedFile file) {
        file.finish();
      }
    }

    /** Logs nothing any more that the process prints to a file. */
    void leave() {
      if (pipe instanceof FollowedFile file) {
        file.leave();
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
