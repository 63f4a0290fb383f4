package io.polybius.kernel.http;

import io.polybius.kernel.wire.MalformedMessageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Options as {@code spark-submit} takes them, as the Spark settings that they stand for. They come
 * from clients, and are checked like the settings of any other client.
 */
final class SparkOptions {

  private static final String CONF = "--conf";

  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("--name", "spark.app.name"),
          Map.entry("--master", "spark.master"),
          Map.entry("--deploy-mode", "spark.submit.deployMode"),
          Map.entry("--driver-memory", "spark.driver.memory"),
          Map.entry("--driver-cores", "spark.driver.cores"),
          Map.entry("--driver-java-options", "spark.driver.extraJavaOptions"),
          Map.entry("--driver-class-path", "spark.driver.extraClassPath"),
          Map.entry("--driver-library-path", "spark.driver.extraLibraryPath"),
          Map.entry("--executor-memory", "spark.executor.memory"),
          Map.entry("--executor-cores", "spark.executor.cores"),
          Map.entry("--num-executors", "spark.executor.instances"),
          Map.entry("--total-executor-cores", "spark.cores.max"),
          Map.entry("--queue", "spark.yarn.queue"),
          Map.entry("--jars", "spark.jars"),
          Map.entry("--py-files", "spark.submit.pyFiles"),
          Map.entry("--files", "spark.files"),
          Map.entry("--archives", "spark.archives"),
          Map.entry("--packages", "spark.jars.packages"),
          Map.entry("--exclude-packages", "spark.jars.excludes"),
          Map.entry("--repositories", "spark.jars.repositories"),
          Map.entry("--principal", "spark.kerberos.principal"),
          Map.entry("--keytab", "spark.kerberos.keytab"));

  private SparkOptions() {}

  /**
   * Reads a line of options.
   *
   * @return the settings and their values
   * @throws MalformedMessageException if there is something in it that is no such option
   */
  static Map<String, String> parse(String line) throws MalformedMessageException {
    Map<String, String> settings = new HashMap<>();
    List<String> words = words(line);
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      int equals = word.startsWith("--") ? word.indexOf('=') : -1;
      String option = equals < 0 ? word : word.substring(0, equals);
      String name = option.equals("-c") ? CONF : option;
      if (!name.equals(CONF) && !SETTINGS.containsKey(name)) {
        throw new MalformedMessageException(
            name.startsWith("-")
                ? "the option " + printable(name) + " is not supported here"
                : "an option was expected, and not " + printable(name));
      }
      if (equals < 0 && i + 1 == words.size()) {
        throw new MalformedMessageException(name + " needs a value");
      }
      String value = equals < 0 ? words.get(++i) : word.substring(equals + 1);
      if (name.equals(CONF)) {
        putConf(settings, value);
      } else {
        settings.put(Optional.ofNullable(SETTINGS.get(name)).orElse(name), value);
      }
    }
    return settings;
  }

  private static void putConf(Map<String, String> settings, String text)
      throws MalformedMessageException {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new MalformedMessageException("--conf needs key=value, and not " + printable(text));
    }
    settings.put(text.substring(0, equals), text.substring(equals + 1));
  }

  /** Takes a line apart at its blanks; quotes keep them. */
  private static List<String> words(String line) throws MalformedMessageException {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (char c : line.toCharArray()) {
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        inWord = true;
      } else if (Character.isWhitespace(c)) {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
      } else {
        word.append(c);
        inWord = true;
      }
    }
    if (quote != 0) {
      throw new MalformedMessageException("a quote is not closed");
    }
    if (inWord) {
      words.add(word.toString());
    }
    return words;
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
