package io.polybius.session;

import java.util.Optional;

/**
 * What a cluster tells of the application of a session or a batch.
 *
 * @param id the cluster's name for it, such as {@code application_1700000000000_0001}
 * @param state how far it is
 * @param queue where it waits or runs, if the cluster has queues
 * @param trackingUrl address of Spark's web page, through the cluster or directly
 * @param driverLogUrl address of what the driver's container prints
 * @param diagnostics what the cluster says of its state; may have several lines, may be empty
 */
public record ClusterApplication(
    String id,
    State state,
    Optional<String> queue,
    Optional<String> trackingUrl,
    Optional<String> driverLogUrl,
    String diagnostics) {

  /** How far an application is. */
  public enum State {
    /** The cluster has heard of it. */
    SUBMITTED,
    /** It waits for room. */
    ACCEPTED,
    /** Its first container runs. */
    RUNNING,
    /** It has ended well. */
    SUCCEEDED,
    /** It has ended in an error. */
    FAILED,
    /** Somebody has ended it. */
    KILLED;

    /** Returns whether it has ended. */
    public boolean isFinal() {
      return this == SUCCEEDED || this == FAILED || this == KILLED;
    }
  }
}
