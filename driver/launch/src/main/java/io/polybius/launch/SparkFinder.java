package io.polybius.launch;

import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the Spark to use: the one that the operator chose, else that of {@code SPARK_HOME}, else
 * the {@code pyspark} package of the {@code python3} on the path, else the one that comes with the
 * server. Beside it there can be Sparks with names, of which the one is used that is asked for.
 */
public final class SparkFinder {

  /** The setting by which an operator names a Spark. */
  public static final String SETTING = "livy.server.spark-home";

  /** The setting by which an operator gives names to Sparks. */
  public static final String NAMES = "polybius.sparks";

  /** The name of the Spark that comes with the server, unless the operator gave it to another. */
  public static final String EMBEDDED = "embedded";

  private static final Pattern CORE_JAR =
      Pattern.compile("spark-core_(\\d+\\.\\d+)-(\\d+\\.\\d+\\.\\d+.*)\\.jar");
  private static final Pattern SCALA_JAR =
      Pattern.compile("scala-library-(\\d+\\.\\d+\\.\\d+)\\.jar");
  private static final Pattern REPL_JAR = Pattern.compile("spark-repl_.*\\.jar");
  private static final long PYTHON_TIMEOUT_SECONDS = 20;

  private final Optional<Path> configuredHome;
  private final Map<String, Path> namedHomes;
  private final Map<String, String> environment;
  private final Path embeddedJars;

  /**
   * A place where a Spark was looked for.
   *
   * @param source what named the place
   * @param found the Spark, if there is one
   * @param detail what was found, or why there is nothing to use
   */
  public record Candidate(String source, Optional<SparkInstallation> found, String detail) {}

  /**
   * @param configuredHome the value of {@value #SETTING}, if set
   * @param namedHomes the value of {@value #NAMES}
   * @param environment the server's environment variables
   * @param embeddedJars the folder of the jars that come with the server, which may be missing
   */
  public SparkFinder(
      Optional<Path> configuredHome,
      Map<String, Path> namedHomes,
      Map<String, String> environment,
      Path embeddedJars) {
    this.configuredHome = configuredHome;
    this.namedHomes = new TreeMap<>(namedHomes);
    this.environment = Map.copyOf(environment);
    this.embeddedJars = embeddedJars;
  }

  /** Looks at every place and returns what is there, the place that counts first first. */
  public List<Candidate> candidates() {
    return List.of(configured(), sparkHome(), python(), embedded());
  }

  /**
   * Returns the Spark to use. A place that was named on purpose, but holds no Spark, is an error:
   * another Spark would surprise.
   *
   * @throws LaunchException if there is none, with what to do about it
   */
  public SparkInstallation choose() throws LaunchException {
    if (configuredHome.isPresent()) {
      return named(configured());
    }
    if (isSet("SPARK_HOME")) {
      return named(sparkHome());
    }
    Candidate python = python();
    if (python.found().isPresent()) {
      return python.found().get();
    }
    Candidate embedded = embedded();
    return embedded
        .found()
        .orElseThrow(
            () ->
                new LaunchException(
                    "No Spark was found: set SPARK_HOME or "
                        + SETTING
                        + ", or install the pyspark package ("
                        + python.detail()
                        + "; "
                        + embedded.detail()
                        + ")."));
  }

  /** Returns the Sparks to which the operator gave names, in the order of these. */
  public List<Candidate> named() {
    return namedHomes.entrySet().stream()
        .map(named -> inHome(named.getKey(), named.getValue()))
        .toList();
  }

  /**
   * Returns the Spark of that name.
   *
   * @throws LaunchException if there is no such name, or no usable Spark behind it
   */
  SparkInstallation choose(String name) throws LaunchException {
    Path home = namedHomes.get(name);
    if (home != null) {
      return named(inHome(NAMES + " of " + name, home));
    }
    if (name.equals(EMBEDDED)) {
      return named(embedded());
    }
    throw new LaunchException("There is no Spark " + name + " in " + NAMES + ".");
  }

  private static SparkInstallation named(Candidate candidate) throws LaunchException {
    return candidate
        .found()
        .orElseThrow(
            () ->
                new LaunchException(
                    candidate.source()
                        + " names no usable Spark: "
                        + candidate.detail()
                        + ". Correct it, or remove it to use another Spark."));
  }

