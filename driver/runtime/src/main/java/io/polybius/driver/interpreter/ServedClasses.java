package io.polybius.driver.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.spark.SparkContext;

/**
 * Gives classes of the driver to the executors, which have not got its jar when they are elsewhere;
 * but functions that they run may refer to a job. They get a jar, beside those that users add: with
 * the classes of statements these would be out of the sight of the users' jars.
 */
public final class ServedClasses {

  private ServedClasses() {}

  /**
   * Adds them to a Spark whose executors need them.
   *
   * @param jar where to put them; has to stay as long as Spark runs
   * @throws IOException if that is not possible
   */
  public static void add(SparkContext spark, Path jar, List<Class<?>> classes) throws IOException {
    if (!spark.isLocal()) {
      write(jar, classes);
      spark.addJar(jar.toString());
    }
  }

  /**
   * Makes a jar of classes.
   *
   * @throws IOException if that is not possible
   */
  public static void write(Path jar, List<Class<?>> classes) throws IOException {
    Files.createDirectories(jar.getParent());
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Class<?> type : classes) {
        String name = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(name));
        try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
          in.transferTo(out);
        }
      }
    }
  }
}
