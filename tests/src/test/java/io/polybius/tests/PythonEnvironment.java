package io.polybius.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A virtual environment of the build, which the first test that needs it makes, and which is made
 * anew only when its requirements change.
 *
 * @param requirements the file of the packages that it has
 * @param folder where it is
 */
record PythonEnvironment(Path requirements, Path folder) {

  /** The clients of notebooks, IPython and PySpark 3.5. */
  static final PythonEnvironment CLIENTS = of("requirements.txt", "python");

  /** PySpark 4 and nothing else. */
  static final PythonEnvironment SPARK4 = of("requirements-spark4.txt", "python-spark4");

  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(20);

  private static PythonEnvironment of(String requirements, String folder) {
    return new PythonEnvironment(
        Commands.HOME.resolve("tests").resolve(requirements),
        Commands.HOME.resolve("tests/target").resolve(folder));
  }

  /**
   * Returns the folder of the programs, such as {@code python} and {@code jupyter}; skips the test
   * that asks if this machine has no Python or cannot install the packages.
   */
  Path programs() throws IOException, InterruptedException {
    synchronized (PythonEnvironment.class) {
      Path stamp = folder.resolve("requirements.txt");
      if (Files.notExists(stamp) || Files.mismatch(stamp, requirements) != -1) {
        Optional<String> problem = install();
        Assumptions.assumeTrue(problem.isEmpty(), () -> "skipped: " + problem.orElse(""));
        Files.copy(requirements, stamp);
      }
      return bin();
    }
  }

  /**
   * Returns the variables with which a server runs statements in this Python; skips as {@link
   * #programs} does.
   */
  Map<String, String> forStatements() throws IOException, InterruptedException {
    return Map.of("PYSPARK_PYTHON", programs().resolve("python").toString());
  }

  /** Returns the folder of its PySpark, which is a whole Spark; skips as {@link #programs} does. */
  Path spark() throws IOException, InterruptedException {
    Path libraries = programs().resolveSibling("lib");
    try (Stream<Path> versions = Files.list(libraries)) {
      return versions
          .map(version -> version.resolve("site-packages/pyspark"))
          .filter(Files::isDirectory)
          .findFirst()
          .orElseThrow(() -> new AssertionError("there is no pyspark in " + libraries));
    }
  }

  /**
   * Returns a folder with one release of a package that needs no other, for the path of a program
   * that does without the release of the environment; skips as {@link #programs} does.
   */
  Path library(String name, String version) throws IOException, InterruptedException {
    String pip = programs().resolve("pip").toString();
    synchronized (PythonEnvironment.class) {
      Path library = folder.resolveSibling("python-libraries").resolve(name + "-" + version);
      if (Files.notExists(library)) {
        Commands.Result installed =
            run(
                List.of(
                    pip,
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--target",
                    library.toString(),
                    name + "==" + version));
        Assumptions.assumeTrue(
            installed.exitCode() == 0, () -> "skipped: " + lastLine(installed.output()));
      }
      return library;
    }
  }

  private Path bin() {
    return folder.resolve("bin");
  }

  private Optional<String> install() throws IOException, InterruptedException {
    Commands.Result made;
    try {
      made = run(List.of("python3", "-m", "venv", "--clear", folder.toString()));
    } catch (IOException e) {
      return Optional.of("there is no python3 on the PATH");
    }
    if (made.exitCode() != 0) {
      return Optional.of("python3 cannot make a virtual environment: " + lastLine(made.output()));
    }
    List<String> pip = new ArrayList<>(List.of(bin().resolve("pip").toString(), "install"));
    // PySpark's archive alone is half a gigabyte, and would be kept a second time.
    pip.addAll(List.of("--quiet", "--no-cache-dir", "--no-deps", "-r", requirements.toString()));
    Commands.Result installed = run(pip);
    return installed.exitCode() == 0
        ? Optional.empty()
        : Optional.of(
            "the packages of %s cannot be installed: %s"
                .formatted(requirements.getFileName(), lastLine(installed.output())));
  }

  private static Commands.Result run(List<String> command)
      throws IOException, InterruptedException {
    return Commands.run(INSTALL_TIMEOUT, Commands.HOME, Map.of(), command);
  }

  private static String lastLine(String output) {
    return output.strip().substring(output.strip().lastIndexOf('\n') + 1);
  }
}
