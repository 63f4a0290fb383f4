package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.SessionFacts;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What magics can learn of a session's Spark, and change in it. */
public final class SparkTools {

  private static final Logger log = LoggerFactory.getLogger(SparkTools.class);

  /** The number of the session in its server. */
  private static final String SESSION = "spark.polybius.session";

  private static final Pattern SECRET =
      Pattern.compile("secret|passw|token|key|credential", Pattern.CASE_INSENSITIVE);

  private final SparkStart spark;
  private final Path directory;

  /**
   * Makes one.
   *
   * @param directory for jars that are fetched
   */
  public SparkTools(SparkStart spark, Path directory) {
    this.spark = spark;
    this.directory = directory;
  }

  /** Returns Spark's context. */
  public SparkContext context() {
    return spark.context();
  }

  /** Returns the loader of the classes that statements can use. */
  public ClassLoader classLoader() {
    return spark.classLoader();
  }

  private SparkSession session() {
    return spark.session();
  }

  /**
   * Returns what the session is.
   *
   * @param languages the kinds of statements that can run
   */
  public SessionFacts facts(List<String> languages) {
    SparkContext context = context();
    return new SessionFacts(
        setting(SESSION),
        context.appName(),
        context.applicationId(),
        context.version(),
        SparkStart.scalaVersion(),
        context.master(),
        context.uiWebUrl().isDefined() ? Optional.of(context.uiWebUrl().get()) : Optional.empty(),
        languages);
  }

  /** Returns the settings that somebody has set, without secrets. */
  public SortedMap<String, String> settings() {
    SortedMap<String, String> settings = new TreeMap<>();
    for (Object each : Calls.items(session().conf().getAll())) {
      scala.Tuple2<?, ?> entry = (scala.Tuple2<?, ?>) each;
      String name = String.valueOf(entry._1());
      settings.put(name, shown(name, String.valueOf(entry._2())));
    }
    return settings;
  }

  /** Returns a setting, or its default; never a secret. */
  public Optional<String> setting(String name) {
    scala.Option<String> value = session().conf().getOption(name);
    return value.isDefined() ? Optional.of(shown(name, value.get())) : Optional.empty();
  }

  private String shown(String name, String value) {
    scala.Option<String> redacted = context().getConf().getOption("spark.redaction.regex");
    boolean isRedacted =
        redacted.isDefined() && Pattern.compile(redacted.get()).matcher(name).find();
    return isRedacted || SECRET.matcher(name).find() ? "*********(redacted)" : value;
  }

  /**
   * Changes a setting.
   *
   * @throws MagicException if it cannot be changed while Spark runs, or not to that value
   */
  public void set(String name, String value) throws MagicException {
    try {
      session().conf().set(name, value);
    } catch (Exception e) {
      // Also checked exceptions, which Spark throws without declaring them.
      String reason = firstLine(e);
      throw new MagicException(
          MagicException.VALUE_ERROR,
          reason.toLowerCase(Locale.ROOT).contains("modify")
              ? name + " cannot be changed while Spark runs; it is a setting of a new session"
              : reason);
    }
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse(failure.toString());
  }

  /**
   * Adds jars to all languages and to the executors.
   *
   * @param location a path, an address, or {@code ivy://group:artifact:version}
   * @return the names of the files
   * @throws MagicException if there is no such jar
   */
  public List<String> addJars(String location) throws MagicException {
    List<URI> found =
        location.startsWith("ivy://") ? resolved(location) : List.of(address(location));
    List<String> names = new ArrayList<>();
    for (URI jar : found) {
      names.add(add(jar));
    }
    return names;
  }

  private static URI address(String location) throws MagicException {
    try {
      return location.contains(":/") ? new URI(location) : Path.of(location).toUri();
    } catch (URISyntaxException | InvalidPathException e) {
      throw new MagicException(
          MagicException.VALUE_ERROR, location + " is no path: " + firstLine(e));
    }
  }

