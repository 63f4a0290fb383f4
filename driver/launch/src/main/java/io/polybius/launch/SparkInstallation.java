package io.polybius.launch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A Spark on this machine.
 *
 * @param source how it was found, such as {@code SPARK_HOME}
 * @param home its folder
 * @param jars all its jars, in the order of the class path
 * @param sparkVersion for example {@code 3.5.5}
 * @param scalaVersion for example {@code 2.12.18}
 */
public record SparkInstallation(
    String source, Path home, List<Path> jars, String sparkVersion, String scalaVersion) {

  /** Copies the list. */
  public SparkInstallation {
    jars = List.copyOf(jars);
  }

  /** Returns the version by which Scala's libraries are compatible, such as {@code 2.12}. */
  public String scalaBinaryVersion() {
    return scalaVersion.substring(0, scalaVersion.lastIndexOf('.'));
  }

  /** Returns the program that submits applications, which a folder of mere jars lacks. */
  Optional<Path> submitScript() {
    return Optional.of(home.resolve("bin").resolve("spark-submit")).filter(Files::isExecutable);
  }

  /** Returns whether Python programs can use it. */
  boolean hasPython() {
    return Files.isRegularFile(home.resolve("python").resolve("lib").resolve("pyspark.zip"));
  }
}
