package io.polybius.server.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The texts that the sources give for settings, and what is wrong with them. Problems are
 * collected, so that the operator sees all of them at once.
 */
final class SettingValues {

  private static final Logger log = LoggerFactory.getLogger(SettingValues.class);

  private static final String COMMAND_LINE = "on the command line";

  /** What the launcher script and the kernelspec's relay take from the environment themselves. */
  private static final List<String> OTHER_VARIABLES =
      List.of(
          "POLYBIUS_HOME",
          "POLYBIUS_DISTRIBUTION",
          "POLYBIUS_JAVA_OPTS",
          "POLYBIUS_TOKEN",
          "POLYBIUS_TOKEN_FILE");

  /** Spellings of early Livy releases, which Livy still takes. */
  private static final Map<String, String> OLD_KEYS =
      Map.of(
          "livy.server.csrf_protection.enabled", ServerConfig.CSRF_PROTECTION.key(),
          "livy.rsc.retained_statements", ServerConfig.RETAINED_STATEMENTS.key(),
          "livy.rsc.server.idle_timeout", ServerConfig.DRIVER_IDLE_TIMEOUT.key());

  private record Given(String text, String source) {}

  private final Map<String, Given> given = new HashMap<>();
  private final List<String> problems = new ArrayList<>();

  private SettingValues() {}

  /** Reads all sources, the later ones winning. */
  static SettingValues collect(
      Path home, Map<String, String> environment, Map<String, String> commandLine) {
    SettingValues values = new SettingValues();
    Path conf = home.resolve("conf");
    Path livyConf =
        Optional.ofNullable(environment.get("LIVY_CONF_DIR"))
            .filter(folder -> !folder.isBlank())
            .map(Path::of)
            .orElse(conf);
    values.addFile(livyConf.resolve("livy.conf"), true);
    values.addFile(conf.resolve("polybius.conf"), false);
    values.addEnvironment(environment);
    commandLine.forEach((key, text) -> values.add(key, text, COMMAND_LINE));
    return values;
  }

  /** Returns a setting's value; its default when the given text is wrong, which is a problem. */
  <T> T get(Setting<T> setting) {
    Given text = given.get(setting.key());
    if (text == null) {
      return setting.defaultValue();
    }
    try {
      return setting.type().parse(text.text());
    } catch (IllegalArgumentException e) {
      problems.add(
          "%s = %s (%s): expected %s."
              .formatted(
                  setting.key(),
                  text.text().isBlank() ? "(nothing)" : text.text().strip(),
                  text.source(),
                  setting.type().description()));
      return setting.defaultValue();
    }
  }

  /** Ends the reading: throws if there was any problem. */
  void refuseProblems() throws ConfigException {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  private void addFile(Path file, boolean othersMayShareIt) {
    if (!Files.exists(file)) {
      return;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      problems.add("%s cannot be read: %s".formatted(file, e));
      return;
    }
    for (String key : new TreeSet<>(properties.stringPropertyNames())) {
      if (othersMayShareIt && !isOurs(key)) {
        log.warn("{} is ignored: it is in {}, but is no setting of the server", key, file);
      } else {
        add(key, properties.getProperty(key), "in " + file);
      }
    }
  }

  private void addEnvironment(Map<String, String> environment) {
    Map<String, String> keys =
        ServerConfig.SETTINGS.stream()
            .collect(Collectors.toMap(Setting::environmentVariable, Setting::key));
    for (String variable : new TreeSet<>(environment.keySet())) {
      String key = keys.get(variable);
      if (key != null) {
        add(key, environment.get(variable), "environment variable " + variable);
      } else if (variable.startsWith("POLYBIUS_") && !OTHER_VARIABLES.contains(variable)) {
        // Not refused: Kubernetes makes such variables for every service named "polybius".
        log.warn("environment variable {} is ignored: it is no setting of the server", variable);
      }
    }
  }

  private void add(String key, String text, String source) {
    if (ServerConfig.SETTINGS.stream().anyMatch(setting -> setting.key().equals(key))) {
      given.put(key, new Given(text, source));
    } else if (OLD_KEYS.containsKey(key)) {
      log.warn("{} ({}) is called {} now", key, source, OLD_KEYS.get(key));
      given.put(OLD_KEYS.get(key), new Given(text, source));
    } else if (isKnownToLivy(key)) {
      problems.add(
          "%s (%s) is a setting of Livy that is not supported here yet; remove it."
              .formatted(key, source));
    } else {
      problems.add(
          "%s (%s) is no setting; the nearest one is %s.".formatted(key, source, nearest(key)));
    }
  }

  private static boolean isOurs(String key) {
    return key.startsWith("livy.") || key.startsWith("polybius.");
  }

  private static boolean isKnownToLivy(String key) {
    return livyKeys().stream()
        .anyMatch(
            known ->
                known.endsWith("*")
                    ? key.startsWith(known.substring(0, known.length() - 1))
                    : key.equals(known));
  }

  private static List<String> livyKeys() {
    try (InputStream keys = SettingValues.class.getResourceAsStream("livy-keys.txt")) {
      return new String(keys.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String nearest(String key) {
    return ServerConfig.SETTINGS.stream()
        .map(Setting::key)
        .min(Comparator.comparingInt(known -> distance(key, known)))
        .orElseThrow();
  }

  /** How many letters have to be put in, taken out or replaced to make one text the other. */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int column = 0; column <= other.length(); column++) {
      row[column] = column;
    }
    for (int line = 1; line <= one.length(); line++) {
      int diagonal = row[0];
      row[0] = line;
      for (int column = 1; column <= other.length(); column++) {
        int replaced = diagonal + (one.charAt(line - 1) == other.charAt(column - 1) ? 0 : 1);
        diagonal = row[column];
        row[column] = Math.min(replaced, 1 + Math.min(row[column], row[column - 1]));
      }
    }
    return row[other.length()];
  }
}
