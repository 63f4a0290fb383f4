package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.CompletenessVerdict;
import io.polybius.session.Completion;
import io.polybius.session.Inspection;
import io.polybius.session.Kind;
import io.polybius.session.SessionException;
import io.polybius.session.SessionService;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Answers what clients ask about texts that nobody has run. The driver knows; while there is none,
 * or when it does not say in time, the answer is valid and empty, because clients ask as the user
 * types, and have no use for an error.
 */
final class Questions {

  private final SessionService sessions;
  private final String sessionId;
  private final Kind kind;

  Questions(SessionService sessions, String sessionId, Kind kind) {
    this.sessions = sessions;
    this.sessionId = sessionId;
    this.kind = kind;
  }

  /** Tells whether a text can be run as it stands. */
  CompletionStage<ReplyContent> isComplete(Request request) throws MalformedMessageException {
    String code = request.message().contentAs(RequestContent.IsComplete.class).code();
    return orElse(sessions.checkCompleteness(sessionId, kind, code), CompletenessVerdict.UNKNOWN)
        .thenApply(Questions::completeness);
  }

  private static ReplyContent completeness(CompletenessVerdict verdict) {
    return switch (verdict.completeness()) {
      case COMPLETE -> new ReplyContent.Completeness("complete");
      case INCOMPLETE -> new ReplyContent.Incomplete(verdict.indent());
      case INVALID -> new ReplyContent.Completeness("invalid");
      case UNKNOWN -> new ReplyContent.Completeness("unknown");
    };
  }

  /** Tells how a text may go on at the cursor. */
  CompletionStage<ReplyContent> complete(Request request) throws MalformedMessageException {
    RequestContent.Complete asked = request.message().contentAs(RequestContent.Complete.class);
    String code = asked.code();
    int cursor = CodePoints.toUtf16(code, asked.cursorPos());
    return orElse(sessions.complete(sessionId, kind, code, cursor), Completion.none(cursor))
        .thenApply(found -> completed(code, found));
  }

  private static ReplyContent completed(String code, Completion found) {
    int start = CodePoints.fromUtf16(code, found.start());
    int end = CodePoints.fromUtf16(code, found.end());
    ObjectNode metadata = JupyterJson.object();
    if (!found.candidates().isEmpty()) {
      List<ReplyContent.Match> matches =
          found.candidates().stream()
              .map(
                  match ->
                      new ReplyContent.Match(
                          match.text(), match.type(), start, end, match.signature()))
              .toList();
      metadata.set("_jupyter_types_experimental", JupyterJson.toArray(matches));
    }
    return new ReplyContent.Completed(found.texts(), start, end, metadata);
  }

  /** Tells what is known of the name at the cursor. */
  CompletionStage<ReplyContent> inspect(Request request) throws MalformedMessageException {
    RequestContent.Inspect asked = request.message().contentAs(RequestContent.Inspect.class);
    int cursor = CodePoints.toUtf16(asked.code(), asked.cursorPos());
    return orElse(
            sessions.inspect(sessionId, kind, asked.code(), cursor, asked.detailLevel() > 0),
            Inspection.NOTHING)
        .thenApply(Questions::inspected);
  }

  private static ReplyContent inspected(Inspection told) {
    return new ReplyContent.Inspected(
        told.found(),
        told.found() ? DisplayProjection.data(told.description()) : JupyterJson.object(),
        JupyterJson.object());
  }

  private static <T> CompletionStage<T> orElse(CompletionStage<T> answer, T otherwise) {
    return answer.exceptionally(
        failure -> {
          Throwable cause = Failures.cause(failure);
          if (cause instanceof SessionException) {
            return otherwise;
          }
          throw new CompletionException(cause);
        });
  }
}
