package io.polybius.launch;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The command line that submits a program: Spark's own script, or what that would start where there
 * is none. Spark's settings are in a file that only the server's user can read. So is all the rest
 * where there is no script; the script itself is given the class, the file and the arguments on its
 * command line, where other users of the machine may see them.
 *
 * @param spark the Spark to run on
 * @param configuration the folder of its configuration, which may be missing
 * @param settings Spark's settings for the program
 * @param program what to run
 * @param master where it is to run
 */
record SubmitCommandLine(
    SparkInstallation spark,
    Path configuration,
    Map<String, String> settings,
    Program program,
    Master master) {

  /**
   * A program for Spark.
   *
   * @param className its main class, if it is not named by its file
   * @param file a jar, a Python file, or {@link #NO_FILE}
   * @param args its arguments
   * @param proxyUser whom to run it as, if not as the server's user
   */
  record Program(
      Optional<String> className, String file, List<String> args, Optional<String> proxyUser) {}

  /** What spark-submit is given in the place of a file when the class is on Spark's class path. */
  static final String NO_FILE = "spark-internal";

  private static final Set<String> FOR_OTHER_MACHINES =
      Set.of(
          "PATH",
          "HOME",
          "USER",
          "LANG",
          "LC_ALL",
          "JAVA_HOME",
          "HADOOP_CONF_DIR",
          "YARN_CONF_DIR",
          "SPARK_CONF_DIR",
          "SPARK_DIST_CLASSPATH",
          "SPARK_SUBMIT_OPTS",
          "PYTHONHASHSEED");

  /** Submitting to a cluster takes this, whatever the program needs there. */
  private static final String SUBMIT_MEMORY = "512m";

  private static final String MAIN_CLASS = "org.apache.spark.deploy.SparkSubmit";
  private static final String ALL_LETTERS_LOCALE = "C.UTF-8";

  /**
   * Returns the process to start. It prints to one stream only.
   *
   * @param directory the program's own, for its files and temporary ones
   */
  ProcessBuilder processBuilder(WorkDirectory directory) throws IOException {
    Path workingDirectory = Files.createDirectory(directory.path().resolve("work"));
    List<String> arguments = arguments(directory);
    Charset encoding = encoding(arguments);
    ProcessBuilder builder =
        new ProcessBuilder().directory(workingDirectory.toFile()).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    SparkJvm.addEnvironment(environment, spark, directory, master);
    environment.put("TMPDIR", directory.path().toString());
    // As Spark's script has it: all Python processes must agree on the hash of a text.
    environment.put("PYTHONHASHSEED", "0");
    if (!encoding.equals(SparkJvm.NATIVE_ENCODING)) {
      environment.put("LC_ALL", ALL_LETTERS_LOCALE);
    }
    if (spark.submitScript().isPresent()) {
      environment.put("JAVA_HOME", SparkJvm.javaHome().toString());
      environment.merge(
          "SPARK_SUBMIT_OPTS",
          SparkJvm.asWord(SparkJvm.temporaryFolderOption(directory)),
          (theirs, ours) -> ours + " " + theirs);
      List<String> command = new ArrayList<>();
      command.add(spark.submitScript().get().toString());
      command.addAll(arguments);
      builder.command("sh", directory.writeShellScript(command, encoding).toString());
    } else {
      List<String> all = jvmOptions(directory, environment);
      all.add(MAIN_CLASS);
      all.addAll(arguments);
      builder.command(
          SparkJvm.java().toString(), "@" + directory.writeJavaArguments(all, encoding));
    }
    if (master.type() == Master.Type.STANDALONE && master.driverOnCluster()) {
      // Spark gives the driver's machine all variables, where those of this one mean nothing.
      environment.keySet().retainAll(FOR_OTHER_MACHINES);
    }
    return builder;
  }

  private List<String> arguments(WorkDirectory directory) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.add("--properties-file");
    arguments.add(directory.writeProperties("spark.properties", settings).toString());
    program
        .proxyUser()
        .ifPresent(
            user -> {
              arguments.add("--proxy-user");
              arguments.add(user);
            });
    program
        .className()
        .ifPresent(
            name -> {
              arguments.add("--class");
              arguments.add(name);
            });
    arguments.add(program.file());
    arguments.addAll(program.args());
    return arguments;
  }

  /** Returns the system's encoding, or else, for letters that it lacks, one that has them all. */
  private static Charset encoding(List<String> arguments) {
    return SparkJvm.NATIVE_ENCODING.newEncoder().canEncode(String.join(" ", arguments))
        ? SparkJvm.NATIVE_ENCODING
        : StandardCharsets.UTF_8;
  }

  private List<String> jvmOptions(WorkDirectory directory, Map<String, String> environment) {
    List<String> options = new ArrayList<>();
    // The options that are asked for are the driver's.
    options.add("-Xmx" + (master.driverOnCluster() ? SUBMIT_MEMORY : SparkJvm.memory(settings)));
    options.addAll(SparkJvm.options(directory));
    if (!master.driverOnCluster()) {
      options.addAll(SparkJvm.askedOptions(settings));
    }
    options.add("-cp");
    options.add(String.join(File.pathSeparator, classPath(environment)));
    return options;
  }

  /** Returns Spark's jars with what Spark's own launcher puts before and behind them. */
  private List<String> classPath(Map<String, String> environment) {
    List<String> classPath = new ArrayList<>();
    if (!master.driverOnCluster()) {
      classPath.add(settings.getOrDefault("spark.driver.extraClassPath", ""));
    }
    classPath.add(configuration.toString());
    spark.jars().forEach(jar -> classPath.add(jar.toString()));
    for (String more : List.of("HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_DIST_CLASSPATH")) {
      classPath.add(environment.getOrDefault(more, ""));
    }
    // An empty entry would be the working directory.
    classPath.removeIf(String::isEmpty);
    return classPath;
  }
}
