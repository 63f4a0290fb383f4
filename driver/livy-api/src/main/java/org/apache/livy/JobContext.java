package org.apache.livy;

import java.io.File;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.hive.HiveContext;
import org.apache.spark.streaming.api.java.JavaStreamingContext;

/** What a driver offers to the jobs of its session; the same to all of them. */
public interface JobContext {

  /** Returns Spark's context. */
  JavaSparkContext sc();

  /** Returns what was the way to Spark SQL before there was a session. */
  SQLContext sqlctx();

  /** Returns what was the way to Hive before there was a session; null where there is no Hive. */
  HiveContext hivectx();

  /**
   * Returns the streaming context.
   *
   * @throws IllegalStateException if none was created
   */
  JavaStreamingContext streamingctx();

  /**
   * Returns what is shared under a name.
   *
   * @throws NoSuchElementException if nothing is
   */
  <E> E getSharedObject(String name) throws NoSuchElementException;

  /** Shares an object with the session's other jobs and statements, in place of an earlier one. */
  <E> void setSharedObject(String name, E object);

  /** Shares it no longer. Returns what was shared, null if nothing was. */
  <E> E removeSharedObject(String name);

  /**
   * Creates the streaming context.
   *
   * @param batchDuration in milliseconds
   * @throws IllegalStateException if there is one
   */
  void createStreamingContext(long batchDuration);

  /**
   * Stops the streaming context, but not Spark.
   *
   * @throws IllegalStateException if there is none
   */
  void stopStreamingCtx();

  /** Returns a directory that is deleted with the session. */
  File getLocalTmpDir();

  /** Returns Spark's session, whose class the caller names. */
  <E> E sparkSession() throws Exception;
}