  /** Adds a copy, because neither the compiler nor Spark bears that a jar changes or goes. */
  private String add(URI jar) throws MagicException {
    return add(
        jar,
        (name, fresh) -> {
          Path copy = directory.resolve(name);
          if (!Files.exists(copy)) {
            return Optional.of(copy);
          } else if (Files.mismatch(copy, fresh) >= 0) {
            throw new MagicException(
                MagicException.VALUE_ERROR,
                "another " + name + " was added before, and cannot be replaced while Spark runs");
          }
          return Optional.empty();
        },
        spark::addJars);
  }

  /**
   * Adds a jar to jobs, executors and later statements, beside whatever runs. Another of the same
   * name stays beside it, and its classes come first.
   *
   * @param location a path or an address
   * @throws MagicException if there is no such jar
   */
  public void addJarBeside(String location) throws MagicException {
    String unused =
        add(
            address(location),
            (name, fresh) -> {
              checkJar(name, fresh);
              Path copy = directory.resolve(name);
              for (int number = 2; Files.exists(copy); number++) {
                if (Files.mismatch(copy, fresh) < 0) {
                  return Optional.empty();
                }
                copy = directory.resolve(number + "-" + name);
              }
              if (!copy.endsWith(name)) {
                log.warn(
                    "another {} was added before, and stays: of a class that both have, that one's"
                        + " is used",
                    name);
              }
              return Optional.of(copy);
            },
            spark::addJarsBeside);
  }

  /** Loaders of classes would pass over it and say nothing. */
  private static void checkJar(String name, Path file) throws MagicException {
    try (JarFile jar = new JarFile(file.toFile())) {
      log.debug("{} has {} entries", name, jar.size());
    } catch (IOException e) {
      throw new MagicException(MagicException.VALUE_ERROR, name + " is no jar: " + firstLine(e));
    }
  }

  /** Decides where a jar is kept that has come; nowhere if it is there already. */
  private interface Place {
    Optional<Path> of(String name, Path fresh) throws MagicException, IOException;
  }

  private String add(URI jar, Place place, Consumer<List<URL>> use) throws MagicException {
    try {
      String name = String.valueOf(Path.of(jar.getPath()).getFileName());
      Files.createDirectories(directory);
      Path fresh = copied(jar, Files.createTempFile(directory, "new-", ""));
      try {
        // A statement and a client may add a jar at the same time.
        synchronized (this) {
          Optional<Path> copy = place.of(name, fresh);
          if (copy.isPresent()) {
            Files.move(fresh, copy.get());
            context().addJar(copy.get().toString());
            use.accept(List.of(copy.get().toUri().toURL()));
          }
        }
      } finally {
        Files.deleteIfExists(fresh);
      }
      return name;
    } catch (NoSuchFileException | FileNotFoundException e) {
      throw new MagicException(MagicException.VALUE_ERROR, "there is no file " + jar.getPath());
    } catch (IOException | RuntimeException e) {
      throw new MagicException(
          MagicException.VALUE_ERROR, jar + " cannot be added: " + firstLine(e));
    }
  }

  private Path copied(URI jar, Path copy) throws IOException {
    if (jar.getScheme().equals("file")) {
      return Files.copy(Path.of(jar.getPath()), copy, StandardCopyOption.REPLACE_EXISTING);
    }
    org.apache.hadoop.fs.Path source = new org.apache.hadoop.fs.Path(jar);
    FileSystem system = source.getFileSystem(context().hadoopConfiguration());
    try (InputStream in = system.open(source)) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return copy;
  }

  /** Has Spark's own resolver find a library and what it needs. */
  private static List<URI> resolved(String coordinates) throws MagicException {
    try {
      Object resolver =
          Class.forName("org.apache.spark.util.DependencyUtils$").getField("MODULE$").get(null);
      // It prints how it gets on, which is output of the statement.
      Object found =
          new Calls().call(resolver, "resolveMavenDependencies", URI.create(coordinates));
      return Calls.items(found).stream()
          .map(file -> Path.of(String.valueOf(file)).toUri())
          .toList();
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new MagicException(
          MagicException.VALUE_ERROR, "This Spark cannot resolve Maven coordinates: " + e);
    } catch (RuntimeException e) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          coordinates.substring("ivy://".length()) + " was not found: " + firstLine(e));
    }
  }
}
