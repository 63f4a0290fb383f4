package io.polybius.driver.job;

import io.polybius.driver.interpreter.ScalaObjects;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.NoSuchElementException;
import org.apache.livy.JobContext;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.hive.HiveContext;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

/**
 * What all compiled jobs of a session get, several at a time. Objects that they share are among
 * those that statements share, and the other way round.
 *
 * <p>What Spark has in one version only, or not in all installations, is found when it is asked
 * for.
 */
public final class DriverJobContext implements JobContext, AutoCloseable {

  private final SparkSession session;
  private final JavaSparkContext spark;
  private final SharedValues shared;
  private final Path directory;

  // Guarded by this:
  private JavaStreamingContext streaming;
  private Object hive;

  /**
   * Makes one.
   *
   * @param shared what the session shares
   * @param directory for the files of jobs, made when a job asks for it
   */
  public DriverJobContext(SparkSession session, SharedValues shared, Path directory) {
    this.session = session;
    this.spark = new JavaSparkContext(session.sparkContext());
    this.shared = shared;
    this.directory = directory;
  }

  SharedValues shared() {
    return shared;
  }

  @Override
  public JavaSparkContext sc() {
    return spark;
  }

  @Override
  public SQLContext sqlctx() {
    try {
      // In Spark 4 it returns another type.
      return (SQLContext) session.getClass().getMethod("sqlContext").invoke(session);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("This Spark has no SQLContext.", e);
    }
  }

  @Override
  public synchronized HiveContext hivectx() {
    boolean isHive =
        spark.getConf().get("spark.sql.catalogImplementation", "in-memory").equals("hive");
    if (isHive && hive == null) {
      try {
        hive =
            Class.forName("org.apache.spark.sql.hive.HiveContext")
                .getConstructor(SparkContext.class)
                .newInstance(spark.sc());
      } catch (ReflectiveOperationException | LinkageError e) {
        throw new IllegalStateException(
            "This Spark has no HiveContext; sparkSession() knows Hive too.", e);
      }
    }
    return (HiveContext) hive;
  }

  @Override
  public synchronized JavaStreamingContext streamingctx() {
    if (streaming == null) {
      throw new IllegalStateException(
          "There is no streaming context; createStreamingContext makes it.");
    }
    return streaming;
  }

  @Override
  public synchronized void createStreamingContext(long batchDuration) {
    if (streaming != null) {
      throw new IllegalStateException(
          "There is a streaming context already; stopStreamingCtx ends it.");
    }
    streaming = new JavaStreamingContext(spark, new Duration(batchDuration));
  }

  @Override
  public synchronized void stopStreamingCtx() {
    // Statements and other jobs go on with Spark.
    streamingctx().stop(false);
    streaming = null;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <E> E getSharedObject(String name) {
    SharedValue value =
        shared
            .find(name)
            .orElseThrow(
                () -> new NoSuchElementException("Cannot find shared variable named " + name));
    return (E) ScalaObjects.of(value);
  }

  @Override
  public <E> void setSharedObject(String name, E object) {
    if (object == null) {
      shared.remove(name);
    } else {
      shared.putReference(name, CompiledJobs.KIND, object);
    }
  }

  @Override
  @SuppressWarnings("unchecked")
  public <E> E removeSharedObject(String name) {
    return (E) shared.remove(name).map(value -> (Object) ScalaObjects.of(value)).orElse(null);
  }

  @Override
  public synchronized File getLocalTmpDir() {
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory.toAbsolutePath().getParent());
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      return directory.toFile();
    } catch (IOException e) {
      throw new UncheckedIOException("There is no directory for the files of jobs.", e);
    }
  }

  @Override
  @SuppressWarnings("unchecked")
  public <E> E sparkSession() {
    return (E) session;
  }

  /** Stops the streaming context, if there is one. */
  @Override
  public synchronized void close() {
    if (streaming != null) {
      stopStreamingCtx();
    }
  }
}
