package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.RunningDriver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A driver that is a process of this machine: copies what it prints into the session's log. */
final class DriverProcess implements RunningDriver {

  private static final Logger logger = LoggerFactory.getLogger(DriverProcess.class);
  private static final int MAX_LINE_CHARS = 16 << 10;

  /** A grandchild may hold the pipes open after the driver is gone; nobody waits longer for it. */
  private static final long PIPE_PATIENCE_SECONDS = 2;

  private final Process process;
  private final DriverConnection<DriverCommand> connection;
  private final CompletableFuture<String> exited;

  /**
   * @param process the driver, just started
   * @param connection the link to it
   * @param log takes what it prints
   * @param cleanUp runs once, when the process is gone
   */
  DriverProcess(
      Process process,
      DriverConnection<DriverCommand> connection,
      ProcessLog log,
      Runnable cleanUp) {
    this.process = process;
    this.connection = connection;
    CompletableFuture<Void> pipes =
        CompletableFuture.allOf(
            copy(process.getInputStream(), StreamName.STDOUT, log),
            copy(process.getErrorStream(), StreamName.STDERR, log));
    this.exited =
        process
            .onExit()
            .thenCompose(
                gone -> pipes.completeOnTimeout(null, PIPE_PATIENCE_SECONDS, TimeUnit.SECONDS))
            .handle(
                (nothing, failure) -> {
                  cleanUp.run();
                  return describe(process.exitValue());
                });
  }

  @Override
  public DriverConnection<DriverCommand> connection() {
    return connection;
  }

  @Override
  public CompletionStage<String> exited() {
    return exited;
  }

  @Override
  public void kill() {
    // Children are listed first: once their parent is gone they can no longer be found.
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private static String describe(int exitValue) {
    return exitValue > 128
        ? "exit code " + exitValue + " (signal " + (exitValue - 128) + ")"
        : "exit code " + exitValue;
  }

  private static CompletableFuture<Void> copy(InputStream pipe, StreamName stream, ProcessLog log) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try (BufferedReader reader =
                  new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  log.append(
                      stream,
                      line.length() <= MAX_LINE_CHARS
                          ? line
                          : line.substring(0, MAX_LINE_CHARS) + "...");
                }
              } catch (IOException e) {
                logger.debug("a driver's output ended: {}", e.toString());
              } finally {
                done.complete(null);
              }
            },
            "driver-output");
    thread.setDaemon(true);
    thread.start();
    return done;
  }
}
