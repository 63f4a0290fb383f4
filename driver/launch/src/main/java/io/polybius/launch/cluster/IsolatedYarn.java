package io.polybius.launch.cluster;

import io.polybius.session.ClusterApplication;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hadoop YARN, by the Hadoop libraries of a Spark. These are in a class loader of their own, in
 * which the server has none of its libraries, and they none of theirs in the server's.
 */
public final class IsolatedYarn implements ClusterManager {

  private static final Logger log = LoggerFactory.getLogger(IsolatedYarn.class);

  private static final String CLIENT = "io.polybius.yarn.YarnClusterManager";
  private static final String NEEDED = "org/apache/hadoop/yarn/client/ClientRMProxy.class";
  private static final List<String> FOLDER_VARIABLES = List.of("HADOOP_CONF_DIR", "YARN_CONF_DIR");

  /** Where Spark's log goes to; what Hadoop logs goes to the server's. */
  private static final List<String> LOGGING =
      List.of("slf4j-", "log4j-", "reload4j-", "logback-", "jul-to-slf4j-");

  /** Where nearly all is that is looked for; the other jars are only opened for what these lack. */
  private static final List<String> FIRST = List.of("hadoop-", "jcl-over-slf4j-");

  private final ClassLoader loader;
  private final ClusterManager client;
  private final AtomicBoolean closed = new AtomicBoolean();

  private IsolatedYarn(ClassLoader loader, ClusterManager client) {
    this.loader = loader;
    this.client = client;
  }

  /**
   * What a client is made from.
   *
   * @param library the jar of this project that calls Hadoop
   * @param sparkJars all jars of a Spark
   * @param environment has the folders of Hadoop's settings
   * @param folder for published files, as a URI; if empty, {@code .polybius} in the user's home in
   *     the cluster's file system
   * @param patience how long a call may take when the cluster does not answer
   */
  public record Settings(
      Path library,
      List<Path> sparkJars,
      Map<String, String> environment,
      Optional<URI> folder,
      Duration patience) {

    /** How long launchers wait. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

    /** Copies the collections. */
    public Settings {
      sparkJars = List.copyOf(sparkJars);
      environment = Map.copyOf(environment);
    }
  }

  /**
   * Loads the client. The cluster may be away; it is asked by the first call.
   *
   * @throws IOException if there is no Hadoop, or no settings for it; the message is for the
   *     operator
   */
  public static IsolatedYarn open(Settings settings) throws IOException {
    List<Path> classPath = new ArrayList<>(configurationFolders(settings.environment()));
    classPath.add(settings.library());
    settings.sparkJars().stream()
        .filter(jar -> !isOneOf(LOGGING, jar))
        .sorted(Comparator.comparing(jar -> !isOneOf(FIRST, jar)))
        .forEach(classPath::add);
    URLClassLoader loader =
        new URLClassLoader(
            "hadoop", urls(classPath), new SharedClasses(IsolatedYarn.class.getClassLoader()));
    if (loader.findResource(NEEDED) == null) {
      loader.close();
      throw new IOException(
          "This Spark has no Hadoop YARN client (hadoop-client-api or hadoop-yarn-client): "
              + folderOf(settings.sparkJars()));
    }
    return new IsolatedYarn(loader, inside(loader, () -> load(loader, settings)));
  }

  @Override
  public Optional<ClusterApplication> find(String tag) throws IOException {
    return inside(loader, () -> client.find(tag));
  }

  @Override
  public Optional<ClusterApplication> application(String id) throws IOException {
    return inside(loader, () -> client.application(id));
  }

  @Override
  public void kill(String id) throws IOException {
    inside(
        loader,
        () -> {
          client.kill(id);
          return id;
        });
  }

  @Override
  public void removeFiles(String id) throws IOException {
    inside(
        loader,
        () -> {
          client.removeFiles(id);
          return id;
        });
  }

  @Override
  public String publish(Path file) throws IOException {
    return inside(loader, () -> client.publish(file));
  }

  @Override
  public boolean keepsOutput() {
    return client.keepsOutput();
  }

  @Override
  public List<String> newestLines(String id, int most) throws IOException {
    return inside(loader, () -> client.newestLines(id, most));
  }

  /**
   * Ends the connections, and so Hadoop's threads, but for a sleeping one. The classes stay: Hadoop
   * has had the JVM call it at its end, and would not find itself then.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      inside(
          loader,
          () -> {
            client.close();
            return client;
          });
    } catch (IOException e) {
      log.debug("Hadoop's client does not close", e);
    }
  }

  /** What Hadoop is asked to do. */
  private interface Call<T> {
    T run() throws IOException;
  }

  /** Hadoop finds its settings, services and login modules by the thread's class loader. */
  private static <T> T inside(ClassLoader loader, Call<T> call) throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return call.run();
    } catch (RuntimeException | LinkageError e) {
      throw new IOException("Hadoop's client fails: " + e, e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static ClusterManager load(ClassLoader loader, Settings settings) throws IOException {
    try {
      return (ClusterManager)
          Class.forName(CLIENT, true, loader)
              .getConstructor(Duration.class, Optional.class)
              .newInstance(settings.patience(), settings.folder());
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause();
      throw new IOException("Hadoop's YARN client cannot be used: " + cause.getMessage(), cause);
    } catch (ReflectiveOperationException e) {
      throw new IOException("%s is not in %s.".formatted(CLIENT, settings.library()), e);
    }
  }

  private static List<Path> configurationFolders(Map<String, String> environment)
      throws IOException {
    List<Path> folders =
        FOLDER_VARIABLES.stream()
            .map(variable -> environment.getOrDefault(variable, ""))
            .filter(folder -> !folder.isBlank())
            .map(Path::of)
            .distinct()
            .toList();
    if (folders.isEmpty()) {
      throw new IOException(
          "For YARN, HADOOP_CONF_DIR (or YARN_CONF_DIR) must name the folder with core-site.xml and"
              + " yarn-site.xml.");
    }
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        throw new IOException(
            "HADOOP_CONF_DIR or YARN_CONF_DIR names %s, which is no folder.".formatted(folder));
      }
    }
    return folders;
  }

  private static boolean isOneOf(List<String> beginnings, Path jar) {
    return beginnings.stream().anyMatch(jar.getFileName().toString()::startsWith);
  }

  private static String folderOf(List<Path> jars) {
    return jars.stream().map(Path::getParent).distinct().map(String::valueOf).toList().toString();
  }

  private static URL[] urls(List<Path> classPath) throws IOException {
    List<URL> urls = new ArrayList<>();
    for (Path entry : classPath) {
      urls.add(entry.toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }
}
