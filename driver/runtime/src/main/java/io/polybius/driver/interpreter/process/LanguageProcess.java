package io.polybius.driver.interpreter.process;

import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.protocol.Programs;
import io.polybius.driver.protocol.StreamName;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of the system that runs a language: passes on what it prints to the statement that it
 * works for, and ends with all that it has started. It leads a process group where this system can
 * start it so, as a program does that is started in a terminal.
 */
public final class LanguageProcess implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LanguageProcess.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration END_TIMEOUT = Duration.ofSeconds(2);

  private static final int MOST_LAST_WORDS = 4_000;

  /** A shell has this command; as a program of its own, it is not on every machine. */
  private static final String KILL = "signal=$1; shift; kill -s \"$signal\" -- \"$@\"";

  /** The environment variable that tells the process how to begin a mark in its streams. */
  private static final String MARK = "POLYBIUS_MARK";

  private final String language;
  private final Process process;
  private final boolean leadsGroup;
  private final MarkedStream out;
  private final MarkedStream err;
  private final StringBuilder lastWords = new StringBuilder();
  private volatile Execution latest = Execution.UNSEEN;
  private volatile boolean isReady;

  /**
   * Starts it.
   *
   * @param language as users call it
   * @param builder what to start; its command is changed
   * @throws IOException if there is no such program
   */
  public LanguageProcess(String language, ProcessBuilder builder) throws IOException {
    this.language = language;
    String path = builder.environment().getOrDefault("PATH", "");
    requireProgram(builder, path);
    Optional<Path> setsid = Programs.setsid(path);
    this.leadsGroup = setsid.isPresent();
    if (leadsGroup) {
      List<String> command = new ArrayList<>(List.of(setsid.get().toString()));
      command.addAll(builder.command());
      builder.command(command);
    }
    String mark = "\u0001" + new BigInteger(128, RANDOM).toString(16) + ":";
    builder.environment().put(MARK, mark);
    this.process = builder.start();
    this.out = stream("out", process.getInputStream(), mark, StreamName.STDOUT);
    this.err = stream("err", process.getErrorStream(), mark, StreamName.STDERR);
  }

  /** Says so at once; the other program that starts it could not. */
  private static void requireProgram(ProcessBuilder builder, String path) throws IOException {
    String program = builder.command().get(0);
    Path directory = builder.directory() == null ? Path.of("") : builder.directory().toPath();
    boolean isThere =
        program.contains(File.separator)
            ? Files.isExecutable(directory.resolve(program))
            : Programs.find(path, program).isPresent();
    if (!isThere) {
      throw new IOException("There is no program " + program + " that can be run.");
    }
  }

  private MarkedStream stream(String name, InputStream in, String mark, StreamName stream) {
    return new MarkedStream(
        language.toLowerCase(Locale.ROOT) + "-" + name,
        in,
        mark,
        (bytes, offset, length) -> print(stream, bytes, offset, length));
  }

  private void print(StreamName stream, byte[] bytes, int offset, int length) {
    if (isReady) {
      latest.print(stream, bytes, offset, length);
    } else {
      synchronized (lastWords) {
        lastWords.append(new String(bytes, offset, length, StandardCharsets.UTF_8));
        lastWords.delete(0, Math.max(0, lastWords.length() - MOST_LAST_WORDS));
      }
    }
  }

  /** From now on what it prints belongs to statements; before, it says why it does not start. */
  public void ready() {
    isReady = true;
  }

  /** From now on what it prints belongs to that statement. */
  public void worksFor(Execution execution) {
    latest = execution;
  }

  /** Returns the last of what it has printed before it was ready. */
  public String lastWords() {
    synchronized (lastWords) {
      return lastWords.toString().strip();
    }
  }

  /** Returns where it reads from. */
  public OutputStream input() {
    return process.getOutputStream();
  }

  /** Waits for a mark in its standard output; returns whether it has come. */
  public boolean awaitOutput(int mark, Duration patience) throws InterruptedException {
    return out.await(mark, patience);
  }

  /** Waits for a mark in its standard error; returns whether it has come. */
  public boolean awaitErrors(int mark, Duration patience) throws InterruptedException {
    return err.await(mark, patience);
  }

  /** Waits until it has ended; returns whether it has. */
  public boolean awaitEnd(Duration patience) throws InterruptedException {
    return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Returns whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Returns how it ended, once it has. */
  public ProcessEnded howItEnded() {
    return ProcessEnded.of(process);
  }

  /**
   * Waits for what the process answers, as long as it takes: an interrupt of the thread does not
   * end this, because the process is told by a signal and answers then.
   *
   * @throws ProcessEnded if there will be no answer
   */
  public static <T> T await(CompletableFuture<T> answer) throws ProcessEnded {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return answer.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw e.getCause() instanceof ProcessEnded ended
              ? ended
              : new ProcessEnded(String.valueOf(e.getCause().getMessage()));
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Has somebody told when it has ended. */
  public void whenEnded(Consumer<ProcessEnded> told) {
    CompletableFuture<Void> unused =
        process.onExit().thenAccept(ended -> told.accept(howItEnded()));
  }

  /** Interrupts it, and as a terminal does, the processes that it has started. */
  public void interrupt() {
    signal("INT");
  }

  private void signal(String signal) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", KILL, "sh", signal));
    if (leadsGroup) {
      command.add("-" + process.pid());
    } else {
      command.add(String.valueOf(process.pid()));
      process.descendants().forEach(child -> command.add(String.valueOf(child.pid())));
    }
    try {
      Process kill =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      kill.waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      log.warn("{} cannot be sent the signal {}", language, signal, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends it in the midst of what it does, with the processes that it has started. */
  public void kill() {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly();
    endAll(started);
  }

  /** Also those whose parents are gone already, as far as they are of the group. */
  private void endAll(List<ProcessHandle> started) {
    started.forEach(ProcessHandle::destroyForcibly);
    if (leadsGroup) {
      signal("KILL");
    }
  }

  /** Ends it, with the processes that it has started, by the end of its input. */
  @Override
  public void close() {
    close(
        () -> {
          try {
            process.getOutputStream().close();
          } catch (IOException e) {
            log.debug("{} does not read any more", language, e);
          }
        });
  }

  /**
   * Ends it, with the processes that it has started.
   *
   * @param request asks it to end, for which it has a moment
   */
  public void close(Runnable request) {
    List<ProcessHandle> started = process.descendants().toList();
    request.run();
    try {
      if (!process.waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    endAll(started);
  }
}
