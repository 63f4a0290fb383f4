package io.polybius.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A program that is measured; ends with this object. */
final class ChildProcess implements AutoCloseable {

  private static final long STOP_SECONDS = 30;

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  ChildProcess(List<String> command) throws IOException {
    this(command, Map.of());
  }

  ChildProcess(List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    builder.environment().putAll(environment);
    process = builder.start();
    Thread reader = new Thread(this::read, "child-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Returns the next line that it prints.
   *
   * @throws TimeoutException if none comes in time, or the process ends
   */
  String nextLine(long timeoutSeconds) throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
    while (System.nanoTime() < deadline) {
      String line = lines.poll(100, TimeUnit.MILLISECONDS);
      if (line != null) {
        return line;
      }
      if (!process.isAlive() && lines.isEmpty()) {
        throw new TimeoutException("the process ended with exit code " + process.exitValue());
      }
    }
    throw new TimeoutException("nothing was printed for " + timeoutSeconds + " s");
  }

  /** Waits until it has ended by itself. */
  void awaitEnd(long timeoutSeconds) throws InterruptedException, IOException {
    if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
      throw new IOException("the process did not end within " + timeoutSeconds + " s");
    }
  }

  /** Returns how much memory it has, where the system tells. */
  OptionalLong residentBytes() {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc", String.valueOf(process.pid()), "status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public void close() throws InterruptedException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      lines.add("");
    }
  }
}
