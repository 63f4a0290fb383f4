package org.apache.livy;

import java.util.concurrent.Future;

/**
 * A job in the eyes of the client that has sent it. In a driver it only lets classes load that hold
 * a client's code as well.
 *
 * @param <T> of the job's result
 */
public interface JobHandle<T> extends Future<T> {

  /** Returns how far it is. */
  State getState();

  /** Adds somebody who is told of changes. */
  void addListener(Listener<T> listener);

  /** How far a job is, in the order in which that changes. */
  enum State {
    /** On its way to the driver. */
    SENT,
    /** Waits in the driver. */
    QUEUED,
    /** Runs. */
    STARTED,
    /** Was cancelled. */
    CANCELLED,
    /** Has failed. */
    FAILED,
    /** Has a result. */
    SUCCEEDED
  }

  /**
   * Is told of changes.
   *
   * @param <T> of the job's result
   */
  interface Listener<T> {

    /** It waits in the driver. */
    void onJobQueued(JobHandle<T> job);

    /** It runs. */
    void onJobStarted(JobHandle<T> job);

    /** It was cancelled. */
    void onJobCancelled(JobHandle<T> job);

    /** It has failed. */
    void onJobFailed(JobHandle<T> job, Throwable cause);

    /** It has a result. */
    void onJobSucceeded(JobHandle<T> job, T result);
  }
}
