package io.polybius.driver.protocol;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The R that a driver starts. The server asks whether it is there before it starts the driver of an
 * R session, and the driver before it starts R, so both must mean the same.
 *
 * @param name found on the path unless it has a folder
 * @param origin what names it, empty if nothing does
 */
public record RProgram(String name, String origin) {

  private static final String DEFAULT = "R";

  /** What names it in Spark's settings, the first that is set. */
  private static final List<String> SETTINGS =
      List.of("spark.r.shell.command", "spark.sparkr.r.command", "spark.r.command");

  private static final String VARIABLE = "SPARKR_DRIVER_R";

  /**
   * Finds out which R it is, as Livy and Spark's own shell do.
   *
   * @param setting Spark's settings by name
   * @param environment of the driver
   */
  public static RProgram of(
      Function<String, Optional<String>> setting, Map<String, String> environment) {
    return SETTINGS.stream()
        .flatMap(name -> program(setting.apply(name), name).stream())
        .findFirst()
        .or(() -> program(Optional.ofNullable(environment.get(VARIABLE)), VARIABLE))
        .orElse(new RProgram(DEFAULT, ""));
  }

  private static Optional<RProgram> program(Optional<String> name, String origin) {
    return name.filter(text -> !text.isBlank()).map(text -> new RProgram(text.strip(), origin));
  }

  /** Returns whether it is Rscript, which has R's options for programs already. */
  public boolean isScriptRunner() {
    return Path.of(name).getFileName().toString().startsWith("Rscript");
  }

  /**
   * Returns whether there is such a program.
   *
   * @param path folders of programs, as in the environment
   */
  public boolean isOn(String path) {
    return name.contains(File.separator)
        ? Programs.isProgram(Path.of(name))
        : Programs.on(path, name).findAny().isPresent();
  }

  /** Returns what to tell a user if it is not there. */
  public String missing() {
    return "R is not installed: there is no program "
        + name
        + (origin.isEmpty() ? " on the path" : ", which " + origin + " names")
        + ". Install R (on Debian and its kin the package r-base-core), or name another program in"
        + " the session's conf as spark.r.shell.command, or in the server's environment as "
        + VARIABLE
        + ".";
  }
}
