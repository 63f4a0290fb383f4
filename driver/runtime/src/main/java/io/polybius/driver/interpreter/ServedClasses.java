package io.polybius.driver.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Puts classes of the driver where executors look for those of statements. Executors on other
 * machines have not got the driver's jar, but functions that they run may refer to a job.
 */
public final class ServedClasses {

  private ServedClasses() {}

  /**
   * Copies class files.
   *
   * @param directory which Spark serves to its executors
   * @throws IOException if that is not possible
   */
  public static void copy(Path directory, List<Class<?>> classes) throws IOException {
    for (Class<?> type : classes) {
      String name = type.getName().replace('.', '/') + ".class";
      Path file = directory.resolve(name);
      Files.createDirectories(file.getParent());
      try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
        Files.write(file, in.readAllBytes());
      }
    }
  }
}
