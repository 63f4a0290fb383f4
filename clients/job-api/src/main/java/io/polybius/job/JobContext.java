package io.polybius.job;

import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What a job has of its session. All jobs of a session have the same, several at a time, and share
 * objects with its statements.
 */
public interface JobContext {

  /** Returns the session's Spark. */
  SparkSession sparkSession();

  /** Returns the session's Spark, as RDDs of Java need it. */
  JavaSparkContext sparkContext();

  /**
   * Returns what is shared under a name: the very object that a job or a statement of Scala has
   * shared, or what is closest to it in Scala if it comes from another language.
   *
   * @param <E> what the caller takes it to be
   */
  <E> Optional<E> findSharedObject(String name);

  /**
   * Returns what is shared under a name.
   *
   * @param <E> what the caller takes it to be
   * @throws NoSuchElementException if nothing is
   */
  default <E> E sharedObject(String name) {
    return this.<E>findSharedObject(name)
        .orElseThrow(
            () -> new NoSuchElementException("Nothing is shared under the name " + name + "."));
  }

  /**
   * Shares an object with later jobs, of this client and of others, and with statements, in place
   * of what has the same name. Those that were not used for longest go when there are too many.
   *
   * @param name any text; statements see it if it is the name of a variable
   */
  void setSharedObject(String name, Object object);

  /** Shares something no longer, if it is shared at all. */
  void removeSharedObject(String name);

  /** Returns a directory of the driver's machine for files of jobs, which goes with the driver. */
  Path localDirectory();
}
