package io.polybius.session.spi;

import io.polybius.session.ProcessLog;

/** Starts programs that run to their end, by Spark's {@code spark-submit}. */
public interface BatchLauncher {

  /**
   * Starts a program and returns as soon as it is on its way. Everything begun is undone when this
   * throws.
   *
   * @param spec what to start
   * @param log gets what the program prints, standard error as part of standard output
   * @throws LaunchException if it cannot be started, with what the user can do about it
   */
  RunningBatch launch(BatchSpec spec, ProcessLog log) throws LaunchException;

  /**
   * Learns that nobody wants a program any more whose {@link #launch} has not returned yet. That
   * may fail then; if it does not, its program is killed. Does not wait.
   */
  default void giveUp(BatchSpec spec) {}
}
