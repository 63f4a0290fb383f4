package io.polybius.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an operator lets users submit: which Spark settings they may set, and which files of the
 * server's machine they may have Spark read. Paths come out of {@link #check} in a form that means
 * the same file to every part of Spark.
 */
public final class SubmissionRules {

  /** Rules that let everything through as it is. */
  public static final SubmissionRules NONE = new SubmissionRules();

  /** With these a user could run own code inside {@code spark-submit}, as the server's user. */
  private static final List<String> CUSTOM_CLASSPATH =
      List.of(
          "spark.submit.deployMode", "spark.submit.proxyUser.allowCustomClasspathInClusterMode");

  /** Lists of files; Livy takes paths without a scheme to be of the default file system. */
  private static final List<String> FILE_LISTS =
      List.of(
          "spark.jars",
          "spark.files",
          "spark.archives",
          "spark.submit.pyFiles",
          "spark.yarn.archive",
          "spark.yarn.jar",
          "spark.yarn.jars",
          "spark.yarn.dist.archives",
          "spark.yarn.dist.files",
          "spark.yarn.dist.jars",
          "spark.yarn.dist.pyFiles");

  /** Single files; Spark takes paths without a scheme to be of the machine that submits. */
  private static final List<String> FILES =
      List.of(
          "spark.jars.ivySettings",
          "spark.kerberos.keytab",
          "spark.kubernetes.driver.podTemplateFile",
          "spark.kubernetes.executor.podTemplateFile",
          "spark.kubernetes.kerberos.krb5.path",
          "spark.metrics.conf",
          "spark.yarn.keytab");

  /** Credentials that {@code spark-submit} reads, and not those that are mounted in a pod. */
  private static final Pattern KUBERNETES_CREDENTIAL =
      Pattern.compile(
          "spark\\.kubernetes\\.authenticate\\.((submission|driver)\\.)?\\w+File",
          Pattern.CASE_INSENSITIVE);

  /** A mount table makes URIs of another file system mean whatever it says. */
  private static final String MOUNT_TABLE = "spark.hadoop.fs.viewfs.mounttable.";

  private static final Pattern FILE_SYSTEM_CLASS =
      Pattern.compile("spark\\.hadoop\\.fs\\..*\\.impl", Pattern.CASE_INSENSITIVE);

  /** File systems that hand out the files of another one, which can be the local one. */
  private static final Pattern WRAPPING_CLASS =
      Pattern.compile("(Local|Proxy|View|Filter|Har)[\\w$]*\\s*$");

  private static final Pattern JAVA_OPTIONS =
      Pattern.compile("spark\\..*JavaOptions", Pattern.CASE_INSENSITIVE);

  /** A Spark setting as an option of the JVM, which Spark takes as well. */
  private static final Pattern SETTING_AS_OPTION = Pattern.compile("-D(spark\\.[^\\s=]+)");

  /** What ends a key or is cut off from it where settings are written as text. */
  private static final Pattern NO_KEY = Pattern.compile("[\\p{Cc}\\p{Z}=]");

  private static final Map<String, String> RENAMED = renamedKeys();

  private final boolean unrestricted;
  private final Set<String> forbidden = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> fileLists = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> files = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> sparks;
  private final LaunchProfiles profiles;
  private final SubmittedPaths paths;

  /**
   * What an operator can choose about submissions.
   *
   * @param forbiddenKeys Spark settings that users may not set
   * @param localFolders folders of this machine whose files users may name
   * @param defaultFileSystem the URI of the file system of paths that name none, such as {@code
   *     hdfs://nn:8020} or {@code file:///}
   * @param moreFileLists further Spark settings whose values are lists of files
   * @param allowCustomClasspath whether users may set what lets them put code of their own before
   *     Spark's
   * @param sparks the names of the Sparks that there are to choose from
   * @param profiles the launch profiles that there are to choose from
   */
  public record Options(
      Set<String> forbiddenKeys,
      List<Path> localFolders,
      String defaultFileSystem,
      List<String> moreFileLists,
      boolean allowCustomClasspath,
      Set<String> sparks,
      LaunchProfiles profiles) {

    /** Copies the collections. */
    public Options {
      forbiddenKeys = Set.copyOf(forbiddenKeys);
      localFolders = localFolders.stream().map(Path::toAbsolutePath).toList();
      moreFileLists = List.copyOf(moreFileLists);
      sparks = Set.copyOf(sparks);
    }
  }

  /**
   * Makes the rules of an operator.
   *
   * @throws IllegalArgumentException if the default file system is no URI with a scheme
   */
  public SubmissionRules(Options options) {
    unrestricted = false;
    options.forbiddenKeys().forEach(key -> forbidden.add(currentName(key)));
    if (!options.allowCustomClasspath()) {
      forbidden.addAll(CUSTOM_CLASSPATH);
    }
    fileLists.addAll(FILE_LISTS);
    fileLists.addAll(options.moreFileLists());
    files.addAll(FILES);
    files.removeAll(fileLists);
    sparks = options.sparks();
    profiles = options.profiles();
    paths = new SubmittedPaths(options.localFolders(), options.defaultFileSystem());
  }

  private SubmissionRules() {
    unrestricted = true;
    sparks = Set.of();
    profiles = LaunchProfiles.NONE;
    paths = new SubmittedPaths(List.of(), "file:///");
  }

  /** Returns the launch profiles that there are to choose from. */
  public LaunchProfiles profiles() {
    return profiles;
  }

  /**
   * Checks what a session was asked for with.
   *
   * @return the same settings with the files that Spark is to read, and with those of the launch
   *     profile
   * @throws SessionException with {@link ErrorCode#REJECTED} if they break a rule
   */
  public SessionSettings check(SessionSettings settings) {
    return unrestricted ? settings : settings.withApplication(checked(settings.application()));
  }

