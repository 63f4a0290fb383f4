package io.polybius.driver.protocol;

import java.util.List;

/** What a driver tells the server. */
public sealed interface DriverEvent {

  /** An event about one statement. */
  sealed interface OfStatement extends DriverEvent {
    /** Returns the id that {@link DriverCommand.Execute} gave the statement. */
    int statementId();
  }

  /** An answer to a question. Each question gets exactly one. */
  sealed interface Answer extends DriverEvent {
    /** Returns the id that the command gave the question. */
    int requestId();
  }

  /**
   * Spark is up and statements can run.
   *
   * @param sparkVersion for example {@code 3.5.5}
   * @param scalaVersion for example {@code 2.12.18}
   * @param applicationId Spark's application id
   * @param sparkUiUrl address of Spark's web page, empty when it is off
   */
  record DriverReady(
      String sparkVersion, String scalaVersion, String applicationId, String sparkUiUrl)
      implements DriverEvent {}

  /**
   * The driver could not start, or can no longer run statements, and is about to end.
   *
   * @param reason what went wrong, for the session's log
   */
  record DriverFailed(String reason) implements DriverEvent {}

  /** Something a statement put out. May still arrive after its end, from threads it left behind. */
  record StatementPutOut(int statementId, StatementOutput output) implements OfStatement {}

  /**
   * How far the Spark jobs of a running statement are.
   *
   * @param completedTasks tasks that ended successfully in all known stages of its job group
   * @param totalTasks all tasks of those stages, at least {@code completedTasks}
   */
  record StatementProgressed(int statementId, int completedTasks, int totalTasks)
      implements OfStatement {}

  /** A statement ended well; all of its own output has been sent before. */
  record StatementSucceeded(int statementId) implements OfStatement {}

  /**
   * A statement ended in an error or was cancelled; all of its own output has been sent before.
   *
   * @param error what to tell the user
   */
  record StatementFailed(int statementId, StatementError error) implements OfStatement {}

  /**
   * Answers {@link DriverCommand.CheckCompleteness}.
   *
   * @param requestId the id of the question
   * @param completeness the verdict
   * @param indent spaces to start the next line with, when incomplete
   */
  record CompletenessChecked(int requestId, Completeness completeness, String indent)
      implements Answer {}

  /**
   * Answers {@link DriverCommand.Complete}.
   *
   * @param requestId the id of the question
   * @param candidates what could stand in that place, in the order to show them, each only once;
   *     empty also when the driver has no time to find any
   * @param start offset, in UTF-16 units, of the part of the text that a candidate replaces
   * @param end offset after that part
   */
  record Completed(int requestId, List<String> candidates, int start, int end) implements Answer {
    /** Copies the list. */
    public Completed {
      candidates = List.copyOf(candidates);
    }
  }
}
