package io.polybius.server;

import io.polybius.server.config.ServerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The files that belong to the program.
 *
 * @param home the folder with {@code bin} and {@code conf}
 * @param distribution the folder with {@code lib}: the same one, or in a source tree the one that
 *     the build fills
 */
public record Installation(Path home, Path distribution) {

  /** Returns the installation in a folder. */
  public static Installation at(Path home) {
    Path built = home.resolve("target").resolve("polybius");
    return new Installation(home, Files.isDirectory(built.resolve("lib")) ? built : home);
  }

  /** Returns the installation that the launcher script has started. */
  static Installation ofThisProcess() throws CommandException {
    String home = System.getProperty("polybius.home");
    if (home == null) {
      throw new CommandException("Start this program with bin/polybius.");
    }
    return at(Path.of(home));
  }

  /** Returns the jar that drivers run. */
  public Path driverJar() {
    return distribution.resolve("lib").resolve("driver").resolve("polybius-driver.jar");
  }

  /** Returns the jar that asks Hadoop YARN, which is not on the server's class path. */
  public Path yarnLibrary() {
    return distribution.resolve("lib").resolve("yarn").resolve("polybius-yarn.jar");
  }

  /** Returns the folder with the jars of the Spark that comes with the program. */
  public Path embeddedSpark() {
    return distribution.resolve("lib").resolve("spark");
  }

  /** Returns the program that users start. */
  Path script() {
    return home.resolve("bin").resolve("polybius");
  }

  /** Returns the folder with the example notebooks. */
  Path notebooks() {
    return home.resolve("notebooks");
  }

  /**
   * Returns the folder for what speeds up later starts, when the operator has chosen none: in the
   * installation, or where that cannot be written in the user's own cache.
   */
  Path cache(Map<String, String> environment) {
    if (Files.isWritable(distribution)) {
      return distribution.resolve("cache");
    }
    return userCache(environment);
  }

  /**
   * Returns the folder for logs, when the operator has chosen none for them: Livy's, or else in the
   * installation, or where that cannot be written in the user's own cache.
   */
  Path logs(Map<String, String> environment) {
    Optional<Path> ofLivy = folder(environment, "LIVY_LOG_DIR");
    if (ofLivy.isPresent()) {
      return ofLivy.get();
    }
    Path here = distribution.resolve("logs");
    return Files.isWritable(Files.exists(here) ? here : distribution)
        ? here
        : userCache(environment).resolve("logs");
  }

  /** Returns the folder of what outlives a server, when the operator has chosen none. */
  static Path recoveryFolder(ServerConfig config, Map<String, String> environment) {
    return stateFolder(config, environment).resolve("recovery");
  }

  /** Returns the folder for what users have run, when the operator has chosen none for it. */
  static Path historyFolder(ServerConfig config, Map<String, String> environment) {
    return stateFolder(config, environment).resolve("history");
  }

  /** Returns the folder for what clients upload, when the operator has chosen none for it. */
  static Path stagingFolder(ServerConfig config, Map<String, String> environment) {
    return stateFolder(config, environment).resolve("staging");
  }

  private static Path stateFolder(ServerConfig config, Map<String, String> environment) {
    return config
        .stateDirectory()
        .orElseGet(
            () ->
                folder(environment, "XDG_STATE_HOME")
                    .orElseGet(() -> userHome(environment).resolve(Path.of(".local", "state")))
                    .resolve("polybius"));
  }

  private static Path userCache(Map<String, String> environment) {
    return folder(environment, "XDG_CACHE_HOME")
        .orElseGet(() -> userHome(environment).resolve(".cache"))
        .resolve("polybius");
  }

  /** Returns the user's home folder, as other programs find it; Java has it from the system. */
  public static Path userHome(Map<String, String> environment) {
    return folder(environment, "HOME").orElse(Path.of(System.getProperty("user.home")));
  }

  private static Optional<Path> folder(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable))
        .filter(folder -> !folder.isBlank())
        .map(Path::of);
  }
}
