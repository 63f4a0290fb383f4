package io.polybius.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs commands to their end. */
final class Commands {

  /** The root of the source tree. */
  static final Path HOME = Path.of(System.getProperty("polybius.home")).toAbsolutePath();

  /** The launcher script. */
  static final String POLYBIUS = HOME.resolve("bin/polybius").toString();

  private Commands() {}

  /**
   * How a command ended.
   *
   * @param exitCode its exit code
   * @param output what it printed, both streams together
   */
  record Result(int exitCode, String output) {}

  /**
   * Runs a command; fails if it takes longer than {@code timeout}, and leaves no process behind.
   */
  static Result run(
      Duration timeout, Path directory, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path printed = Files.createTempFile("polybius-command", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(printed.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        killTree(process.toHandle());
      }
      String output = Files.readString(printed, StandardCharsets.UTF_8);
      if (!ended) {
        throw new AssertionError(command + " did not end within " + timeout + ":\n" + output);
      }
      return new Result(process.exitValue(), output);
    } finally {
      Files.deleteIfExists(printed);
    }
  }

  /** Ends a process and all that it has started. */
  static void killTree(ProcessHandle process) {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  /** Returns the file that a process runs and its arguments, as far as the system tells. */
  static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "cmdline"))
          .replace('\0', ' ');
    } catch (IOException e) {
      return process.info().commandLine().orElse("");
    } catch (UncheckedIOException e) {
      return "";
    }
  }
}
