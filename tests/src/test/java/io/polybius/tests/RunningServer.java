package io.polybius.tests;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A server that runs as users run it: {@code bin/polybius serve} in a process of its own. */
final class RunningServer implements AutoCloseable {

  private static final Pattern READY = Pattern.compile("Polybius is ready at (\\S+)");
  private static final String PRESPAWNED = "polybius.server.prespawned-drivers=";
  private static final Duration START_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(40);

  private final Process process;
  private final Path stateDirectory;
  private final Map<String, String> environment;
  private final List<String> options;
  private final List<String> printed = Collections.synchronizedList(new ArrayList<>());
  private final URI uri;

  private RunningServer(
      Path stateDirectory, int port, Map<String, String> environment, List<String> options)
      throws IOException {
    this.stateDirectory = stateDirectory;
    this.environment = environment;
    this.options = options;
    List<String> command =
        new ArrayList<>(
            List.of(
                Commands.POLYBIUS,
                "serve",
                "--port",
                String.valueOf(port),
                "--set",
                "polybius.server.state-dir=" + stateDirectory));
    if (options.stream().noneMatch(option -> option.startsWith(PRESPAWNED))) {
      // Tests count drivers, and most have no use for one that waits.
      command.addAll(List.of("--set", PRESPAWNED + "0"));
    }
    options.forEach(option -> command.addAll(List.of("--set", option)));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Commands.HOME.resolve("tests/target").toFile())
            .redirectErrorStream(true);
    // The tests say which Spark they mean.
    builder.environment().remove("SPARK_HOME");
    builder.environment().putAll(environment);
    process = builder.start();
    Thread reader = new Thread(this::read, "server-output");
    reader.setDaemon(true);
    reader.start();
    await()
        .atMost(START_TIMEOUT)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> readyUri() != null || !process.isAlive());
    if (readyUri() == null) {
      throw new AssertionError("the server did not start:\n" + output());
    }
    uri = URI.create(readyUri());
  }

  /** Starts a server with a state directory of its own. */
  static RunningServer start(String... options) throws IOException {
    return start(Map.of(), options);
  }

  /** Starts a server with a state directory of its own and more environment variables. */
  static RunningServer start(Map<String, String> environment, String... options)
      throws IOException {
    return new RunningServer(
        Files.createTempDirectory("polybius-it"), 0, environment, List.of(options));
  }

  /** Starts another one in the place of this one, which has ended. */
  RunningServer startAgain() throws IOException {
    return new RunningServer(stateDirectory, uri.getPort(), environment, options);
  }

  /** Returns where it serves HTTP. */
  URI uri() {
    return uri;
  }

  /** Returns a client of its REST door. */
  RestClient rest() {
    return new RestClient(uri);
  }

  /** Returns its process. */
  ProcessHandle process() {
    return process.toHandle();
  }

  /** Returns the processes of its drivers. */
  List<ProcessHandle> drivers() {
    return process
        .descendants()
        .filter(child -> Commands.commandLine(child).contains("io.polybius.driver.DriverMain"))
        .toList();
  }

  /** Returns the processes that work in its folder, whoever has started them. */
  List<ProcessHandle> processes() {
    return ProcessHandle.allProcesses()
        .filter(each -> each.pid() != process.pid())
        .filter(each -> Commands.commandLine(each).contains(stateDirectory.toString()))
        .toList();
  }

  /**
   * Returns the files that it keeps while it runs, but for the lock of its folder for uploads; it
   * may remove some meanwhile.
   */
  List<Path> stateFiles() throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        stateDirectory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !file.toString().endsWith(".lock")) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException gone) {
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  /** Returns everything that it has printed. */
  String output() {
    synchronized (printed) {
      return String.join("\n", printed);
    }
  }

  /**
   * Returns the environment in which {@code bin/polybius} and Jupyter have folders of their own.
   */
  static Map<String, String> clientEnvironment(Path jupyterData) {
    return Map.of(
        "JUPYTER_DATA_DIR", jupyterData.toString(),
        "JUPYTER_RUNTIME_DIR", jupyterData.resolve("runtime").toString(),
        "JUPYTER_CONFIG_DIR", jupyterData.resolve("config").toString(),
        "JUPYTER_PATH", jupyterData.toString());
  }

  /** Asks the server to stop, as an operator does, and returns its exit code. */
  int stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the server did not stop:\n" + output());
    }
    return process.exitValue();
  }

  /** Ends the server at once, so that it cannot clean up. */
  void kill() {
    process.destroyForcibly();
  }

  /** Waits for the server's end. */
  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the server did not end:\n" + output());
    }
  }

  @Override
  public void close() throws InterruptedException, IOException {
    if (process.isAlive()) {
      process.destroy();
      if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        Commands.killTree(process.toHandle());
      }
    }
    if (Files.notExists(stateDirectory)) {
      // The one in whose place this one was started has removed it.
      return;
    }
    try (Stream<Path> files = Files.walk(stateDirectory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private String readyUri() {
    Matcher matcher = READY.matcher(output());
    return matcher.find() ? matcher.group(1) : null;
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        printed.add(line);
      }
    } catch (IOException e) {
      printed.add(e.toString());
    }
  }
}
