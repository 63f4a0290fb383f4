package io.polybius.session.spi;

import io.polybius.session.ClusterApplication;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A batch's program that has been launched. */
public interface RunningBatch {

  /** What may become of a program. */
  enum Outcome {
    /** It ended well. */
    SUCCEEDED,
    /** It ended in an error. */
    FAILED,
    /** Somebody ended it, at its cluster. */
    KILLED
  }

  /**
   * How a program ended.
   *
   * @param outcome what became of it
   * @param how a few words for the log, such as {@code exit code 1}
   */
  record End(Outcome outcome, String how) {

    /** One of a program that nobody ended. */
    public End(boolean succeeded, String how) {
      this(succeeded ? Outcome.SUCCEEDED : Outcome.FAILED, how);
    }

    /** Returns whether it ended well. */
    public boolean succeeded() {
      return outcome == Outcome.SUCCEEDED;
    }
  }

  /**
   * Completes when the program and its children are gone and what they printed has been logged.
   * Never completes with an exception.
   */
  CompletionStage<End> ended();

  /**
   * Has a listener told what the program's cluster says of its application: the latest at once, if
   * there is any, and then each change. Nothing is told of a program that no cluster knows.
   */
  default void follow(Consumer<ClusterApplication> listener) {}

  /**
   * Returns whether a cluster starts the program when it has room; then {@link #follow} tells when
   * that is so.
   */
  default boolean startsWhenAccepted() {
    return false;
  }

  /** Ends the program and all its children at once, without asking. May be called again. */
  void kill();
}
