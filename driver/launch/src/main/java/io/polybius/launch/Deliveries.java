package io.polybius.launch;

import io.polybius.launch.SubmitCommandLine.Program;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.launch.cluster.PodCluster;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * How the packaged driver, its settings and Spark itself come to where a driver runs. What is the
 * same for all drivers is brought there once.
 */
final class Deliveries {

  /** The driver's settings, by that name in the working directory of its container. */
  private static final String SETTINGS_FILE = "polybius-driver.properties";

  /** The variable of the environment that has the driver's settings where no file can be sent. */
  private static final String SETTINGS_VARIABLE = "SPARK_POLYBIUS_DRIVER";

  private static final String CLASS_PATH = "spark.driver.extraClassPath";

  /** Where a pod finds its secret. */
  private static final String SECRET_FOLDER = "/etc/polybius";

  private static final String DEFAULT_OPTIONS = "spark.driver.defaultJavaOptions";

  private static final String EXTRA_OPTIONS = "spark.driver.extraJavaOptions";

  /** Where a driver has its files, below the working directory of its container. */
  private static final String WORK_DIRECTORY = "polybius";

  private final LaunchSettings settings;

  Deliveries(LaunchSettings settings) {
    this.settings = settings;
  }

  /**
   * What is to be submitted.
   *
   * @param sparkSettings Spark's settings
   * @param program the driver
   * @param environment variables for spark-submit
   */
  record Parcel(
      Map<String, String> sparkSettings, Program program, Map<String, String> environment) {
    /** Keeps secrets out of logs. */
    @Override
    public String toString() {
      return "Parcel[" + program + "]";
    }
  }