  /**
   * Returns the settings that a Spark's administrator has written into its {@code
   * spark-defaults.conf}, in {@code SPARK_CONF_DIR} or else in its {@code conf} folder.
   *
   * @throws LaunchException if there is such a file, but it cannot be read
   */
  public Map<String, String> defaults(SparkInstallation spark) throws LaunchException {
    Path file = configuration(spark).resolve("spark-defaults.conf");
    Map<String, String> settings = new TreeMap<>();
    if (Files.isRegularFile(file)) {
      Properties properties = new Properties();
      try (Reader reader = Files.newBufferedReader(file)) {
        properties.load(reader);
      } catch (IOException | IllegalArgumentException e) {
        throw new LaunchException(file + " cannot be read: " + e.getMessage(), e);
      }
      for (String name : properties.stringPropertyNames()) {
        if (name.startsWith("spark.")) {
          settings.put(name, properties.getProperty(name).strip());
        }
      }
    }
    return settings;
  }

  /** Returns the folder of a Spark's configuration, which may be missing. */
  Path configuration(SparkInstallation spark) {
    return isSet("SPARK_CONF_DIR")
        ? Path.of(environment.get("SPARK_CONF_DIR"))
        : spark.home().resolve("conf");
  }

  private Candidate configured() {
    return configuredHome
        .map(home -> inHome(SETTING, home))
        .orElseGet(() -> new Candidate(SETTING, Optional.empty(), "not set"));
  }

  private Candidate sparkHome() {
    return isSet("SPARK_HOME")
        ? inHome("SPARK_HOME", Path.of(environment.get("SPARK_HOME")))
        : new Candidate("SPARK_HOME", Optional.empty(), "not set");
  }

  private Candidate embedded() {
    return inspect(EMBEDDED, embeddedJars, embeddedJars);
  }

  private Candidate python() {
    String source = "pyspark of python3";
    try {
      Process process =
          new ProcessBuilder(
                  "python3",
                  "-c",
                  // Not what happens to lie in the folder in which the server was started.
                  "import sys; sys.path = [p for p in sys.path if p];"
                      + " import importlib.util as u; s = u.find_spec('pyspark');"
                      + " print(s.submodule_search_locations[0] if s else '')")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(PYTHON_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return new Candidate(source, Optional.empty(), "python3 did not answer");
      }
      String home =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return home.isEmpty()
          ? new Candidate(source, Optional.empty(), "python3 has no pyspark package")
          : inHome(source, Path.of(home));
    } catch (IOException e) {
      return new Candidate(source, Optional.empty(), "there is no python3 on the PATH");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Candidate(source, Optional.empty(), "interrupted");
    }
  }

  private boolean isSet(String variable) {
    return !environment.getOrDefault(variable, "").isBlank();
  }

  private static Candidate inHome(String source, Path home) {
    return inspect(source, home, home.resolve("jars"));
  }

  private static Candidate inspect(String source, Path home, Path jarFolder) {
    List<Path> jars;
    try (Stream<Path> files = Files.list(jarFolder)) {
      jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      return new Candidate(source, Optional.empty(), "there are no jars in " + jarFolder);
    }
    Optional<Matcher> core = named(jars, CORE_JAR);
    Optional<Matcher> scala = named(jars, SCALA_JAR);
    if (core.isEmpty() || scala.isEmpty()) {
      return new Candidate(source, Optional.empty(), "there is no Spark in " + jarFolder);
    }
    String version = core.get().group(2);
    if (named(jars, REPL_JAR).isEmpty()) {
      return new Candidate(
          source, Optional.empty(), "Spark " + version + " in " + home + " has no spark-repl jar");
    }
    SparkInstallation found =
        new SparkInstallation(source, home, jars, version, scala.get().group(1));
    return new Candidate(
        source,
        Optional.of(found),
        "Spark "
            + version
            + ", Scala "
            + found.scalaVersion()
            + (found.hasPython() ? "" : ", without Python")
            + " in "
            + home);
  }

  private static Optional<Matcher> named(List<Path> jars, Pattern pattern) {
    return jars.stream()
        .map(jar -> pattern.matcher(jar.getFileName().toString()))
        .filter(Matcher::matches)
        .findFirst();
  }
}
