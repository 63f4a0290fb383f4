package io.polybius.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** The routes of a session's statements. */
final class StatementsApi {

  private final SessionService sessions;
  private final Json json;

  StatementsApi(SessionService sessions, Json json) {
    this.sessions = sessions;
    this.json = json;
  }

  private record StatementList(
      @JsonProperty("total_statements") int total, List<StatementJson> statements) {}

  private record NewStatementJson(String code, String kind) {}

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

  Answer get(Request request) {
    return Answer.ok(json(sessions.statement(request.session(), request.statement())));
  }

  CompletionStage<Answer> create(Request request) {
    NewStatementJson asked = request.body().as(NewStatementJson.class);
    if (asked.code() == null) {
      throw RejectedRequestException.bad("requirement failed: no code provided.");
    }
    SessionSnapshot session = sessions.session(request.session());
    NewStatement statement =
        new NewStatement(
            asked.kind() == null ? session.settings().kind() : Kinds.parse(asked.kind()),
            asked.code().replace("\r\n", "\n"),
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

  private StatementJson json(Statement statement) {
    return StatementJson.of(statement, json);
  }
}
