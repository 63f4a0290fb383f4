package io.polybius.rest;

import io.polybius.driver.protocol.ResultFormat;
import io.polybius.session.ResultDownload;
import io.polybius.session.SessionService;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/** The routes of whole tables that statements have shown, and of shared values. */
final class ResultsApi {

  /** What a table can be downloaded as. */
  enum Form {
    CSV(ResultFormat.CSV, "text/csv; charset=utf-8"),
    JSON(ResultFormat.JSON, "application/json"),
    ARROW(ResultFormat.ARROW, "application/vnd.apache.arrow.stream");

    private final ResultFormat format;
    private final String type;

    Form(ResultFormat format, String type) {
      this.format = format;
      this.type = type;
    }

    /** Returns the type of the answer. */
    String type() {
      return type;
    }

    /** Returns what it is called in the query, and at the end of a file's name. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Form parse(String name) {
      return Arrays.stream(values())
          .filter(form -> form.toString().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  RejectedRequestException.bad(
                      "Invalid format: "
                          + name
                          + "; it is one of "
                          + Arrays.stream(values())
                              .map(Form::toString)
                              .collect(Collectors.joining(", "))
                          + "."));
    }
  }

  private final SessionService sessions;
  private final LastingRequests lasting;
  private final Duration heartbeat;

  /**
   * @param lasting where downloads are noted
   * @param heartbeat how often it is looked whether a client still takes something
   */
  ResultsApi(SessionService sessions, LastingRequests lasting, Duration heartbeat) {
    this.sessions = sessions;
    this.lasting = lasting;
    this.heartbeat = heartbeat;
  }

  CompletionStage<Answer> get(Request request) {
    Form form = Form.parse(request.text("format").orElse(Form.CSV.toString()));
    int session = sessions.session(request.session()).id();
    int statement = sessions.statement(String.valueOf(session), request.statement()).id();
    String fileName = "session-" + session + "-statement-" + statement + "." + form;
    return answer(
        sessions.download(String.valueOf(session), statement, form.format), form, fileName);
  }

  /** Answers what the session's languages share, by name. */
  CompletionStage<Answer> sharedNames(Request request) {
    Form form = Form.parse(request.text("format").orElse(Form.JSON.toString()));
    int session = sessions.session(request.session()).id();
    return answer(
        sessions.downloadSharedNames(String.valueOf(session), form.format),
        form,
        "session-" + session + "-shared." + form);
  }

  /** Answers a value that the session's languages share. */
  CompletionStage<Answer> shared(Request request) {
    Form form = Form.parse(request.text("format").orElse(Form.JSON.toString()));
    int session = sessions.session(request.session()).id();
    String name = request.sharedName();
    // The name of a file does not have what a name of a value can have.
    String fileName = "session-" + session + "-" + name.replaceAll("\\W", "_") + "." + form;
    return answer(
        sessions.downloadShared(String.valueOf(session), name, form.format), form, fileName);
  }

  private CompletionStage<Answer> answer(
      CompletionStage<ResultDownload> download, Form form, String fileName) {
    return download.thenApply(
        begun ->
            Answer.result(new Answer.ResultContent(begun, form, fileName, heartbeat, lasting)));
  }
}
