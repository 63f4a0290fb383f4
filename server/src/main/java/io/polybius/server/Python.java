package io.polybius.server;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The {@code python3} on the {@code PATH}.
 *
 * @param version for example {@code 3.11.7}
 * @param executable the program
 * @param prefix where it is installed
 * @param jupyterClient the version of its jupyter_client package, empty without one
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Python(String version, Path executable, Path prefix, String jupyterClient) {

  private static final long ANSWER_SECONDS = 20;

  private static final String ABOUT =
      """
      import importlib.metadata as metadata, json, platform, sys
      try:
          jupyter = metadata.version("jupyter_client")
      except metadata.PackageNotFoundError:
          jupyter = ""
      print(json.dumps({"version": platform.python_version(), "executable": sys.executable,
                        "prefix": sys.prefix, "jupyterClient": jupyter}))
      """;

  /** Asks it about itself; empty when there is none that works. */
  static Optional<Python> find() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("python3", "-c", ABOUT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      // Its answer fits into the pipe, so that it can be read after the end.
      if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.exitValue() == 0
          ? Optional.of(new ObjectMapper().readValue(answer, Python.class))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
