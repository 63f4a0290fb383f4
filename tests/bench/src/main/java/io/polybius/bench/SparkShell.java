package io.polybius.bench;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** Starts {@link BareShell} by the {@code spark-submit} of the distribution's Spark. */
final class SparkShell {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Of the options with which Spark's scripts start a JVM, those that this shell needs. */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "-XX:+IgnoreUnrecognizedVMOptions",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
          "--add-opens=java.base/java.net=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=java.base/sun.security.action=ALL-UNNAMED");

  private final Path libraries;
  private final Path folder;

  /**
   * @param libraries the distribution's folder of jars
   * @param folder for its files, which has to be there
   */
  SparkShell(Path libraries, Path folder) {
    this.libraries = libraries;
    this.folder = folder;
  }

  /**
   * Starts one, waits for its end, and returns how many nanoseconds it took until its first
   * statement had run.
   *
   * @param settings Spark's
   */
  long start(Map<String, String> settings, String statement)
      throws IOException, InterruptedException {
    Properties properties = new Properties();
    properties.putAll(settings);
    Path file = Files.createTempFile(folder, "spark-shell-", ".properties");
    try (var writer = Files.newBufferedWriter(file, StandardOpenOption.WRITE)) {
      properties.store(writer, null);
    }
    try (ServerSocket dialled = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dialled.setSoTimeout((int) PATIENCE.toMillis());
      long begin = System.nanoTime();
      try (ChildProcess submit =
          new ChildProcess(command(file, statement, dialled.getLocalPort()))) {
        dialled.accept().close();
        long nanos = System.nanoTime() - begin;
        submit.awaitEnd(PATIENCE.toSeconds());
        return nanos;
      } catch (SocketTimeoutException e) {
        throw new IOException("Spark's shell did not start", e);
      }
    }
  }

  private List<String> command(Path properties, String statement, int port) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx1g");
    command.addAll(JVM_OPTIONS);
    List<String> classPath = new ArrayList<>(jars("spark"));
    classPath.add(System.getenv().getOrDefault("HADOOP_CONF_DIR", System.getenv("YARN_CONF_DIR")));
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath)));
    command.add("org.apache.spark.deploy.SparkSubmit");
    command.addAll(List.of("--properties-file", properties.toString()));
    command.addAll(List.of("--class", BareShell.class.getName()));
    command.add(jars("bench").get(0));
    command.addAll(List.of(statement, String.valueOf(port)));
    return command;
  }

  private List<String> jars(String name) throws IOException {
    try (Stream<Path> jars = Files.list(libraries.resolve(name))) {
      return jars.map(Path::toString).filter(jar -> jar.endsWith(".jar")).sorted().toList();
    }
  }
}
