package io.polybius.driver.interpreter.python;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkFiles;

/**
 * Which Python a driver starts, and what that needs to know.
 *
 * @param program the interpreter, found on the path unless it has a folder
 * @param environment variables for it
 * @param workingDirectory where the session's files are, and its archives unpacked
 */
record PythonSettings(String program, Map<String, String> environment, Path workingDirectory) {

  private static final String DEFAULT = "python3";

  /**
   * Finds out which Python a driver starts, as Spark's own programs do.
   *
   * @param spark has the user's settings
   * @param variables the environment of this process
   * @throws IOException if Spark's folder cannot be read
   */
  static PythonSettings of(SparkContext spark, Map<String, String> variables) throws IOException {
    Path files = Path.of(SparkFiles.getRootDirectory());
    Optional<String> workers =
        setting(spark, "spark.pyspark.python")
            .or(() -> variable(variables, "PYSPARK_PYTHON"))
            .map(name -> inArchive(name, files));
    String program =
        setting(spark, "spark.pyspark.driver.python")
            .or(() -> setting(spark, "spark.pyspark.python"))
            .or(() -> variable(variables, "PYSPARK_DRIVER_PYTHON"))
            .map(name -> inArchive(name, files))
            .or(() -> workers)
            .orElse(DEFAULT);
    List<String> path = new ArrayList<>(libraries());
    variable(variables, "PYTHONPATH").ifPresent(path::add);
    Map<String, String> environment = new HashMap<>();
    environment.put("PYTHONPATH", String.join(File.pathSeparator, path));
    environment.put("PYSPARK_PYTHON", workers.orElse(program));
    environment.put("PYSPARK_PIN_THREAD", "true");
    environment.put("PYTHONIOENCODING", "utf-8:backslashreplace");
    return new PythonSettings(program, environment, files);
  }

  /** A path that begins nowhere is taken, as on a cluster, from where archives are unpacked. */
  private static String inArchive(String program, Path files) {
    Path file = files.resolve(program).normalize();
    return program.contains("/") && Files.isExecutable(file) ? file.toString() : program;
  }

  private static Optional<String> setting(SparkContext spark, String name) {
    scala.Option<String> value = spark.getConf().getOption(name);
    return value.isDefined() ? Optional.of(value.get()) : Optional.empty();
  }

  private static Optional<String> variable(Map<String, String> variables, String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  /** Returns PySpark and Py4J, which lie beside the jars of Spark. */
  private static List<String> libraries() throws IOException {
    Path jars = jarFolder();
    for (Path root : List.of(jars, jars.resolve(".."))) {
      Path libraries = root.resolve("python").resolve("lib").normalize();
      if (Files.isDirectory(libraries)) {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> files =
            Files.newDirectoryStream(libraries, "{pyspark,py4j-*}*.zip")) {
          files.forEach(file -> found.add(file.toString()));
        }
        return found;
      }
    }
    // The Python itself may have them.
    return List.of();
  }

  private static Path jarFolder() throws IOException {
    try {
      return Path.of(SparkContext.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IOException("Spark's folder has no path.", e);
    }
  }
}
