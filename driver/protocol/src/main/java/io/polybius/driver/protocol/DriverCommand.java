package io.polybius.driver.protocol;

import java.util.List;

/** What the server asks of a driver. */
public sealed interface DriverCommand {

  /**
   * Runs a statement after all statements sent before it.
   *
   * @param statementId names the statement in every event about it
   * @param kind the language, by its canonical Livy name ({@code spark}, {@code pyspark}, ...)
   * @param code the user's text, lines separated by {@code \n}
   * @param options what the client wants besides
   */
  record Execute(int statementId, String kind, String code, ExecuteOptions options)
      implements DriverCommand {}

  /**
   * Stops a statement, running or not yet begun. A statement that has already ended is left alone.
   *
   * @param statementId the statement to stop
   */
  record Cancel(int statementId) implements DriverCommand {}

  /**
   * Asks whether a text is a whole statement; answered beside running statements with {@link
   * DriverEvent.CompletenessChecked}.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param kind the language
   * @param code the text to look at
   */
  record CheckCompleteness(int requestId, String kind, String code) implements DriverCommand {}

  /**
   * Asks how the text before the cursor could go on; answered beside running statements with {@link
   * DriverEvent.Completed}.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param kind the language
   * @param code the text, also what follows the cursor
   * @param cursor offset in the text, in UTF-16 units; one outside of it counts as its nearest end
   */
  record Complete(int requestId, String kind, String code, int cursor) implements DriverCommand {}

  /**
   * Asks what is known of the name at the cursor; answered beside running statements with {@link
   * DriverEvent.Inspected}.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param kind the language
   * @param code the text, also what follows the cursor
   * @param cursor offset in the text, in UTF-16 units; one outside of it counts as its nearest end
   * @param detailed whether to tell all there is
   */
  record Inspect(int requestId, String kind, String code, int cursor, boolean detailed)
      implements DriverCommand {}

  /**
   * Answers {@link DriverEvent.InputRequested}. Without effect when the statement does not wait for
   * input.
   *
   * @param statementId the statement that asked
   * @param text the line, without its end; {@code \u0004} alone means that there is no more
   */
  record AnswerInput(int statementId, String text) implements DriverCommand {
    /** Keeps what a user typed, perhaps a password, out of logs. */
    @Override
    public String toString() {
      return "AnswerInput[statementId=" + statementId + "]";
    }
  }

  /**
   * Passes a client's comm message on to the code that takes it; answered with {@link
   * DriverEvent.CommHandled} when that code has run.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param message what the client sent
   */
  record HandleComm(int requestId, CommMessage message) implements DriverCommand {}

  /**
   * Tells a driver that was started ahead of its session how to start Spark; it reports {@link
   * DriverEvent.DriverReady} then. Any other driver has its settings already, and pays no
   * attention.
   *
   * @param settings Spark's settings: names and values by turns
   */
  record StartSpark(List<String> settings) implements DriverCommand {
    /** Copies the list. */
    public StartSpark {
      settings = List.copyOf(settings);
    }

    /** Keeps secrets out of logs. */
    @Override
    public String toString() {
      return "StartSpark[]";
    }
  }

  /**
   * Asks for a whole table or shared value, in pieces: {@link DriverEvent.ResultPart}, and {@link
   * DriverEvent.ResultEnded} or {@link DriverEvent.ResultFailed} at last. Other work goes on beside
   * it.
   *
   * @param downloadId chosen by the server, names the download in every event about it
   * @param source which it is
   * @param format what the pieces make together
   * @param parts how many pieces the driver may send before it is asked for more
   */
  record SendResult(int downloadId, ResultSource source, ResultFormat format, int parts)
      implements DriverCommand {}

  /**
   * Lets a download go on. Without effect when it has ended.
   *
   * @param downloadId the download
   * @param parts how many pieces the driver may send besides those that it was allowed before
   */
  record SendMoreResult(int downloadId, int parts) implements DriverCommand {}

  /**
   * Ends a download, with its Spark jobs, of which no more is wanted. Without effect when it has
   * ended.
   *
   * @param downloadId the download
   */
  record StopResult(int downloadId) implements DriverCommand {}

  /**
   * Runs a compiled job beside statements and other jobs. The driver reports {@link
   * DriverEvent.JobStarted}, perhaps progress, and one end of it.
   *
   * @param jobId chosen by the server, names the job in every event about it
   * @param kind the language, by its canonical Livy name: {@code spark} or {@code pyspark}
   * @param payload the job as the client has serialized it, which only the driver opens; belongs to
   *     the command
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record RunJob(int jobId, String kind, byte[] payload) implements DriverCommand {

    /** How large a job may be. */
    public static final int MAX_BYTES = 32 << 20;

    /** Keeps users' code and data out of logs. */
    @Override
    public String toString() {
      return "RunJob[jobId=" + jobId + ", kind=" + kind + ", bytes=" + payload.length + "]";
    }
  }

  /**
   * Stops a job, with its Spark jobs. One that has ended is left alone.
   *
   * @param jobId the job
   */
  record CancelJob(int jobId) implements DriverCommand {}

  /**
   * Makes a file available to the session's jobs and statements, and to its executors; answered
   * with {@link DriverEvent.ResourceAdded}, beside running statements and jobs.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param kind what it is used as
   * @param uri where the driver can read it; its last segment is its name
   */
  record AddResource(int requestId, ResourceKind kind, String uri) implements DriverCommand {}

  /**
   * Brings the next piece of a file to a driver that cannot read the server's files; answered with
   * {@link DriverEvent.FilePartTaken}.
   *
   * @param requestId chosen by the server, copied into the answer
   * @param folder a name of letters, digits and dashes that the server has chosen for the file only
   * @param name the file's own name, without any folder
   * @param bytes follow those of the piece before; belong to the command
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record AddFilePart(int requestId, String folder, String name, byte[] bytes)
      implements DriverCommand {

    /** How large a piece is at most. */
    public static final int MAX_BYTES = 1 << 20;

    /** Keeps users' data out of logs. */
    @Override
    public String toString() {
      return "AddFilePart[requestId=" + requestId + ", bytes=" + bytes.length + "]";
    }
  }

  /** Stops Spark and ends the driver process. */
  record Shutdown() implements DriverCommand {}
}
