package io.polybius.driver.interpreter;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Starts Spark and the Scala REPL side by side, because each takes seconds.
 *
 * @param session the driver's Spark session
 * @param scala the REPL, ready for statements
 * @param classDirectory where the REPL keeps the classes that it compiles
 */
public record SparkStart(SparkSession session, Interpreter scala, Path classDirectory) {

  /**
   * Starts both, the REPL at once and Spark when its settings are there.
   *
   * @param directory for the classes that the REPL compiles
   * @param settings become system properties, where Spark looks for them
   * @throws IOException if the directory cannot be used
   * @throws IllegalStateException if Spark or the REPL does not start
   */
  public static SparkStart begin(
      Path directory, CompletableFuture<? extends Map<String, String>> settings)
      throws IOException, InterruptedException, TimeoutException {
    Path classes = Files.createDirectories(directory);
    Thread starter =
        new Thread(
            () -> {
              try {
                settings.join().forEach(System::setProperty);
                // Spark's executors fetch the classes of statements from there.
                System.setProperty("spark.repl.class.outputDir", classes.toString());
                SparkSlot.begin();
                SparkSlot.put(createSession());
              } catch (ReflectiveOperationException | RuntimeException | Error e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                SparkSlot.fail(cause);
              }
            },
            "spark-start");
    StatementClasses statementClasses = new StatementClasses();
    starter.setContextClassLoader(statementClasses);
    starter.setDaemon(true);
    starter.start();
    ScalaInterpreter scala = new ScalaInterpreter(classes);
    statementClasses.comeFrom(scala.classLoader());
    SparkSession session = (SparkSession) SparkSlot.await();
    return new SparkStart(session, scala, classes);
  }

  /** Returns the session's context. */
  public SparkContext context() {
    return session.sparkContext();
  }

  /** Returns the loader of the classes that statements define. */
  public ClassLoader classLoader() {
    return ((ScalaInterpreter) scala).classLoader();
  }

  /** Lets statements use the classes of jars. */
  void addJars(List<URL> jars) {
    ((ScalaInterpreter) scala).addJars(jars);
  }

  /** Lets what runs use the classes of jars at once, and statements when the next one begins. */
  void addJarsBeside(List<URL> jars) {
    ((ScalaInterpreter) scala).addJarsBeside(jars);
  }

  /** Returns the version of the Scala that runs. */
  public static String scalaVersion() {
    return ScalaBridge.scalaVersion();
  }

  /** The builder's class differs between Spark 3 and 4; its methods do not. */
  private static Object createSession() throws ReflectiveOperationException {
    Object builder = SparkSession.class.getMethod("builder").invoke(null);
    return builder.getClass().getMethod("getOrCreate").invoke(builder);
  }

  /**
   * The class loader that Spark's own threads inherit. Spark starts before the REPL has a loader,
   * and must later find the very classes that the REPL has loaded.
   */
  private static final class StatementClasses extends ClassLoader {

    private volatile ClassLoader repl;

    StatementClasses() {
      super(SparkStart.class.getClassLoader());
    }

    void comeFrom(ClassLoader loader) {
      repl = loader;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (repl == null) {
        throw new ClassNotFoundException(name);
      }
      return repl.loadClass(name);
    }

    @Override
    protected URL findResource(String name) {
      return repl == null ? null : repl.getResource(name);
    }
  }
}