  /** Returns a driver that runs in spark-submit's own process on this machine. */
  Parcel here(
      Map<String, String> sparkSettings,
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
        withDriver(sparkSettings, settings.driverJar().toString()),
        driverProgram(SubmitCommandLine.NO_FILE, file.toString(), proxyUser),
        Map.of());
  }

  /** Returns a driver for a container of YARN. */
  Parcel toYarn(
      Map<String, String> sparkSettings,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      WorkDirectory directory,
      ClusterManager yarn,
      Optional<String> proxyUser)
      throws IOException {
    Map<String, String> driver = inContainer(driverSettings, link);
    driver.put("ends-by-returning", "true");
    Path file = directory.writeProperties(SETTINGS_FILE, driver);
    Map<String, String> spark =
        withDriver(sparkSettings, settings.driverJar().getFileName().toString());
    putFirst(
        spark,
        "spark.yarn.dist.files",
        file.toUri() + "," + yarn.publish(settings.driverJar()),
        ",");
    // What was defined in a driver is gone with it, so a second one would be no use.
    spark.put("spark.yarn.maxAppAttempts", "1");
    spark.put("spark.yarn.submit.waitAppCompletion", "false");
    return new Parcel(
        spark, driverProgram(SubmitCommandLine.NO_FILE, SETTINGS_FILE, proxyUser), Map.of());
  }

  /** Returns a driver for a worker of a standalone cluster. */
  Parcel toStandalone(
      Map<String, String> sparkSettings,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      Optional<String> proxyUser)
      throws IOException {
    Map<String, String> driver = inContainer(driverSettings, link);
    String jar =
        settings
            .cluster()
            .standaloneDriverJar()
            .orElseGet(() -> settings.driverJar().toUri().toString());
    // The worker puts it into the driver's working directory.
    Map<String, String> spark = withDriver(sparkSettings, jar.substring(jar.lastIndexOf('/') + 1));
    useExtraOptions(spark);
    return new Parcel(
        spark,
        driverProgram(jar, "--environment", proxyUser),
        Map.of(
            SETTINGS_VARIABLE,
            Base64.getEncoder().encodeToString(WorkDirectory.asProperties(driver))));
  }

  /**
   * Returns a driver for a pod, whose settings are in a secret of the cluster.
   *
   * @param tag what the application will be found by
   */
  Parcel toKubernetes(
      Map<String, String> sparkSettings,
      Map<String, String> driverSettings,
      DriverLinks.Link link,
      PodCluster pods,
      String tag,
      Optional<String> proxyUser)
      throws IOException {
    Map<String, String> driver = inContainer(driverSettings, link);
    // The working directory of an image may be of another user.
    driver.put("work-directory", "/tmp/" + WORK_DIRECTORY);
    pods.createSecret(
        secretOf(tag),
        Map.of(SETTINGS_FILE, WorkDirectory.asProperties(driver)),
        Map.of("spark-app-tag", tag));
    Map<String, String> spark =
        pods.submission(
            tag,
            withOptions(sparkSettings),
            Optional.of(
                new PodCluster.DriverFiles(
                    PodCluster.DriverFiles.USUAL_JAR, secretOf(tag), SECRET_FOLDER)));
    return new Parcel(
        spark,
        driverProgram(SubmitCommandLine.NO_FILE, SECRET_FOLDER + "/" + SETTINGS_FILE, proxyUser),
        Map.of());
  }

  /** Returns the name of the secret with the settings of a driver. */
  static String secretOf(String tag) {
    return "polybius-" + tag;
  }

  /** Adds what YARN needs for every program, so that Spark does not copy itself for each. */
  void addYarnSettings(
      Map<String, String> spark, SparkInstallation installation, ClusterManager yarn)
      throws IOException {
    if (!spark.containsKey("spark.yarn.jars") && !spark.containsKey("spark.yarn.archive")) {
      spark.put("spark.yarn.archive", yarn.publish(archive(installation)));
    }
    if (installation.hasPython()) {
      // Every session may run Python, whatever else it runs.
      spark.putIfAbsent("spark.yarn.isPython", "true");
    }
  }

  /** Adds what a worker of a standalone cluster needs for every driver. */
  static void addWorkerSettings(Map<String, String> spark) {
    useExtraOptions(spark);
    putFirst(spark, EXTRA_OPTIONS, String.join(" ", SparkJvm.OPENED), " ");
  }

  /** A worker gives drivers no other options than these, not even those that Spark needs. */
  private static void useExtraOptions(Map<String, String> spark) {
    Optional.ofNullable(spark.remove(DEFAULT_OPTIONS))
        .ifPresent(options -> putFirst(spark, EXTRA_OPTIONS, options, " "));
  }

  private static Map<String, String> inContainer(
      Map<String, String> driverSettings, DriverLinks.Link link) {
    Map<String, String> driver = new LinkedHashMap<>(driverSettings);
    driver.put("spark", "submitted");
    driver.put("key-store.content", DriverLinks.keysAsText(link));
    driver.put("work-directory", WORK_DIRECTORY);
    return driver;
  }

  private static Map<String, String> withDriver(Map<String, String> sparkSettings, String jar) {
    Map<String, String> spark = withOptions(sparkSettings);
    putFirst(spark, CLASS_PATH, jar, File.pathSeparator);
    return spark;
  }

  private static Map<String, String> withOptions(Map<String, String> sparkSettings) {
    Map<String, String> spark = new LinkedHashMap<>(sparkSettings);
    List<String> options = new ArrayList<>(DriverCommandLine.EVERYWHERE);
    options.addAll(DriverCommandLine.LATE_OPTIMIZATION);
    // Before those of the user, who has the last word.
    putFirst(spark, DEFAULT_OPTIONS, String.join(" ", options), " ");
    return spark;
  }

  private static Program driverProgram(String file, String argument, Optional<String> proxyUser) {
    return new Program(
        Optional.of(DriverCommandLine.MAIN_CLASS), file, List.of(argument), proxyUser);
  }

  private static void putFirst(
      Map<String, String> spark, String key, String value, String separator) {
    spark.merge(
        key, value, (more, first) -> more.isBlank() ? first : first + separator + more.strip());
  }

  /** Returns all jars of a Spark in one file, which is made when it is first needed. */
  private synchronized Path archive(SparkInstallation spark) throws IOException {
    Path folder = Files.createDirectories(settings.cacheDirectory());
    Path file = folder.resolve("spark-" + spark.sparkVersion() + "-" + digest(spark) + ".zip");
    if (!Files.isRegularFile(file)) {
      Path next = Files.createTempFile(folder, "spark-", ".zip");
      try {
        write(spark, next);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(next);
      }
    }
    return file;
  }

  private static void write(SparkInstallation spark, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      // Jars are compressed already.
      zip.setMethod(ZipOutputStream.STORED);
      for (Path jar : spark.jars()) {
        byte[] bytes = Files.readAllBytes(jar);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        ZipEntry entry = new ZipEntry(jar.getFileName().toString());
        entry.setSize(bytes.length);
        entry.setCrc(sum.getValue());
        // The same jars are the same archive, whenever and wherever it is made.
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
      }
    }
  }

  private static String digest(SparkInstallation spark) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path jar : spark.jars()) {
        String line = jar + " " + Files.size(jar) + " " + Files.getLastModifiedTime(jar) + "\n";
        digest.update(line.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IOException("this JVM cannot name the archive of Spark's jars", e);
    }
  }
}
