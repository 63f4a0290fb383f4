package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * The Python clients of {@code tests/requirements.txt} in a virtual environment of the build, which
 * the first test that needs it makes.
 */
final class JupyterTools {

  /** The folder of the tests that are written in Python. */
  static final Path SCRIPTS = Commands.HOME.resolve("tests/src/test/python");

  private static final Path REQUIREMENTS = Commands.HOME.resolve("tests/requirements.txt");
  private static final Path FOLDER = Commands.HOME.resolve("tests/target/python");
  private static final Path STAMP = FOLDER.resolve("requirements.txt");
  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(20);

  private JupyterTools() {}

  /**
   * Returns the folder of the programs, such as {@code python} and {@code jupyter}; skips the test
   * that asks if this machine has no Python or cannot install the clients.
   */
  static synchronized Path programs() throws IOException, InterruptedException {
    Path bin = FOLDER.resolve("bin");
    if (Files.exists(STAMP) && Files.mismatch(STAMP, REQUIREMENTS) == -1) {
      return bin;
    }
    Optional<String> problem = install(bin);
    Assumptions.assumeTrue(problem.isEmpty(), () -> "skipped: " + problem.orElse(""));
    return bin;
  }

  /**
   * Makes the kernels of a server known to the Jupyter of an environment.
   *
   * @param environment as {@link RunningServer#clientEnvironment} returns it
   */
  static void installKernelspec(URI server, Map<String, String> environment)
      throws IOException, InterruptedException {
    Commands.Result installed =
        Commands.run(
            Duration.ofMinutes(1),
            Commands.HOME,
            environment,
            List.of(Commands.POLYBIUS, "kernelspec", "install", "--server", server.toString()));
    assertThat(installed.exitCode()).as(installed.output()).isZero();
  }

  private static Optional<String> install(Path bin) throws IOException, InterruptedException {
    Commands.Result made;
    try {
      made = run("python3", "-m", "venv", "--clear", FOLDER.toString());
    } catch (IOException e) {
      return Optional.of("there is no python3 on the PATH");
    }
    if (made.exitCode() != 0) {
      return Optional.of("python3 cannot make a virtual environment: " + lastLine(made.output()));
    }
    Commands.Result installed =
        run(
            bin.resolve("pip").toString(),
            "install",
            "--quiet",
            "--no-deps",
            "-r",
            REQUIREMENTS.toString());
    if (installed.exitCode() != 0) {
      return Optional.of("the Python clients cannot be installed: " + lastLine(installed.output()));
    }
    Files.copy(REQUIREMENTS, STAMP);
    return Optional.empty();
  }

  private static Commands.Result run(String... command) throws IOException, InterruptedException {
    return Commands.run(INSTALL_TIMEOUT, Commands.HOME, Map.of(), List.of(command));
  }

  private static String lastLine(String output) {
    return output.strip().substring(output.strip().lastIndexOf('\n') + 1);
  }
}
