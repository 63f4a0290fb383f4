package io.polybius.launch;

import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What each JVM with a Spark in it is started with, be it of a driver or of spark-submit. */
final class SparkJvm {

  static final String DEFAULT_MEMORY = "1g";

  /** The encoding in which the JVM of this machine reads its arguments. */
  static final Charset NATIVE_ENCODING = Charset.forName(System.getProperty("native.encoding"));

  /** The options by which Spark's own launcher opens what Spark needs on JDK 17. */
  static final List<String> OPENED =
      Stream.of(
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
              "java.security.jgss/sun.security.krb5")
          .map(opened -> "--add-opens=" + opened + "=ALL-UNNAMED")
          .toList();

  private static final char NO_QUOTE = 0;

  private SparkJvm() {}

  /** Returns the folder of the JDK: that of this process. */
  static Path javaHome() {
    return Path.of(System.getProperty("java.home"));
  }

  /** Returns the program that starts a JVM. */
  static Path java() {
    return javaHome().resolve("bin").resolve("java");
  }

  /** Returns the JVM options that Spark needs, whatever is asked for. */
  static List<String> options(WorkDirectory directory) {
    List<String> options = new ArrayList<>();
    options.add("-XX:+IgnoreUnrecognizedVMOptions");
    options.addAll(OPENED);
    options.add("-Djdk.reflect.useDirectMethodHandle=false");
    options.add(temporaryFolderOption(directory));
    return options;
  }

  /** Returns the JVM option that keeps temporary files in a directory. */
  static String temporaryFolderOption(WorkDirectory directory) {
    return "-Djava.io.tmpdir=" + directory.path();
  }

  /**
   * Returns the size of the heap that these settings ask for, in the JVM's words: Spark writes mb
   * where the JVM writes m, and means megabytes when there is no unit.
   */
  static String memory(Map<String, String> settings) {
    String size = settings.getOrDefault("spark.driver.memory", DEFAULT_MEMORY);
    String lower = size.strip().toLowerCase(Locale.ROOT);
    if (lower.matches("\\d+")) {
      return lower + "m";
    }
    return lower.endsWith("b") ? lower.substring(0, lower.length() - 1) : lower;
  }

  /** Returns the JVM options that these settings ask for. */
  static List<String> askedOptions(Map<String, String> settings) {
    List<String> options = new ArrayList<>();
    for (String key : List.of("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions")) {
      options.addAll(words(settings.getOrDefault(key, "")));
    }
    return options;
  }

  /** Sets the variables that Spark needs in the environment of a process. */
  static void addEnvironment(
      Map<String, String> environment,
      SparkInstallation spark,
      WorkDirectory directory,
      Master master) {
    if (master.isLocal()) {
      // Spark's own ports stay on this machine, like those of the server, unless the operator says.
      environment.putIfAbsent("SPARK_LOCAL_IP", "127.0.0.1");
    }
    environment.put("SPARK_LOCAL_DIRS", directory.path().resolve("spark").toString());
    environment.put("SPARK_HOME", spark.home().toString());
  }

  /** Returns a text as one word among others, whatever is in it. */
  static String asWord(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /**
   * Takes a text apart as Spark's own launcher does: at blanks that are not within quotes. But for
   * single quotes, a backslash takes away the meaning of what follows it.
   */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean begun = false;
    char quote = NO_QUOTE;
    for (int i = 0; i < text.length(); i++) {
      char next = text.charAt(i);
      if (quote == NO_QUOTE && Character.isWhitespace(next)) {
        if (begun) {
          words.add(word.toString());
          word.setLength(0);
          begun = false;
        }
        continue;
      }
      begun = true;
      if (next == '\\' && quote != '\'' && i + 1 < text.length()) {
        i++;
        word.append(text.charAt(i));
      } else if (next == quote) {
        quote = NO_QUOTE;
      } else if (quote == NO_QUOTE && (next == '"' || next == '\'')) {
        quote = next;
      } else {
        word.append(next);
      }
    }
    if (begun) {
      words.add(word.toString());
    }
    return words;
  }
}
