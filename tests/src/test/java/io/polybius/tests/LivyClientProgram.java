package io.polybius.tests;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/**
 * Programs that use Livy's own Java client in a JVM of its own, {@code LivyJobs} and others.
 * Registries have that client in version 0.7.1 only; from 0.8 on it writes other bytes, and these
 * are what its serializer is replaced for.
 */
final class LivyClientProgram {

  private static final long PATIENCE_SECONDS = 400;

  /** Livy's serializer needs these before it writes anything. */
  private static final List<String> OPENED =
      List.of(
          "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED");

  private final Path folder;

  /**
   * @param folder for its classes
   */
  LivyClientProgram(Path folder) {
    this.folder = folder;
  }

  /**
   * Runs its jobs in a session of its own.
   *
   * @return what it prints
   */
  String run(URI server) throws Exception {
    Path jobs = compile("LivyJobs");
    Path jar = jar(jobs);
    Path file = Files.writeString(folder.resolve("words.txt"), "veni vidi vici");
    return run(
        List.of(jobs, compile("Serializer")),
        List.of("LivyJobs", server.toString(), jar.toString(), file.toString()));
  }

  /**
   * Has it write jobs into a folder, in place of sending them.
   *
   * @param isNew whether as from version 0.8 on, or else as 0.7.1 does
   * @return a jar with their classes
   */
  Path writePayloads(Path to, boolean isNew) throws Exception {
    Path jobs = compile("LivyPayloads");
    String printed =
        run(
            isNew ? List.of(jobs, compile("Serializer")) : List.of(jobs),
            List.of("LivyPayloads", to.toString()));
    if (!printed.contains("written")) {
      throw new AssertionError(printed);
    }
    return jar(jobs);
  }

  private String run(List<Path> classes, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPENED);
    command.add("-cp");
    command.add(
        Stream.concat(classes.stream().map(Path::toString), Stream.of(livyJars(), SparkJob.SPARK))
            .collect(Collectors.joining(File.pathSeparator)));
    command.addAll(arguments);
    Path printed = folder.resolve("printed.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(printed.toFile()))
            .start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("Livy's client has not ended:\n" + Files.readString(printed));
      }
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(printed);
  }

  private static String livyJars() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.contains(Path.of("org", "apache", "livy").toString()))
        .reduce((one, other) -> one + File.pathSeparator + other)
        .orElseThrow(() -> new AssertionError("Livy's client is not on the class path"));
  }

  private Path compile(String name) throws IOException {
    Path classes = folder.resolve("classes-" + name);
    Path source = folder.resolve(name + ".java");
    try (InputStream in = LivyClientProgram.class.getResourceAsStream("/livy/" + name + ".java")) {
      Files.write(source, in.readAllBytes());
    }
    SparkJob.compile(source, classes, livyJars());
    return classes;
  }

  private Path jar(Path classes) throws IOException {
    Path jar = folder.resolve("livy-jobs.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.list(classes)) {
      for (Path file : files.toList()) {
        out.putNextEntry(new ZipEntry(file.getFileName().toString()));
        Files.copy(file, out);
      }
    }
    return jar;
  }
}
