package io.polybius.tests;

import io.polybius.server.Installation;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;

/** A program for Spark that a test brings along. */
final class SparkJob {

  /** The jars of the embedded Spark, in the form of the {@code java} command. */
  static final String SPARK =
      Installation.at(Commands.HOME).embeddedSpark().resolve("*").toString();

  private SparkJob() {}

  /** Compiles a class without inner classes and returns its jar. */
  static Path jar(Path folder, String className, String source) throws IOException {
    Path file = Files.writeString(folder.resolve(className + ".java"), source);
    compile(file, folder, "");
    Path jar = folder.resolve(className + ".jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry(className + ".class"));
      Files.copy(folder.resolve(className + ".class"), out);
    }
    return jar;
  }

  /**
   * Compiles a program for Spark.
   *
   * @param to where its classes are to be
   * @param more jars that it needs, as on a class path; may be empty
   */
  static void compile(Path source, Path to, String more) throws IOException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    String classPath = jarsIn(Path.of(SPARK).getParent()) + File.pathSeparator + more;
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                printed,
                printed,
                "-nowarn",
                "-d",
                Files.createDirectories(to).toString(),
                "-cp",
                classPath,
                source.toString());
    if (status != 0) {
      throw new AssertionError(printed.toString(StandardCharsets.UTF_8));
    }
  }

  /** Returns the jars of a folder as a class path, as the compiler takes it. */
  static String jarsIn(Path folder) throws IOException {
    try (Stream<Path> jars = Files.list(folder)) {
      return jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
  }
}