  /**
   * Checks what a batch was asked for with.
   *
   * @return the same settings with the files that Spark is to read, and with those of the launch
   *     profile
   * @throws SessionException with {@link ErrorCode#REJECTED} if they break a rule
   */
  public BatchSettings check(BatchSettings settings) {
    if (unrestricted) {
      return settings;
    }
    ApplicationSettings application = checked(settings.application());
    String file = settings.file().strip();
    if (file.isEmpty()) {
      throw SubmittedPaths.failed("File is required.");
    }
    return settings.with(paths.resolve(file), application);
  }

  /**
   * Checks where something is that is to be added to a session.
   *
   * @return the URI by which a driver finds it
   * @throws SessionException with {@link ErrorCode#BAD_RESOURCE} if users may not add it
   */
  public String checkResource(String uri) {
    try {
      return unrestricted ? uri : paths.resolve(uri.strip());
    } catch (SessionException e) {
      throw new SessionException(ErrorCode.BAD_RESOURCE, e.getMessage());
    }
  }

  private ApplicationSettings checked(ApplicationSettings asked) {
    refuseForbidden(asked.conf());
    refuseUnknownSpark(asked);
    Optional<LaunchProfile> profile = profiles.of(asked);
    Map<String, String> conf = resolved(asked.conf());
    // Where Spark runs is the operator's affair: the profile's, or the server's.
    conf.remove(ApplicationSettings.MASTER);
    profile.ifPresent(chosen -> addWhatIsNotAskedFor(conf, chosen.conf()));
    return asked.with(
        resolved(asked.jars()),
        resolved(asked.pyFiles()),
        resolved(asked.files()),
        resolved(asked.archives()),
        conf);
  }

  /** A setting of the user's counts whichever of its names it was given. */
  private static void addWhatIsNotAskedFor(Map<String, String> conf, Map<String, String> more) {
    Set<String> asked =
        conf.keySet().stream().map(SubmissionRules::currentName).collect(Collectors.toSet());
    more.forEach(
        (key, value) -> {
          if (!asked.contains(currentName(key))) {
            conf.put(key, value);
          }
        });
  }

  private void refuseForbidden(Map<String, String> conf) {
    Set<String> found = new TreeSet<>();
    conf.forEach(
        (key, value) -> {
          if (NO_KEY.matcher(key).find() || value.indexOf('\0') >= 0) {
            throw SubmittedPaths.failed(
                "'%s' is no setting of Spark.".formatted(SubmittedPaths.printable(key)));
          }
          if (forbidden.contains(currentName(key)) || redirectsFiles(key, value)) {
            found.add(key);
          }
          if (JAVA_OPTIONS.matcher(key).matches()) {
            // Quotes and backslashes are gone when the JVM sees the options.
            Matcher option = SETTING_AS_OPTION.matcher(value.replaceAll("[\"'\\\\]", ""));
            option
                .results()
                .map(match -> match.group(1))
                .filter(this::isGuarded)
                .forEach(found::add);
          }
        });
    if (!found.isEmpty()) {
      throw new SessionException(
          ErrorCode.REJECTED,
          "Blacklisted configuration values in session config: " + String.join(", ", found));
    }
  }

  private void refuseUnknownSpark(ApplicationSettings asked) {
    asked
        .spark()
        .filter(name -> !sparks.contains(name))
        .ifPresent(
            name -> {
              throw new SessionException(
                  ErrorCode.REJECTED,
                  "There is no Spark '%s' here. %s can be: %s"
                      .formatted(
                          SubmittedPaths.printable(name),
                          ApplicationSettings.SPARK,
                          String.join(", ", new TreeSet<>(sparks))));
            });
  }

  private boolean isGuarded(String key) {
    return forbidden.contains(currentName(key))
        || fileLists.contains(key)
        || isFile(key)
        || redirectsFiles(key, "Local");
  }

  private boolean isFile(String key) {
    return files.contains(key) || KUBERNETES_CREDENTIAL.matcher(key).matches();
  }

  private static boolean redirectsFiles(String key, String value) {
    return key.regionMatches(true, 0, MOUNT_TABLE, 0, MOUNT_TABLE.length())
        || (FILE_SYSTEM_CLASS.matcher(key).matches() && WRAPPING_CLASS.matcher(value).find());
  }

  private Map<String, String> resolved(Map<String, String> conf) {
    Map<String, String> resolved = new HashMap<>();
    conf.forEach((key, value) -> resolved.put(key, resolved(key, value)));
    return resolved;
  }

  private String resolved(String key, String value) {
    if (fileLists.contains(key)) {
      return String.join(",", resolved(Arrays.asList(value.split("[,\\s]+"))));
    }
    String file = value.strip();
    return isFile(key) && !file.isEmpty() ? paths.resolveLocal(file) : value;
  }

  private List<String> resolved(Collection<String> list) {
    // Spark joins lists with commas, and takes them apart at each comma.
    return list.stream()
        .flatMap(element -> Stream.of(element.split(",")))
        .map(String::strip)
        .filter(element -> !element.isEmpty())
        .map(paths::resolve)
        .toList();
  }

  /** Spark and Livy still take settings by names that they had in earlier releases. */
  private static String currentName(String key) {
    return key.startsWith("livy.") ? key.replace('_', '-') : RENAMED.getOrDefault(key, key);
  }

  private static Map<String, String> renamedKeys() {
    Properties renamed = new Properties();
    try (InputStream file =
        SubmissionRules.class.getResourceAsStream("renamed-spark-settings.properties")) {
      renamed.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> names = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    renamed.stringPropertyNames().forEach(old -> names.put(old, renamed.getProperty(old)));
    return names;
  }
}
