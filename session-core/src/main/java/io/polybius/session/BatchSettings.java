package io.polybius.session;

import java.util.List;
import java.util.Optional;

/**
 * What the creator of a batch asked for: the body of Livy's {@code POST /batches}.
 *
 * @param file the jar or Python file to run
 * @param className the main class of a jar
 * @param args arguments of the program
 * @param application what is asked for of its Spark application
 */
public record BatchSettings(
    String file, Optional<String> className, List<String> args, ApplicationSettings application) {

  /** Copies the arguments. */
  public BatchSettings {
    args = List.copyOf(args);
  }

  /** Returns the same settings with another file, for another application. */
  public BatchSettings with(String newFile, ApplicationSettings newApplication) {
    return new BatchSettings(newFile, className, args, newApplication);
  }
}
