package io.polybius.launch;

import io.polybius.session.SessionSettings;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The command line of a driver process. Holds nothing that must stay secret. */
final class DriverCommandLine {

  private static final String MAIN_CLASS = "io.polybius.driver.DriverMain";
  private static final String DEFAULT_MEMORY = "1g";

  /** What Spark's own launcher opens on JDK 17. */
  private static final List<String> OPENED =
      List.of(
          "java.base/java.lang",
          "java.base/java.lang.invoke",
          "java.base/java.lang.reflect",
          "java.base/java.io",
          "java.base/java.net",
          "java.base/java.nio",
          "java.base/java.util",
          "java.base/java.util.concurrent",
          "java.base/java.util.concurrent.atomic",
          "java.base/jdk.internal.ref",
          "java.base/sun.nio.ch",
          "java.base/sun.nio.cs",
          "java.base/sun.security.action",
          "java.base/sun.util.calendar",
          "java.security.jgss/sun.security.krb5");

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

  /** Costs the least while the heap is small. */
  private static final String SMALL_HEAP_COLLECTOR = "-XX:+UseParallelGC";

  private static final Pattern COLLECTOR = Pattern.compile("-XX:[+-]Use\\w+GC\\b");

  private final SparkInstallation spark;
  private final Path driverJar;
  private final SessionSettings settings;

  /**
   * @param spark the Spark to run on
   * @param driverJar the packaged driver
   * @param settings what the session's creator asked for
   */
  DriverCommandLine(SparkInstallation spark, Path driverJar, SessionSettings settings) {
    this.spark = spark;
    this.driverJar = driverJar;
    this.settings = settings;
  }

  /** Returns the class path that is the same for all sessions of this Spark. */
  List<Path> sharedClassPath() {
    List<Path> classPath = new ArrayList<>();
    classPath.add(driverJar);
    classPath.addAll(spark.jars());
    return classPath;
  }

  /**
   * Returns the process to start. All but the name of a file that only its owner can read stays out
   * of the process list: options of users can be secrets.
   *
   * @param directory the driver's own, for that file and temporary ones
   * @param archive a class data archive for {@link #sharedClassPath}, if there is one
   * @param arguments of the main class
   */
  ProcessBuilder processBuilder(
      WorkDirectory directory, Optional<Path> archive, List<String> arguments) throws IOException {
    List<String> jvmOptions = new ArrayList<>();
    archive.ifPresent(
        file -> {
          jvmOptions.add("-XX:SharedArchiveFile=" + file);
          jvmOptions.add("-Xshare:auto");
          jvmOptions.add("-Xlog:cds=off");
          jvmOptions.add("-Xlog:cds+dynamic=off");
        });
    String memory =
        settings
            .driverMemory()
            .or(() -> Optional.ofNullable(settings.conf().get("spark.driver.memory")))
            .orElse(DEFAULT_MEMORY);
    jvmOptions.add("-Xmx" + memory);
    String extra = settings.conf().getOrDefault("spark.driver.extraJavaOptions", "");
    if (memory.equals(DEFAULT_MEMORY) && !COLLECTOR.matcher(extra).find()) {
      jvmOptions.add(SMALL_HEAP_COLLECTOR);
    }
    jvmOptions.addAll(LATE_OPTIMIZATION);
    if (!extra.isBlank()) {
      jvmOptions.addAll(List.of(extra.strip().split("\\s+")));
    }
    return processBuilder(jvmOptions, directory, userJars(), arguments);
  }

  /** Returns a process that writes a class data archive for {@link #sharedClassPath} at its end. */
  ProcessBuilder trainingProcessBuilder(WorkDirectory directory, Path archive) throws IOException {
    return processBuilder(
        List.of(
            "-XX:ArchiveClassesAtExit=" + archive, "-Xmx" + DEFAULT_MEMORY, SMALL_HEAP_COLLECTOR),
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
    List<String> command = new ArrayList<>(jvmOptions);
    // Deep expressions recurse deeply in the compiler.
    command.add("-Xss4m");
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    OPENED.forEach(opened -> command.add("--add-opens=" + opened + "=ALL-UNNAMED"));
    command.add("-Djdk.reflect.useDirectMethodHandle=false");
    command.add("-Djava.io.tmpdir=" + directory.path());
    command.add("-Dlog4j2.configurationFile=polybius-driver-log4j2.properties");
    List<String> classPath = new ArrayList<>();
    sharedClassPath().forEach(jar -> classPath.add(jar.toString()));
    classPath.addAll(moreJars);
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(MAIN_CLASS);
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "@" + directory.writeArguments(command));
    Map<String, String> environment = builder.environment();
    // Spark's own ports stay on this machine, like those of the server, unless the operator says.
    environment.putIfAbsent("SPARK_LOCAL_IP", "127.0.0.1");
    environment.put("SPARK_LOCAL_DIRS", directory.path().resolve("spark").toString());
    environment.put("SPARK_HOME", spark.home().toString());
    return builder;
  }

  /** Returns the session's jars that are files of this machine, for the code in the driver. */
  private List<String> userJars() {
    List<String> jars = new ArrayList<>(settings.jars());
    String more = settings.conf().get("spark.jars");
    if (more != null && !more.isBlank()) {
      jars.addAll(List.of(more.strip().split("\\s*,\\s*")));
    }
    return jars.stream()
        .map(jar -> jar.startsWith("file:") ? jar.substring("file:".length()) : jar)
        .filter(jar -> Files.isRegularFile(Path.of(jar)))
        .toList();
  }
}
