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

/** Programs of this machine that tests need, or else of Debian's packages. */
final class DebianPackage {

  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(10);

  private DebianPackage() {}

  /**
   * Returns a program; skips the test that asks if there is none and it cannot be installed, which
   * takes root on Debian and its kin.
   *
   * @param names of the program, any of which will do
   */
  static synchronized Path program(List<String> names, String debianPackage)
      throws IOException, InterruptedException {
    Optional<Path> found = onPath(names);
    if (found.isEmpty()) {
      install(debianPackage);
      found = onPath(names);
    }
    Assumptions.assumeTrue(
        found.isPresent(),
        "skipped: there is no " + names.get(0) + ", and no root who could install it");
    return found.orElseThrow();
  }

  private static Optional<Path> onPath(List<String> names) {
    String[] folders = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1);
    return names.stream()
        .flatMap(name -> Stream.of(folders).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static void install(String debianPackage) throws IOException, InterruptedException {
    for (String command :
        List.of(
            "apt-get update", "apt-get install --yes --no-install-recommends " + debianPackage)) {
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
