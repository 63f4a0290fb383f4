package io.polybius.server.config;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.Kind;
import io.polybius.session.LaunchProfile;
import io.polybius.session.LaunchProfiles;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The family of settings that make launch profiles: {@code polybius.profile.NAME.KEY}. */
final class ProfileSettings {

  static final String PREFIX = "polybius.profile.";
  private static final String SPARK = "spark.";
  private static final Pattern KEY = Pattern.compile("polybius\\.profile\\.([^.]*)\\.(.+)");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  private static final Setting<String> TITLE =
      new Setting<>("title", SettingType.HEADER, "", "How people read it. Without it, NAME.");

  private static final Setting<Optional<List<Kind>>> KINDS =
      new Setting<>(
          "kinds",
          SettingType.optional(SettingType.KINDS),
          "",
          "Languages of which notebooks are offered a kernel with this profile. Without it, Scala,"
              + " Python, R and SQL.");

  private static final Setting<Optional<String>> NAMED_SPARK =
      new Setting<>(
          ApplicationSettings.SPARK,
          SettingType.optional(SettingType.TEXT),
          "",
          "The Spark, by its name in `polybius.sparks`.");

  private static final Setting<Optional<String>> DRIVER_MEMORY =
      new Setting<>(
          "driver-memory",
          SettingType.optional(SettingType.MEMORY),
          "",
          "Memory of the driver: `driverMemory` of a request.");

  private static final Setting<Optional<Integer>> DRIVER_CORES =
      new Setting<>(
          "driver-cores",
          SettingType.optional(SettingType.COUNT),
          "",
          "Cores of the driver: `driverCores` of a request.");

  private static final Setting<Optional<String>> EXECUTOR_MEMORY =
      new Setting<>(
          "executor-memory",
          SettingType.optional(SettingType.MEMORY),
          "",
          "Memory of each executor: `executorMemory` of a request.");

  private static final Setting<Optional<Integer>> EXECUTOR_CORES =
      new Setting<>(
          "executor-cores",
          SettingType.optional(SettingType.COUNT),
          "",
          "Cores of each executor: `executorCores` of a request.");

  private static final Setting<Optional<Integer>> NUM_EXECUTORS =
      new Setting<>(
          "num-executors",
          SettingType.optional(SettingType.COUNT),
          "",
          "How many executors: `numExecutors` of a request.");

  private static final Setting<Optional<String>> QUEUE =
      new Setting<>(
          "queue",
          SettingType.optional(SettingType.TEXT),
          "",
          "The queue of YARN: `queue` of a request.");

  private static final Setting<Optional<String>> MASTER =
      new Setting<>(
          "spark.master",
          SettingType.optional(SettingType.TEXT),
          "",
          "Where Spark runs its jobs, in place of `livy.spark.master`.");

  private static final Setting<Optional<String>> DEPLOY_MODE =
      new Setting<>(
          "spark.submit.deployMode",
          SettingType.optional(SettingType.DEPLOY_MODE),
          "",
          "Where the driver runs, in place of `livy.spark.deploy-mode`.");

  /** Those with a name of their own; their keys follow that of a profile. */
  static final List<Setting<?>> SETTINGS =
      List.of(
          TITLE,
          KINDS,
          NAMED_SPARK,
          DRIVER_MEMORY,
          DRIVER_CORES,
          EXECUTOR_MEMORY,
          EXECUTOR_CORES,
          NUM_EXECUTORS,
          QUEUE,
          MASTER,
          DEPLOY_MODE);

  private ProfileSettings() {}

  /** Returns whether that is the key of something that can be set of a profile. */
  static boolean isKey(String key) {
    Matcher parts = KEY.matcher(key);
    return parts.matches()
        && NAME.matcher(parts.group(1)).matches()
        && (isSparkSetting(parts.group(2))
            || SETTINGS.stream().anyMatch(setting -> setting.key().equals(parts.group(2))));
  }

