package io.polybius.rest;

import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The routes of sessions. */
final class SessionsApi {

  /** How Livy's Java client calls itself in all its versions. */
  private static final String LIVY_JAVA_CLIENT = "livy-client-http";

  private final SessionService sessions;
  private final Impersonation impersonation;

  SessionsApi(SessionService sessions, Impersonation impersonation) {
    this.sessions = sessions;
    this.impersonation = impersonation;
  }

  Answer list(Request request) {
    return Answer.ok(PageJson.of(request, sessions.sessions(), this::json));
  }

  CompletionStage<Answer> create(Request request) {
    NewSessionJson asked = request.body().as(NewSessionJson.class);
    SessionSnapshot session =
        sessions.open(
            asked.toSettings(impersonation.user(request, asked.proxyUser())), request.caller());
    return CompletableFuture.completedFuture(
        Answer.created("/sessions/" + session.id(), json(session, request)));
  }

  Answer get(Request request) {
    return Answer.ok(json(sessions.session(request.session()), request));
  }

  CompletionStage<Answer> connect(Request request) {
    SessionSnapshot session = sessions.connect(request.session());
    return CompletableFuture.completedFuture(Answer.ok(json(session, request)));
  }

  Answer state(Request request) {
    SessionSnapshot session = sessions.session(request.session());
    return Answer.ok(new StateJson(session.id(), session.state().toString()));
  }

  Answer log(Request request) {
    int id = sessions.session(request.session()).id();
    return Answer.ok(
        LogJson.of(request, id, (from, size) -> sessions.log(String.valueOf(id), from, size)));
  }

  CompletionStage<Answer> interrupt(Request request) {
    return sessions
        .interrupt(request.session())
        .thenApply(done -> Answer.ok(Map.of("msg", "interrupted")));
  }

  CompletionStage<Answer> stop(Request request) {
    return sessions.stop(request.session()).thenApply(done -> Answer.noContent());
  }

  CompletionStage<Answer> delete(Request request) {
    return sessions
        .delete(request.session())
        .thenApply(done -> Answer.ok(Map.of("msg", "deleted")));
  }

  /** Livy's Java client fails on any field that its own version does not know. */
  private Object json(SessionSnapshot session, Request request) {
    SessionJson json = json(session);
    return request.userAgent().startsWith(LIVY_JAVA_CLIENT) ? json.oldest() : json;
  }

  private SessionJson json(SessionSnapshot session) {
    return SessionJson.of(session, sessions.newestLogLines(session, LogJson.NEWEST_LINES));
  }
}
