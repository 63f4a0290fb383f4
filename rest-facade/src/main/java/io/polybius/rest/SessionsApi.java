package io.polybius.rest;

import io.polybius.session.LogPage;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The routes of sessions. */
final class SessionsApi {

  /** How Livy's Java client calls itself in all its versions. */
  private static final String LIVY_JAVA_CLIENT = "livy-client-http";

  private static final int DEFAULT_PAGE = 100;
  private static final int LOG_LINES_OF_SESSION = 10;

  private final SessionService sessions;

  SessionsApi(SessionService sessions) {
    this.sessions = sessions;
  }

  private record SessionList(int from, int total, List<SessionJson> sessions) {}

  private record SessionState(int id, String state) {}

  private record SessionLog(int id, int from, int total, List<String> log) {}

  Answer list(Request request) {
    int from = request.number("from", 0);
    int size = request.number("size", DEFAULT_PAGE);
    List<SessionSnapshot> all = sessions.sessions();
    List<SessionJson> page =
        Page.of(all, from, size).stream()
            .map(session -> SessionJson.of(session, newestLogLines(session)))
            .toList();
    return Answer.ok(new SessionList(from, all.size(), page));
  }

  CompletionStage<Answer> create(Request request) {
    NewSessionJson asked = request.body().as(NewSessionJson.class);
    SessionSnapshot session = sessions.open(asked.toSettings(), request.caller());
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
    return Answer.ok(new SessionState(session.id(), session.state().toString()));
  }

  Answer log(Request request) {
    int from = request.number("from", -1);
    int size = request.number("size", DEFAULT_PAGE);
    int id = sessions.session(request.session()).id();
    LogPage page = sessions.log(String.valueOf(id), from, size);
    return Answer.ok(new SessionLog(id, page.from(), page.total(), page.lines()));
  }

  CompletionStage<Answer> interrupt(Request request) {
    return sessions
        .interrupt(request.session())
        .thenApply(done -> Answer.ok(Map.of("msg", "interrupted")));
  }

  CompletionStage<Answer> delete(Request request) {
    return sessions
        .delete(request.session())
        .thenApply(done -> Answer.ok(Map.of("msg", "deleted")));
  }

  /** Livy's Java client fails on any field that its own version does not know. */
  private Object json(SessionSnapshot session, Request request) {
    SessionJson json = SessionJson.of(session, newestLogLines(session));
    return request.userAgent().startsWith(LIVY_JAVA_CLIENT) ? json.oldest() : json;
  }

  private List<String> newestLogLines(SessionSnapshot session) {
    return sessions.newestLogLines(session, LOG_LINES_OF_SESSION);
  }
}
