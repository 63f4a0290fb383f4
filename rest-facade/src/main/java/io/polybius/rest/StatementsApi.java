package io.polybius.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The routes of a session's statements. */
final class StatementsApi {

  private final SessionService sessions;
  private final LongPoll longPoll;
  private final Json json;

  StatementsApi(SessionService sessions, LongPoll longPoll, Json json) {
    this.sessions = sessions;
    this.longPoll = longPoll;
    this.json = json;
  }

  record StatementList(
      @JsonProperty("total_statements") int total, List<StatementJson> statements) {}

  record NewStatementJson(String code, String kind) {}

  record CompletionRequestJson(String code, String kind, Integer cursor) {}

  record CompletionJson(List<String> candidates) {}

  Answer list(Request request) {
    int from = request.number("from", 0);
    int size = request.number("size", Integer.MAX_VALUE);
    List<Statement> all = new ArrayList<>(sessions.session(request.session()).statements());
    if (request.text("order").orElse("asc").equalsIgnoreCase("desc")) {
      Collections.reverse(all);
    }
    List<StatementJson> page = Page.of(all, from, size).stream().map(this::json).toList();
    return Answer.ok(new StatementList(all.size(), page));
  }

  /** Answers a statement as it is, or when it has ended, if the client wants to wait for that. */
  CompletionStage<Answer> get(Request request) {
    Optional<Duration> patience = request.time(LongPoll.WAIT);
    return patience.isPresent()
        ? await(request, patience.get())
        : CompletableFuture.completedFuture(
            Answer.ok(json(sessions.statement(request.session(), request.statement()))));
  }

  private CompletionStage<Answer> await(Request request, Duration patience) {
    return longPoll
        .hold(
            patience, time -> sessions.awaitStatement(request.session(), request.statement(), time))
        .thenApply(statement -> Answer.okLazily(() -> json(statement)));
  }

  CompletionStage<Answer> create(Request request) {
    NewStatementJson asked = request.body().as(NewStatementJson.class);
    SessionSnapshot session = sessions.session(request.session());
    NewStatement statement =
        new NewStatement(
            kind(asked.kind(), session),
            code(asked.code()).replace("\r\n", "\n"),
            Origin.REST,
            false,
            false,
            false);
    return sessions
        .execute(String.valueOf(session.id()), statement)
        .thenApply(
            added ->
                Answer.created(
                    "/sessions/" + session.id() + "/statements/" + added.id(), json(added)));
  }

  CompletionStage<Answer> cancel(Request request) {
    return sessions
        .cancel(request.session(), request.statement())
        .thenApply(done -> Answer.ok(Map.of("msg", "canceled")));
  }

  CompletionStage<Answer> complete(Request request) {
    CompletionRequestJson asked = request.body().as(CompletionRequestJson.class);
    String code = code(asked.code());
    int cursor = Objects.requireNonNullElse(asked.cursor(), code.length());
    SessionSnapshot session = sessions.session(request.session());
    return sessions
        .complete(
            String.valueOf(session.id()),
            kind(asked.kind(), session),
            code,
            Math.max(0, Math.min(cursor, code.length())))
        .thenApply(found -> Answer.ok(new CompletionJson(found.texts())));
  }

  private static String code(String asked) {
    if (asked == null) {
      throw RejectedRequestException.bad("requirement failed: no code provided.");
    }
    return asked;
  }

  private static Kind kind(String asked, SessionSnapshot session) {
    return asked == null ? session.settings().kind() : Kinds.parse(asked);
  }

  private StatementJson json(Statement statement) {
    return StatementJson.of(statement, json);
  }
}
