package io.polybius.launch;

import io.polybius.launch.SubmitCommandLine.Program;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A driver as it is given to {@code spark-submit}.
 *
 * @param sparkSettings Spark's settings
 * @param program the driver
 * @param environment variables for spark-submit
 */
record Parcel(Map<String, String> sparkSettings, Program program, Map<String, String> environment) {

  /** The driver's settings, by that name in the working directory of its container. */
  static final String SETTINGS_FILE = "polybius-driver.properties";

  /** What a worker of a standalone cluster gives a driver. */
  static final String EXTRA_OPTIONS = "spark.driver.extraJavaOptions";

  private static final String DEFAULT_OPTIONS = "spark.driver.defaultJavaOptions";
  private static final String CLASS_PATH = "spark.driver.extraClassPath";

  /** Where a driver has its files, below the working directory of its container. */
  private static final String WORK_DIRECTORY = "polybius";

  /** Keeps secrets out of logs. */
  @Override
  public String toString() {
    return "Parcel[" + program + "]";
  }

  /**
   * Returns a driver that runs in spark-submit's own process on this machine.
   *
   * @param jar the packaged driver
   */
  static Parcel here(
      Map<String, String> sparkSettings,
      Path jar,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      Optional<String> proxyUser)
      throws IOException {
    Map<String, String> driver = new LinkedHashMap<>(driverSettings);
    driver.put("spark", "submitted");
    driver.put("key-store", directory.writeKeys(link.keys()).toString());
    driver.put("work-directory", directory.path().toString());
    Path file = directory.writeProperties("driver.properties", driver);
    return new Parcel(
        withDriver(sparkSettings, jar.toString()),
        driver(SubmitCommandLine.NO_FILE, file.toString(), proxyUser),
        Map.of());
  }

  /** Returns the settings of a driver whose keys travel in them. */
  static Map<String, String> inContainer(
      Map<String, String> driverSettings, DriverLinks.Link link) {
    Map<String, String> driver = new LinkedHashMap<>(driverSettings);
    driver.put("spark", "submitted");
    driver.put("key-store.content", DriverLinks.keysAsText(link));
    driver.put("work-directory", WORK_DIRECTORY);
    return driver;
  }

  /**
   * Returns Spark's settings with what a driver needs.
   *
   * @param jar the packaged driver, as its JVM finds it
   */
  static Map<String, String> withDriver(Map<String, String> sparkSettings, String jar) {
    Map<String, String> spark = withOptions(sparkSettings);
    putFirst(spark, CLASS_PATH, jar, File.pathSeparator);
    return spark;
  }

  /** Returns Spark's settings with the JVM options of a driver. */
  static Map<String, String> withOptions(Map<String, String> sparkSettings) {
    Map<String, String> spark = new LinkedHashMap<>(sparkSettings);
    List<String> options = new ArrayList<>(DriverCommandLine.EVERYWHERE);
    options.addAll(DriverCommandLine.tuning(sparkSettings));
    // Before those of the user, who has the last word.
    putFirst(spark, DEFAULT_OPTIONS, String.join(" ", options), " ");
    return spark;
  }

  /** Makes the default options extra ones, where the default ones are not heeded. */
  static void useExtraOptions(Map<String, String> spark) {
    Optional.ofNullable(spark.remove(DEFAULT_OPTIONS))
        .ifPresent(options -> putFirst(spark, EXTRA_OPTIONS, options, " "));
  }

  /**
   * Returns the driver as a program.
   *
   * @param file where it is, if spark-submit has to know
   * @param argument where it finds its settings
   */
  static Program driver(String file, String argument, Optional<String> proxyUser) {
    return new Program(
        Optional.of(DriverCommandLine.MAIN_CLASS), file, List.of(argument), proxyUser);
  }

  /** Puts a value before what is already there. */
  static void putFirst(Map<String, String> spark, String key, String value, String separator) {
    spark.merge(
        key, value, (more, first) -> more.isBlank() ? first : first + separator + more.strip());
  }
}
