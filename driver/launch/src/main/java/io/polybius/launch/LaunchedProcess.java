package io.polybius.launch;

import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ProcessLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
  private static final long PIPE_PATIENCE_SECONDS = 2;

  private final Process process;
  private final ProcessTree tree;
  private final CompletableFuture<Integer> exited;

  private LaunchedProcess(Process process, ProcessTree tree, ProcessLog log, Runnable cleanUp) {
    this.process = process;
    this.tree = tree;
    CompletableFuture<Void> pipes =
        CompletableFuture.allOf(
            copy(process.getInputStream(), StreamName.STDOUT, log),
            copy(process.getErrorStream(), StreamName.STDERR, log));
    this.exited =
        process
            .onExit()
            .thenComposeAsync(gone -> tree.killUntilGone())
            .thenCompose(
                gone -> pipes.completeOnTimeout(null, PIPE_PATIENCE_SECONDS, TimeUnit.SECONDS))
            .handle(
                (nothing, failure) -> {
                  cleanUp.run();
                  return process.exitValue();
                });
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
    process.getOutputStream().close();
    return new LaunchedProcess(
        process, new ProcessTree(process.toHandle(), directory.path()), log, cleanUp);
  }

  long pid() {
    return process.pid();
  }

  /**
   * Completes with the exit code when the process and its children are gone and what they printed
   * has been logged. Never completes with an exception.
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

  private static CompletableFuture<Void> copy(InputStream pipe, StreamName stream, ProcessLog log) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try (Reader reader =
                  new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8))) {
                copyLines(reader, line -> log.append(stream, line));
              } catch (IOException e) {
                logger.debug("a process's output ended: {}", e.toString());
              } finally {
                done.complete(null);
              }
            },
            "process-output");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  /** Cuts long lines before they are read whole: a program may print without any line end. */
  private static void copyLines(Reader reader, Consumer<String> lines) throws IOException {
    StringBuilder line = new StringBuilder();
    boolean cut = false;
    int last = '\n';
    for (int next = reader.read(); next != -1; next = reader.read()) {
      if (next == '\n' || next == '\r') {
        if (next == '\r' || last != '\r') {
          lines.accept(cut ? line + "..." : line.toString());
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
      lines.accept(cut ? line + "..." : line.toString());
    }
  }
}
