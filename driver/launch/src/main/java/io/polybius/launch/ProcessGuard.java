package io.polybius.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process beside the server that ends what the server has launched when the server is gone, even
 * if that was killed. It is there from the first launch on, and reads what to watch from a pipe
 * that ends with the server.
 */
final class ProcessGuard implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ProcessGuard.class);
  private static final long CLOSE_PATIENCE_SECONDS = 10;

  private final Map<Long, Path> watched = new HashMap<>();
  private Optional<Process> guard = Optional.empty();

  /** Watches a process, with its directory, until its end. */
  void watch(LaunchedProcess launched, WorkDirectory directory) {
    begin(launched.pid(), directory.path());
    launched.exited().thenRun(() -> forget(launched.pid()));
  }

  private synchronized void begin(long pid, Path directory) {
    watched.put(pid, directory);
    try {
      if (guard.filter(Process::isAlive).isPresent()) {
        tell(ProcessGuardMain.watchLine(pid, directory));
      } else {
        guard = Optional.of(start());
        for (Map.Entry<Long, Path> each : watched.entrySet()) {
          tell(ProcessGuardMain.watchLine(each.getKey(), each.getValue()));
        }
      }
    } catch (IOException e) {
      logger.warn("If this server is killed, batches that it has launched go on: {}", e.toString());
    }
  }

  private synchronized void forget(long pid) {
    watched.remove(pid);
    try {
      tell(ProcessGuardMain.forgetLine(pid));
    } catch (IOException e) {
      // It has been closed or killed, and so has forgotten all.
      logger.debug("the process guard is gone: {}", e.toString());
    }
  }

  /** Ends the guard, and with it what it still watches. */
  @Override
  public void close() {
    current().ifPresent(ProcessGuard::end);
  }

  private synchronized Optional<Process> current() {
    return guard;
  }

  private static void end(Process guard) {
    try {
      guard.getOutputStream().close();
      if (!guard.waitFor(CLOSE_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        logger.warn("the process guard does not end");
      }
    } catch (IOException e) {
      logger.debug("the process guard is gone: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      guard.destroyForcibly();
    }
  }

  /** Tells the guard something, unless it could not be started. */
  private void tell(String line) throws IOException {
    if (guard.isPresent()) {
      OutputStream pipe = guard.get().getOutputStream();
      pipe.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      pipe.flush();
    }
  }

  private static Process start() throws IOException {
    Path program;
    try {
      program =
          Path.of(
              ProcessGuardMain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
    return new ProcessBuilder(
            List.of(
                SparkJvm.java().toString(),
                // It does next to nothing for a long time.
                "-Xmx16m",
                "-Xss256k",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                program.toString(),
                ProcessGuardMain.class.getName()))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
