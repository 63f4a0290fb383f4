package io.polybius.job;

import java.io.Serializable;

/**
 * A function over a session's Spark. The client serializes it, with what it has captured; the
 * session's driver runs it, and serializes what it returns. So the driver needs its class: upload
 * the jar that has it before the job. For a lambda that is the class in which it is written.
 *
 * @param <T> what it returns, which has to be serializable
 */
@FunctionalInterface
public interface Job<T> extends Serializable {

  /**
   * Runs in the driver, on a thread of its own, beside statements and other jobs of the session. It
   * is interrupted when the client cancels it.
   *
   * @param context the session, as jobs see it
   * @return the value for the client, which may be null
   * @throws Exception to fail; the client gets its stack trace
   */
  T call(JobContext context) throws Exception;
}
