package org.apache.livy;

import java.io.Serializable;

/**
 * A function that a client sends to the driver of a session.
 *
 * @param <T> of its result
 */
public interface Job<T> extends Serializable {

  /**
   * Runs in the driver.
   *
   * @param context what the driver offers
   * @return what the client gets, may be null
   * @throws Exception of any kind, whose text the client gets
   */
  T call(JobContext context) throws Exception;
}
