package io.polybius.server.config;

import io.polybius.server.config.LivyKeys.Fate;
import io.polybius.server.config.LivyKeys.LivyKey;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The texts that the sources give for settings, and what is wrong with them. Problems are
 * collected, so that the operator sees all of them at once.
 */
final class SettingValues {

  private static final Logger log = LoggerFactory.getLogger(SettingValues.class);

  private static final String LIVY = "livy.";
  private static final String POLYBIUS = "polybius.";

  /** What the launcher script and the kernelspec's relay take from the environment themselves. */
  private static final List<String> OTHER_VARIABLES =
      List.of(
          "POLYBIUS_HOME",
          "POLYBIUS_DISTRIBUTION",
          "POLYBIUS_JAVA_OPTS",
          "POLYBIUS_TOKEN",
          "POLYBIUS_TOKEN_FILE");

  /**
   * A text for a setting.
   *
   * @param source where it is, to follow its key in messages
   * @param blankIsNothing whether a blank text is as good as none
   */
  private record Given(String text, String source, boolean blankIsNothing) {}

  private final LivyKeys livyKeys = LivyKeys.read();
  private final Map<String, Given> given = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();

  private SettingValues() {}

  /** Reads all sources, the later ones winning. */
  static SettingValues collect(Sources sources) {
    SettingValues values = new SettingValues();
    Map<String, String> properties = new TreeMap<>(sources.systemProperties());
    properties.keySet().removeIf(key -> !key.startsWith(LIVY));
    values.addAll(properties, "a system property", false);
    values.addFile(sources.livyFolder().resolve("livy.conf"), true);
    values.addFile(sources.folder().resolve("polybius.conf"), false);
    values.addEnvironment(sources.environment());
    values.addAll(sources.commandLine(), "on the command line", false);
    values.judgeKeysOfLivy();
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
      if (!text.text().isBlank() || !text.blankIsNothing()) {
        refuse(setting.key(), setting.type().description());
      }
      return setting.defaultValue();
    }
  }

  /** Notes as a problem that the value given for a key is not what was expected. */
  void refuse(String key, String expected) {
    Given value = given.get(key);
    String text = value == null || value.text().isBlank() ? "(nothing)" : value.text().strip();
    problems.add(
        "%s = %s (%s): expected %s."
            .formatted(key, text, value == null ? "not set" : value.source(), expected));
  }

  /** Notes a problem, which is a sentence for the operator. */
  void addProblem(String problem) {
    problems.add(problem);
  }

  /** Returns the texts that are given for keys with that beginning, by the rest of each key. */
  Map<String, String> below(String prefix) {
    Map<String, String> texts = new TreeMap<>();
    given.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            texts.put(key.substring(prefix.length()), value.text());
          }
        });
    return texts;
  }

  /** Returns the keys in a file of properties; none when it is missing. */
  Set<String> keysIn(Path file) {
    return Set.copyOf(read(file).keySet());
  }

  /** Something that is read from files beside those of the settings. */
  @FunctionalInterface
  interface Part<T> {
    /** Reads it; the exception's message is a sentence for the operator. */
    T read() throws IOException;
  }

  /** Returns what a part has to say, or something else when it cannot be read: a problem. */
  <T> T read(Part<T> part, T otherwise) {
    try {
      return part.read();
    } catch (IOException e) {
      problems.add(e.getMessage());
      return otherwise;
    }
  }

  /** Ends the reading: throws if there was any problem. */
  void refuseProblems() throws ConfigException {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  private void addFile(Path file, boolean ofLivy) {
    Map<String, String> texts = read(file);
    if (ofLivy) {
      texts
          .keySet()
          .removeIf(
              key -> {
                boolean foreign = !key.startsWith(LIVY) && !key.startsWith(POLYBIUS);
                if (foreign) {
                  log.warn(
                      "{} is ignored: it is in {}, but is no setting of the server", key, file);
                }
                return foreign;
              });
    }
    // Livy's own template is full of keys with nothing behind them.
    addAll(texts, "in " + file, ofLivy);
  }

  private Map<String, String> read(Path file) {
    Map<String, String> texts = new TreeMap<>();
    if (!Files.exists(file)) {
      return texts;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      problems.add("%s cannot be read: %s".formatted(file, e));
    }
    properties.stringPropertyNames().forEach(key -> texts.put(key, properties.getProperty(key)));
    return texts;
  }

  private void addEnvironment(Map<String, String> environment) {
    Map<String, String> keys =
        ServerConfig.SETTINGS.stream()
            .collect(Collectors.toMap(Setting::environmentVariable, Setting::key));
    for (String variable : new TreeSet<>(environment.keySet())) {
      String key = keys.get(variable);
      if (key != null) {
        given.put(
            key, new Given(environment.get(variable), "environment variable " + variable, false));
      } else if (variable.startsWith("POLYBIUS_") && !OTHER_VARIABLES.contains(variable)) {
        // Not refused: Kubernetes makes such variables for every service named "polybius".
        log.warn("environment variable {} is ignored: it is no setting of the server", variable);
      }
    }
  }

  private void addAll(Map<String, String> texts, String source, boolean blankIsNothing) {
    texts.forEach(
        (key, text) -> {
          Optional<LivyKey> livyKey = livyKeys.find(key);
          Given value = new Given(text, source, blankIsNothing);
          if (livyKey.isPresent() && livyKey.get().fate() == Fate.OLD) {
            String now = livyKey.get().details();
            log.warn("{} ({}) is called {} now", key, source, now);
            if (!texts.containsKey(now)) {
              given.put(now, value);
            }
          } else if (livyKey.isPresent() || isSetting(key) || ProfileSettings.isKey(key)) {
            given.put(key, value);
          } else {
            problems.add(
                "%s (%s) is no setting; the nearest one is %s."
                    .formatted(key, source, nearest(key)));
          }
        });
  }

  private void judgeKeysOfLivy() {
    given.forEach(
        (key, value) -> {
          LivyKey livyKey = livyKeys.find(key).orElse(null);
          if (livyKey == null || livyKey.needsNoWord(value.text())) {
            return;
          }
          if (livyKey.fate() == Fate.IGNORED) {
            log.warn("{} ({}) has no effect: {}", key, value.source(), livyKey.reason());
          } else {
            // The value can be a password.
            problems.add(
                "%s (%s) is not supported yet: %s. Remove it%s."
                    .formatted(
                        key,
                        value.source(),
                        livyKey.reason(),
                        livyKey.details().isEmpty() ? "" : ", or set it to " + livyKey.details()));
          }
        });
  }

  private static boolean isSetting(String key) {
    return ServerConfig.SETTINGS.stream().anyMatch(setting -> setting.key().equals(key));
  }

  private String nearest(String unknown) {
    boolean isWhole = unknown.startsWith(LIVY) || unknown.startsWith(POLYBIUS);
    String key = isWhole ? unknown : "livy.server." + unknown;
    Stream<String> others =
        livyKeys.all().stream()
            .filter(known -> !known.isFamily() && known.fate() != Fate.OLD)
            .map(LivyKey::key);
    List<String> ofProfiles = ProfileSettings.keysLike(unknown);
    return (ofProfiles.isEmpty()
            ? Stream.concat(ServerConfig.SETTINGS.stream().map(Setting::key), others)
            : ofProfiles.stream())
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
