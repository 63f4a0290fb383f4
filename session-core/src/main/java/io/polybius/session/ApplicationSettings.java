package io.polybius.session;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the creator of a session or a batch asked for of its Spark application: the fields that
 * Livy's {@code POST /sessions} and {@code POST /batches} share.
 *
 * @param name a name to use in place of the id
 * @param proxyUser the user to run as
 * @param driverMemory Spark memory size, such as {@code 2g}
 * @param driverCores cores of the driver
 * @param executorMemory Spark memory size
 * @param executorCores cores of each executor
 * @param numExecutors how many executors
 * @param queue YARN queue
 * @param jars jars on the class path of driver and executors
 * @param pyFiles Python files
 * @param files files in each executor's working directory
 * @param archives archives unpacked there
 * @param conf Spark settings
 */
public record ApplicationSettings(
    Optional<String> name,
    Optional<String> proxyUser,
    Optional<String> driverMemory,
    OptionalInt driverCores,
    Optional<String> executorMemory,
    OptionalInt executorCores,
    OptionalInt numExecutors,
    Optional<String> queue,
    List<String> jars,
    List<String> pyFiles,
    List<String> files,
    List<String> archives,
    Map<String, String> conf) {

  /** The key of {@link #conf} by which one of the server's Sparks is asked for. */
  public static final String SPARK = "polybius.spark";

  /** The key of {@link #conf} by which one of the server's launch profiles is asked for. */
  public static final String PROFILE = "polybius.profile";

  /** The key of {@link #conf} that says where Spark runs its jobs. */
  static final String MASTER = "spark.master";

  private static final String DEPLOY_MODE = "spark.submit.deployMode";

  /** Settings that ask for nothing. */
  public static final ApplicationSettings NONE =
      new ApplicationSettings(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          Map.of());

  /** Copies the collections. */
  public ApplicationSettings {
    jars = List.copyOf(jars);
    pyFiles = List.copyOf(pyFiles);
    files = List.copyOf(files);
    archives = List.copyOf(archives);
    conf = Map.copyOf(conf);
  }

  /** Returns the name of the Spark that is asked for. */
  public Optional<String> spark() {
    return Optional.ofNullable(conf.get(SPARK)).map(String::strip);
  }

  /** Returns the name of the launch profile that is asked for. */
  public Optional<String> profile() {
    return Optional.ofNullable(conf.get(PROFILE)).map(String::strip);
  }

  /**
   * Returns where Spark is to run its jobs, if it is not to be where it does by default. Of
   * settings that {@link SubmissionRules} have checked, only a launch profile says that.
   */
  public Optional<String> master() {
    return set(MASTER);
  }

  /**
   * Returns where the driver is to run, {@code client} or {@code cluster}, if it is not to be where
   * it does by default. Of settings that {@link SubmissionRules} have checked, a launch profile
   * says that, or a user whom the operator lets do so.
   */
  public Optional<String> deployMode() {
    return set(DEPLOY_MODE);
  }

  private Optional<String> set(String key) {
    return Optional.ofNullable(conf.get(key)).map(String::strip).filter(text -> !text.isEmpty());
  }

  /** Returns the same settings under a name. */
  public ApplicationSettings withName(String newName) {
    return new ApplicationSettings(
        Optional.of(newName),
        proxyUser,
        driverMemory,
        driverCores,
        executorMemory,
        executorCores,
        numExecutors,
        queue,
        jars,
        pyFiles,
        files,
        archives,
        conf);
  }

  /** Returns the same settings with other files and other Spark settings. */
  public ApplicationSettings with(
      List<String> newJars,
      List<String> newPyFiles,
      List<String> newFiles,
      List<String> newArchives,
      Map<String, String> newConf) {
    return new ApplicationSettings(
        name,
        proxyUser,
        driverMemory,
        driverCores,
        executorMemory,
        executorCores,
        numExecutors,
        queue,
        newJars,
        newPyFiles,
        newFiles,
        newArchives,
        newConf);
  }

  /** Returns the same settings with other Spark settings. */
  public ApplicationSettings withConf(Map<String, String> newConf) {
    return with(jars, pyFiles, files, archives, newConf);
  }

  /**
   * Returns Spark's settings for the application, in a new map. The fields win over {@link #conf},
   * and that over the defaults; files of fields come before those that are already named.
   *
   * @param defaults what holds where nothing is asked for, such as a name
   */
  public Map<String, String> sparkConf(Map<String, String> defaults) {
    Map<String, String> spark = new LinkedHashMap<>(defaults);
    conf.forEach(
        (key, value) -> {
          if (key.startsWith("spark.")) {
            spark.put(key, value);
          }
        });
    name.ifPresent(value -> spark.put("spark.app.name", value));
    driverMemory.ifPresent(value -> spark.put("spark.driver.memory", value));
    driverCores.ifPresent(value -> spark.put("spark.driver.cores", String.valueOf(value)));
    executorMemory.ifPresent(value -> spark.put("spark.executor.memory", value));
    executorCores.ifPresent(value -> spark.put("spark.executor.cores", String.valueOf(value)));
    numExecutors.ifPresent(value -> spark.put("spark.executor.instances", String.valueOf(value)));
    queue.ifPresent(value -> spark.put("spark.yarn.queue", value));
    putBefore(spark, "spark.jars", jars);
    putBefore(spark, "spark.submit.pyFiles", pyFiles);
    putBefore(spark, "spark.files", files);
    putBefore(spark, "spark.archives", archives);
    return spark;
  }

  private static void putBefore(Map<String, String> spark, String key, List<String> files) {
    if (!files.isEmpty()) {
      String joined = String.join(",", files);
      spark.merge(key, joined, (more, first) -> more.isBlank() ? first : first + "," + more);
    }
  }
}
