package io.polybius.driver.protocol;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Where the programs of this machine are. */
public final class Programs {

  private Programs() {}

  /**
   * Returns the files that a name can mean, as a shell looks for them.
   *
   * @param path folders of programs, as in the environment
   * @param name without a folder
   */
  static Stream<Path> on(String path, String name) {
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Programs::isProgram);
  }

  /**
   * Returns the first of them that is the same from whatever folder it is started.
   *
   * @param path folders of programs, as in the environment
   * @param name without a folder
   */
  public static Optional<Path> find(String path, String name) {
    return on(path, name).filter(Path::isAbsolute).findFirst();
  }

  /**
   * Returns the program that starts another one, in its own place, in a process group of its own
   * that no terminal reaches. Not every system has it.
   *
   * @param path folders of programs, as in the environment
   */
  public static Optional<Path> setsid(String path) {
    return find(path, "setsid");
  }

  static boolean isProgram(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }
}
