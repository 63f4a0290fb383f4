package io.polybius.session.spi;

import java.util.concurrent.CompletionStage;

/** A batch's program that has been launched. */
public interface RunningBatch {

  /**
   * How a program ended.
   *
   * @param succeeded whether it ended well
   * @param how a few words for the log, such as {@code exit code 1}
   */
  record End(boolean succeeded, String how) {}

  /**
   * Completes when the program and its children are gone and what they printed has been logged.
   * Never completes with an exception.
   */
  CompletionStage<End> ended();

  /** Ends the program and all its children at once, without asking. May be called again. */
  void kill();
}
