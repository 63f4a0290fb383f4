package org.apache.livy;

import java.io.File;
import java.net.URI;
import java.util.concurrent.Future;

/**
 * A client of a session. In a driver it only lets classes load that hold a client's code as well.
 */
public interface LivyClient {

  /** Sends a job. */
  <T> JobHandle<T> submit(Job<T> job);

  /** Sends a job that is to run at once. */
  <T> Future<T> run(Job<T> job);

  /**
   * Ends the client.
   *
   * @param shutdownContext whether its session ends with it
   */
  void stop(boolean shutdownContext);

  /** Sends a jar of this machine to the session. */
  Future<?> uploadJar(File jar);

  /** Has the session fetch a jar. */
  Future<?> addJar(URI uri);

  /** Sends a file of this machine to the session. */
  Future<?> uploadFile(File file);

  /** Has the session fetch a file. */
  Future<?> addFile(URI uri);
}
