package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The Python clients of {@code tests/requirements.txt} in a virtual environment of the build, which
 * the first test that needs it makes.
 */
final class JupyterTools {

  /** The folder of the tests that are written in Python. */
  static final Path SCRIPTS = Commands.HOME.resolve("tests/src/test/python");

  private JupyterTools() {}

  /**
   * Makes the kernels of a server known to the Jupyter of an environment.
   *
   * @param environment as {@link RunningServer#clientEnvironment} returns it
   * @param options more of those of {@code polybius kernelspec install}
   */
  static void installKernelspec(URI server, Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Commands.POLYBIUS, "kernelspec", "install", "--server", server.toString()));
    command.addAll(List.of(options));
    Commands.Result installed =
        Commands.run(Duration.ofMinutes(1), Commands.HOME, environment, command);
    assertThat(installed.exitCode()).as(installed.output()).isZero();
  }
}
