package io.polybius.server.kernelspec;

import io.polybius.server.Installation;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where Jupyter looks for kernelspecs on this machine.
 *
 * @param environment the environment variables
 * @param operatingSystem its name as Java knows it
 * @param userHome the user's home folder
 */
public record JupyterFolders(
    Map<String, String> environment, String operatingSystem, Path userHome) {

  /** Returns the folders of this machine and user. */
  public static JupyterFolders ofThisMachine(Map<String, String> environment) {
    return new JupyterFolders(
        environment, System.getProperty("os.name"), Installation.userHome(environment));
  }

  /** Returns the folder for the user's own kernelspecs. */
  public Path user() {
    return userData().resolve("kernels");
  }

  /** Returns the folder for kernelspecs of an installation, such as a Python environment. */
  public static Path under(Path prefix) {
    return prefix.resolve("share").resolve("jupyter").resolve("kernels");
  }

  /**
   * Returns all folders that Jupyter may look into, the first ones first.
   *
   * @param pythonPrefix where the Python that Jupyter runs on is installed
   */
  public List<Path> all(Optional<Path> pythonPrefix) {
    List<Path> folders = new ArrayList<>();
    set("JUPYTER_PATH")
        .ifPresent(
            path -> {
              for (String folder : path.split(File.pathSeparator, -1)) {
                if (!folder.isBlank()) {
                  folders.add(Path.of(folder).resolve("kernels"));
                }
              }
            });
    folders.add(user());
    set("VIRTUAL_ENV").map(Path::of).map(JupyterFolders::under).ifPresent(folders::add);
    set("CONDA_PREFIX").map(Path::of).map(JupyterFolders::under).ifPresent(folders::add);
    pythonPrefix.map(JupyterFolders::under).ifPresent(folders::add);
    folders.add(under(Path.of("/usr/local")));
    folders.add(under(Path.of("/usr")));
    return folders.stream().distinct().toList();
  }

  private Path userData() {
    Optional<Path> chosen = set("JUPYTER_DATA_DIR").map(Path::of);
    if (chosen.isPresent()) {
      return chosen.get();
    }
    String system = operatingSystem.toLowerCase(Locale.ROOT);
    if (system.startsWith("mac")) {
      return userHome.resolve("Library").resolve("Jupyter");
    }
    if (system.startsWith("windows")) {
      return set("APPDATA").map(Path::of).orElse(userHome).resolve("jupyter");
    }
    return set("XDG_DATA_HOME")
        .map(Path::of)
        .orElse(userHome.resolve(".local").resolve("share"))
        .resolve("jupyter");
  }

  private Optional<String> set(String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(text -> !text.isBlank());
  }
}
