package io.polybius.tests;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The Chromium in which the tests see JupyterLab: this machine's, or else Debian's package. */
final class Browser {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(10);

  private Browser() {}

  /**
   * Returns the program; skips the test that asks if there is none and it cannot be installed,
   * which takes root on Debian and its kin.
   */
  static synchronized Path program() throws IOException, InterruptedException {
    Optional<Path> found = onPath();
    if (found.isEmpty()) {
      install();
      found = onPath();
    }
    Assumptions.assumeTrue(
        found.isPresent(), "skipped: there is no Chromium, and no root who could install it");
    return found.orElseThrow();
  }

  private static Optional<Path> onPath() {
    String[] folders = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1);
    return NAMES.stream()
        .flatMap(name -> Stream.of(folders).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static void install() throws IOException, InterruptedException {
    for (String command :
        List.of("apt-get update", "apt-get install --yes --no-install-recommends chromium")) {
      try {
        Commands.run(
            INSTALL_TIMEOUT,
            Commands.HOME,
            Map.of("DEBIAN_FRONTEND", "noninteractive"),
            List.of(command.split(" ", -1)));
      } catch (IOException e) {
        // No apt-get: another system.
        return;
      }
    }
  }
}
