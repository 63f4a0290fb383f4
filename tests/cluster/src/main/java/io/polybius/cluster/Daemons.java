package io.polybius.cluster;

import io.polybius.launch.ProcessTree;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The processes of one cluster, with a folder for all their files. Nothing is left of either when
 * this is closed, or when the process that made it is gone. Safe for use by many threads.
 */
final class Daemons implements AutoCloseable {

  private static final Duration START_PATIENCE = Duration.ofMinutes(2);
  private static final long GUARD_PATIENCE_SECONDS = 30;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int SHOWN_LINES = 40;

  /** What is typed in a terminal to end the cluster must not end these before their users. */
  private static final List<String> DEAF_TO_THE_TERMINAL =
      List.of("sh", "-c", "trap '' INT HUP; exec \"$0\" \"$@\"");

  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));
  private static final Path JAVA = JAVA_HOME.resolve("bin").resolve("java");

  /** They mostly wait: they start faster so, and stay small. */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "-Xmx384m",
          "-Xss512k",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xshare:auto",
          "-Djava.net.preferIPv4Stack=true",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.net=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=java.base/sun.security.action=ALL-UNNAMED");

  private final Path folder;
  private final Process guard;

  // Guarded by this:
  private final Map<String, Process> running = new TreeMap<>();

  /** Whether something is so. */
  interface Condition {
    boolean holds() throws IOException;
  }

  private Daemons(Path folder, Process guard) {
    this.folder = folder;
    this.guard = guard;
  }

  /** Makes the folder of a cluster that has no processes yet. */
  static Daemons create(String name) throws IOException {
    Path folder = Files.createTempDirectory("polybius-" + name + "-").toRealPath();
    try {
      return new Daemons(folder, startGuard(folder));
    } catch (IOException e) {
      ClusterGuard.end(folder);
      throw e;
    }
  }

  private static Process startGuard(Path folder) throws IOException {
    List<String> command = new ArrayList<>(DEAF_TO_THE_TERMINAL);
    command.addAll(
        List.of(
            JAVA.toString(),
            // It does next to nothing for a long time.
            "-Xmx16m",
            "-Xss256k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-cp",
            ownClasses() + File.pathSeparator + classesOf(ProcessTree.class),
            ClusterGuard.class.getName(),
            folder.toString()));
    return new ProcessBuilder(command)
        .redirectOutput(Redirect.DISCARD)
        .redirectError(Redirect.DISCARD)
        .start();
  }

  /** Returns the folder or jar with the classes of this package. */
  static Path ownClasses() throws IOException {
    return classesOf(Daemons.class);
  }

  private static Path classesOf(Class<?> type) throws IOException {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  Path folder() {
    return folder;
  }

  /** Returns what processes have in their environment by which they are known to be its own. */
  Map<String, String> mark() {
    Map<String, String> environment = new TreeMap<>();
    ProcessTree.mark(environment, folder);
    return environment;
  }

  /**
   * Starts a JVM, whose output goes into a file of its name.
   *
   * @param classPath in the form of the {@code java} command
   * @param environment variables beside those of this process
   * @param arguments JVM options, the class to run, and its arguments
   */
  synchronized void start(
      String name, String classPath, Map<String, String> environment, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(DEAF_TO_THE_TERMINAL);
    command.add(JAVA.toString());
    command.addAll(JVM_OPTIONS);
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
    command.addAll(List.of("-cp", classPath));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log(name).toFile()));
    builder.environment().put("JAVA_HOME", JAVA_HOME.toString());
    builder.environment().putAll(environment);
    builder.environment().putAll(mark());
    Process process = builder.start();
    running.put(name, process);
    process.getOutputStream().close();
  }

  /** Ends a process that was started, at once. */
  synchronized void kill(String name) throws IOException {
    Process process = running.remove(name);
    process.destroyForcibly();
    try {
      if (!process.waitFor(GUARD_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("the " + name + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the " + name + " was ended", e);
    }
  }

  /**
   * Waits until a process serves.
   *
   * @throws IOException if it does not in time, or ends; with the end of what it has printed
   */
  void await(String name, Condition serves) throws IOException {
    long deadline = System.nanoTime() + START_PATIENCE.toNanos();
    while (!holds(serves)) {
      Process process = process(name);
      if (!process.isAlive()) {
        throw new IOException(
            "the " + name + " has ended with exit code " + process.exitValue() + lastLines(name));
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("the " + name + " does not serve" + lastLines(name));
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted while the " + name + " started");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static boolean holds(Condition condition) {
    try {
      return condition.holds();
    } catch (IOException e) {
      // Nobody answers yet.
      return false;
    }
  }

  private synchronized Process process(String name) {
    return running.get(name);
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  private String lastLines(String name) throws IOException {
    List<String> lines = Files.readString(log(name), StandardCharsets.ISO_8859_1).lines().toList();
    return lines.stream()
        .skip(Math.max(0, lines.size() - SHOWN_LINES))
        .collect(Collectors.joining("\n", ":\n", ""));
  }

  /** Ends all processes, those of the cluster's applications too, and removes the folder. */
  @Override
  public void close() throws IOException {
    try {
      ClusterGuard.end(folder);
    } finally {
      guard.destroyForcibly();
    }
  }
}