  private static boolean isSparkSetting(String key) {
    return key.startsWith(SPARK) && key.length() > SPARK.length();
  }

  /** Returns the keys that could be meant by one that is none, where it begins like these. */
  static List<String> keysLike(String unknown) {
    if (!unknown.startsWith(PREFIX)) {
      return List.of();
    }
    Matcher parts = KEY.matcher(unknown);
    String name =
        parts.matches() && NAME.matcher(parts.group(1)).matches() ? parts.group(1) : "NAME";
    return SETTINGS.stream().map(setting -> PREFIX + name + "." + setting.key()).toList();
  }

  /**
   * Reads all profiles.
   *
   * @param usual the setting of the name of the usual one
   * @param sparks the names of the Sparks that there are
   */
  static LaunchProfiles read(
      SettingValues values, Setting<Optional<String>> usual, Set<String> sparks) {
    Map<String, Map<String, String>> texts = new LinkedHashMap<>();
    values
        .below(PREFIX)
        .forEach(
            (key, text) -> {
              Matcher parts = KEY.matcher(PREFIX + key);
              if (parts.matches()) {
                texts
                    .computeIfAbsent(parts.group(1), name -> new HashMap<>())
                    .put(parts.group(2), text);
              }
            });
    List<LaunchProfile> profiles = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    texts.forEach(
        (name, own) -> {
          if (!names.add(name.toLowerCase(Locale.ROOT))) {
            values.addProblem(
                "%s%s: there is a launch profile whose name differs in capitals only, which do not"
                        .formatted(PREFIX, name)
                    + " count in names of kernels.");
          }
          profiles.add(profile(values, name, own, sparks));
        });
    Optional<String> usualName = values.get(usual);
    if (usualName.isPresent() && !texts.containsKey(usualName.get())) {
      values.refuse(
          usual.key(),
          texts.isEmpty()
              ? usual.type().description() + ", of which there are none"
              : "one of " + String.join(", ", texts.keySet()));
    }
    return new LaunchProfiles(profiles, usualName);
  }

  private static LaunchProfile profile(
      SettingValues values, String name, Map<String, String> texts, Set<String> sparks) {
    Map<String, String> conf = new HashMap<>();
    texts.forEach(
        (key, text) -> {
          if (isSparkSetting(key)) {
            conf.put(key, text.strip());
          }
        });
    ApplicationSettings fields =
        new ApplicationSettings(
            Optional.empty(),
            Optional.empty(),
            values.get(of(name, DRIVER_MEMORY)),
            number(values.get(of(name, DRIVER_CORES))),
            values.get(of(name, EXECUTOR_MEMORY)),
            number(values.get(of(name, EXECUTOR_CORES))),
            number(values.get(of(name, NUM_EXECUTORS))),
            values.get(of(name, QUEUE)),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            conf);
    Map<String, String> all = fields.sparkConf(Map.of());
    values.get(of(name, DEPLOY_MODE)).ifPresent(mode -> all.put(DEPLOY_MODE.key(), mode));
    Setting<Optional<String>> named = of(name, NAMED_SPARK);
    Optional<String> spark = values.get(named);
    spark.ifPresent(text -> all.put(ApplicationSettings.SPARK, text));
    if (spark.isPresent() && !sparks.contains(spark.get())) {
      values.refuse(named.key(), "one of " + String.join(", ", new TreeSet<>(sparks)));
    }
    String title = values.get(of(name, TITLE));
    return new LaunchProfile(
        name, title.isEmpty() ? name : title, values.get(of(name, KINDS)), all);
  }

  private static <T> Setting<T> of(String profile, Setting<T> setting) {
    return new Setting<>(
        PREFIX + profile + "." + setting.key(),
        setting.type(),
        setting.defaultText(),
        setting.documentation());
  }

  private static OptionalInt number(Optional<Integer> count) {
    return count.isPresent() ? OptionalInt.of(count.get()) : OptionalInt.empty();
  }
}
