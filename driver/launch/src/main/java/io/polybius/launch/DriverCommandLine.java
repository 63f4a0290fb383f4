package io.polybius.launch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The command line of a driver process: what of it can be secret is in a file. */
final class DriverCommandLine {

  /**
   * Makes the JVM optimize only what is really hot: a start and the first hundred statements run
   * much code a little, and on few cores they would share them with the optimizing compiler. Each
   * is four times the default.
   */
  private static final List<String> LATE_OPTIMIZATION =
      List.of(
          "-XX:Tier4InvocationThreshold=20000",
          "-XX:Tier4MinInvocationThreshold=2400",
          "-XX:Tier4CompileThreshold=60000",
          "-XX:Tier4BackEdgeThreshold=160000");

  /** What a driver's JVM is started with, wherever it runs. */
  static final List<String> EVERYWHERE =
      List.of(
          // Deep expressions recurse deeply in the compiler.
          "-Xss4m", "-Dlog4j2.configurationFile=polybius-driver-log4j2.properties");

  static final String MAIN_CLASS = "io.polybius.driver.DriverMain";

  /** Costs the least while the heap is small. */
  private static final String SMALL_HEAP_COLLECTOR = "-XX:+UseParallelGC";

  private static final Pattern COLLECTOR = Pattern.compile("-XX:[+-]Use\\w+GC");

  /** What a jar's address begins with when it is a path: {@code local:} is on every machine. */
  private static final Pattern THIS_MACHINE = Pattern.compile("^(file|local):");

  private static final Master LOCAL = new Master("local", false);

  private final SparkInstallation spark;
  private final Path driverJar;
  private final Map<String, String> settings;

  /**
   * @param spark the Spark to run on
   * @param driverJar the packaged driver
   * @param settings Spark's settings for the driver
   */
  DriverCommandLine(SparkInstallation spark, Path driverJar, Map<String, String> settings) {
    this.spark = spark;
    this.driverJar = driverJar;
    this.settings = settings;
  }

  /** Returns whether a process that was started for the one could as well serve the other. */
  boolean startsSameProcessAs(DriverCommandLine other) {
    return sharedClassPath().equals(other.sharedClassPath())
        && jvmOptions().equals(other.jvmOptions())
        && userJars().equals(other.userJars());
  }

  /** Returns the class path that is the same for all sessions of this Spark. */
  List<Path> sharedClassPath() {
    List<Path> classPath = new ArrayList<>();
    classPath.add(driverJar);
    classPath.addAll(spark.jars());
    return classPath;
  }

  /**
   * Returns the process to start. The JVM's options are in a file that only its owner can read, and
   * so out of the process list: those of users can be secrets.
   *
   * @param directory the driver's own, for that file and temporary ones
   * @param archive a class data archive for {@link #sharedClassPath}, if there is one
   * @param arguments of the main class
   */
  ProcessBuilder processBuilder(
      WorkDirectory directory, Optional<Path> archive, List<String> arguments) throws IOException {
    List<String> options = new ArrayList<>();
    archive.ifPresent(
        file -> {
          options.add("-XX:SharedArchiveFile=" + file);
          options.add("-Xshare:auto");
          options.add("-Xlog:cds=off");
          options.add("-Xlog:cds+dynamic=off");
        });
    options.addAll(jvmOptions());
    return processBuilder(options, directory, userJars(), arguments);
  }

  /** Returns a process that writes a class data archive for {@link #sharedClassPath} at its end. */
  ProcessBuilder trainingProcessBuilder(WorkDirectory directory, Path archive) throws IOException {
    return processBuilder(
        List.of(
            "-XX:ArchiveClassesAtExit=" + archive,
            "-Xmx" + SparkJvm.DEFAULT_MEMORY,
            SMALL_HEAP_COLLECTOR),
        directory,
        List.of(),
        List.of("--train", directory.path().toString()));
  }

  private ProcessBuilder processBuilder(
      List<String> jvmOptions,
      WorkDirectory directory,
      List<String> moreJars,
      List<String> arguments)
      throws IOException {
    List<String> options = new ArrayList<>(jvmOptions);
    options.addAll(SparkJvm.options(directory));
    options.addAll(EVERYWHERE);
    List<String> classPath = new ArrayList<>();
    sharedClassPath().forEach(jar -> classPath.add(jar.toString()));
    classPath.addAll(moreJars);
    options.add("-cp");
    options.add(String.join(File.pathSeparator, classPath));
    List<String> command = new ArrayList<>();
    command.add(SparkJvm.java().toString());
    command.add("@" + directory.writeJavaArguments(options, SparkJvm.NATIVE_ENCODING));
    command.add(MAIN_CLASS);
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    SparkJvm.addEnvironment(builder.environment(), spark, directory, LOCAL);
    return builder;
  }

  private List<String> jvmOptions() {
    List<String> options = new ArrayList<>();
    options.add("-Xmx" + SparkJvm.memory(settings));
    options.addAll(tuning(settings));
    options.addAll(SparkJvm.askedOptions(settings));
    return options;
  }

  /**
   * Returns options that make statements faster than the JVM's own choice does.
   *
   * @param settings Spark's, whose options have the last word
   */
  static List<String> tuning(Map<String, String> settings) {
    List<String> options = new ArrayList<>();
    if (SparkJvm.memory(settings).equals(SparkJvm.DEFAULT_MEMORY)
        && SparkJvm.askedOptions(settings).stream()
            .noneMatch(option -> COLLECTOR.matcher(option).matches())) {
      options.add(SMALL_HEAP_COLLECTOR);
    }
    options.addAll(LATE_OPTIMIZATION);
    return options;
  }

  /** Returns the session's jars that are files of this machine, for the code in the driver. */
  private List<String> userJars() {
    List<String> jars = List.of(settings.getOrDefault("spark.jars", "").strip().split("\\s*,\\s*"));
    return jars.stream()
        .map(jar -> THIS_MACHINE.matcher(jar).replaceFirst(""))
        .filter(DriverCommandLine::isFile)
        .toList();
  }

  private static boolean isFile(String path) {
    try {
      return Files.isRegularFile(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
