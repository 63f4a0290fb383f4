package io.polybius.driver.interpreter.r;

import io.polybius.driver.protocol.RProgram;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Which R a driver starts, and what that needs to know.
 *
 * @param program the interpreter
 * @param environment variables for it
 */
record RSettings(RProgram program, Map<String, String> environment) {

  /**
   * Finds out which R a driver starts.
   *
   * @param setting Spark's settings by name
   * @param variables the environment of this process
   * @throws IOException if there is no such program; the message is for the user
   */
  static RSettings of(Function<String, Optional<String>> setting, Map<String, String> variables)
      throws IOException {
    RProgram program = RProgram.of(setting, variables);
    if (!program.isOn(variables.getOrDefault("PATH", ""))) {
      throw new IOException(program.missing());
    }
    Map<String, String> environment = new HashMap<>();
    if (!isUtf8(variables)) {
      environment.put("LC_ALL", "C.UTF-8");
    }
    // Clients of both doors read what errors say.
    environment.put("LANGUAGE", "en");
    List<String> libraries = new ArrayList<>();
    Path ofSpark = Path.of(variables.getOrDefault("SPARK_HOME", ""), "R", "lib");
    if (Files.isDirectory(ofSpark.resolve("SparkR"))) {
      libraries.add(ofSpark.toString());
    }
    Optional.ofNullable(variables.get("R_LIBS"))
        .filter(folders -> !folders.isBlank())
        .ifPresent(libraries::add);
    if (!libraries.isEmpty()) {
      environment.put("R_LIBS", String.join(File.pathSeparator, libraries));
    }
    return new RSettings(program, environment);
  }

  /** Returns how to run a file of R. */
  List<String> command(Path file) {
    return program.isScriptRunner()
        ? List.of(program.name(), file.toString())
        : List.of(program.name(), "--no-echo", "--no-restore", "--no-save", "--file=" + file);
  }

  /** Returns whether R would read and write all letters. */
  private static boolean isUtf8(Map<String, String> variables) {
    for (String name : List.of("LC_ALL", "LC_CTYPE", "LANG")) {
      String value = variables.getOrDefault(name, "").toLowerCase(Locale.ROOT);
      if (!value.isEmpty()) {
        return value.contains("utf-8") || value.contains("utf8");
      }
    }
    return false;
  }
}
