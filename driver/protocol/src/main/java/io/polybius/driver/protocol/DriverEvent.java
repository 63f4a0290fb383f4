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

  /** An event about one download of a statement's table. */
  sealed interface OfResult extends DriverEvent {
    /** Returns the id that {@link DriverCommand.SendResult} gave the download. */
    int downloadId();
  }

  /** An event about one job. */
  sealed interface OfJob extends DriverEvent {
    /** Returns the id that {@link DriverCommand.RunJob} gave the job. */
    int jobId();
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
   * @param completedStages stages that have ended
   * @param totalStages all stages that are known
   */
  record StatementProgressed(
      int statementId, int completedTasks, int totalTasks, int completedStages, int totalStages)
      implements OfStatement {}

  /**
   * The code of a running statement waits for a line that the user types, which comes with {@link
   * DriverCommand.AnswerInput}. A cancelled statement waits no longer.
   *
   * @param prompt what to show before it, may be empty
   * @param password whether not to show what is typed
   */
  record InputRequested(int statementId, String prompt, boolean password) implements OfStatement {}

  /**
   * A statement ended well; all of its own output has been sent before.
   *
   * @param expressions the results of the expressions that {@link ExecuteOptions} asked for, in the
   *     same order
   */
  record StatementSucceeded(int statementId, List<ExpressionResult> expressions)
      implements OfStatement {
    /** Copies the list. */
    public StatementSucceeded {
      expressions = List.copyOf(expressions);
    }

    /** One for which nothing was to be evaluated. */
    public StatementSucceeded(int statementId) {
      this(statementId, List.of());
    }
  }

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
  record Completed(int requestId, List<Candidate> candidates, int start, int end)
      implements Answer {
    /** Copies the list. */
    public Completed {
      candidates = List.copyOf(candidates);
    }

    /** Returns only what could stand there. */
    public List<String> texts() {
      return candidates.stream().map(Candidate::text).toList();
    }
  }

  /**
   * Answers {@link DriverCommand.Inspect}.
   *
   * @param requestId the id of the question
   * @param found whether anything is known; false also when the driver has no time to find out
   * @param description what is known, in every form that the driver can make; empty if nothing is
   */
  record Inspected(int requestId, boolean found, MimeBundle description) implements Answer {}

  /**
   * Answers {@link DriverCommand.HandleComm}: what came of it has been sent before.
   *
   * @param requestId the id of the question
   */
  record CommHandled(int requestId) implements Answer {}

  /**
   * The driver's side of a comm has something to say to all clients.
   *
   * @param requestId the {@link DriverCommand.HandleComm} that it comes from, negative if it comes
   *     from a statement, or from nothing that a client asked for
   * @param message what it says
   */
  record CommSent(int requestId, CommMessage message) implements DriverEvent {}

  /**
   * The next piece of a statement's table.
   *
   * @param downloadId the download
   * @param bytes follow those of the piece before; belong to the event
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record ResultPart(int downloadId, byte[] bytes) implements OfResult {

    /** How large a piece is at most. */
    public static final int MAX_BYTES = 256 << 10;

    /** Keeps users' data out of logs. */
    @Override
    public String toString() {
      return "ResultPart[downloadId=" + downloadId + ", bytes=" + bytes.length + "]";
    }
  }

  /**
   * The pieces of a statement's table have all been sent.
   *
   * @param downloadId the download
   */
  record ResultEnded(int downloadId) implements OfResult {}

  /**
   * There are no more pieces of a statement's table, but they are not all.
   *
   * @param downloadId the download
   * @param failure what kind of thing went wrong
   * @param message for the user
   */
  record ResultFailed(int downloadId, ResultFailure failure, String message) implements OfResult {}

  /** A job has a thread of its own now. */
  record JobStarted(int jobId) implements OfJob {}

  /**
   * How far the Spark jobs of a job are.
   *
   * @param completedTasks tasks that ended successfully in all known stages of its job group
   * @param totalTasks all tasks of those stages, at least {@code completedTasks}
   * @param completedStages stages that have ended
   * @param totalStages all stages that are known
   */
  record JobProgressed(
      int jobId, int completedTasks, int totalTasks, int completedStages, int totalStages)
      implements OfJob {}

  /**
   * A job has ended well.
   *
   * @param hasResult false if the result is null, for which there are no bytes
   * @param result as the client opens it; belongs to the event
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record JobSucceeded(int jobId, boolean hasResult, byte[] result) implements OfJob {

    /** How large a result may be. */
    public static final int MAX_BYTES = 32 << 20;

    /** Keeps users' data out of logs. */
    @Override
    public String toString() {
      return "JobSucceeded[jobId=" + jobId + ", bytes=" + result.length + "]";
    }
  }

  /**
   * A job has failed.
   *
   * @param error for the user: what went wrong, with a stack trace if it was in the job
   */
  record JobFailed(int jobId, String error) implements OfJob {}

  /** A job was stopped, as {@link DriverCommand.CancelJob} asked. */
  record JobCancelled(int jobId) implements OfJob {}

  /**
   * Answers {@link DriverCommand.AddResource}.
   *
   * @param requestId the id of the question
   * @param error why it is not available, for the user; empty if it is
   */
  record ResourceAdded(int requestId, String error) implements Answer {}

  /**
   * Answers {@link DriverCommand.AddFilePart}.
   *
   * @param requestId the id of the question
   * @param uri where the driver has the file, for {@link DriverCommand.AddResource}; empty if it
   *     could not be written
   * @param error why not, for the user; empty if it was
   */
  record FilePartTaken(int requestId, String uri, String error) implements Answer {}
}
