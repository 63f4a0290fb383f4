package io.polybius.launch.cluster;

import io.polybius.session.ClusterApplication;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A cluster that runs applications. Each call may take some seconds, but none waits for longer than
 * ten for a cluster that does not answer: then it fails. Safe for use by many threads.
 */
public interface ClusterManager extends AutoCloseable {

  /**
   * Looks for the newest application with a tag that was given to it when it was submitted.
   *
   * @param tag lower case letters, digits and dashes
   * @throws IOException if the cluster does not answer
   */
  Optional<ClusterApplication> find(String tag) throws IOException;

  /**
   * Returns an application, also one that has ended, as long as the cluster remembers it.
   *
   * @throws IOException if the cluster does not answer
   */
  Optional<ClusterApplication> application(String id) throws IOException;

  /**
   * Ends an application; one that has ended, or is unknown, is left alone.
   *
   * @throws IOException if the cluster does not answer
   */
  void kill(String id) throws IOException;

  /**
   * Removes what the submission of an application has brought to the cluster for it only. One that
   * has ended in order has done that itself.
   *
   * @param id of an application that has ended
   * @throws IOException if the cluster does not answer
   */
  default void removeFiles(String id) throws IOException {}

  /**
   * Makes a file of this machine available to the containers of this user's applications, unless
   * one with the same content is there. Other than the rest, this takes as long as the file is
   * large.
   *
   * @return its address, which ends in the file's name
   * @throws IOException if the cluster's file system cannot be written
   */
  String publish(Path file) throws IOException;

  /** Returns whether what an application has printed can still be had when it has ended. */
  default boolean keepsOutput() {
    return false;
  }

  /**
   * Returns what the driver's container of an application has printed last, if the cluster can
   * tell, oldest first.
   *
   * @param most how many lines
   * @throws IOException if the cluster does not answer
   */
  default List<String> newestLines(String id, int most) throws IOException {
    return List.of();
  }

  @Override
  void close();
}
