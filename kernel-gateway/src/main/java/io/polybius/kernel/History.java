package io.polybius.kernel;

import io.polybius.driver.protocol.StatementOutput;
import io.polybius.kernel.history.HistoryEntry;
import io.polybius.kernel.history.HistoryStore;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Lets the history of a kernel's user grow, and answers questions about it. Used under the kernel's
 * lock; what takes time happens on the store's thread.
 */
final class History {

  /** How long a disk may take; then the answer is empty. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final HistoryStore store;
  private final Numbering numbering;
  private int lastBegun = -1;

  History(HistoryStore store, Numbering numbering) {
    this.store = store;
    this.numbering = numbering;
  }

  /** A statement of the session has changed, or was there before the kernel. */
  void changed(Statement statement, SessionSnapshot session) {
    boolean begins = statement.startedMillis() > 0 && statement.id() > lastBegun;
    boolean ends = statement.startedMillis() > 0 && statement.state().isTerminal();
    if (statement.isHidden() || !(begins || ends)) {
      return;
    }
    lastBegun = Math.max(lastBegun, statement.id());
    Numbering.Position position = numbering.position(statement.id());
    store.add(
        new HistoryStore.Place(session.owner(), session.id(), position.session()),
        position.line(),
        statement.startedMillis(),
        statement.code(),
        () -> result(statement));
  }

  private static Optional<String> result(Statement statement) {
    return statement.outputs().toList().stream()
        .filter(StatementOutput.Value.class::isInstance)
        .map(StatementOutput.Value.class::cast)
        .map(value -> DisplayProjection.text(value.bundle()))
        .findFirst();
  }

  /**
   * Answers a request.
   *
   * @throws MalformedMessageException if it asks in an unknown way
   */
  CompletionStage<ReplyContent> answer(RequestContent.History request, SessionSnapshot session)
      throws MalformedMessageException {
    Query query = query(request);
    return store
        .read(
            new HistoryStore.Place(session.owner(), session.id(), numbering.currentSession()),
            (entries, current) -> reply(query.find(entries, current), request.output()))
        .toCompletableFuture()
        .completeOnTimeout(
            new ReplyContent.History(List.of()), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Finds what a request asks for. */
  private interface Query {
    List<HistoryEntry> find(List<HistoryEntry> all, int currentSession);
  }

  private static Query query(RequestContent.History request) throws MalformedMessageException {
    switch (request.access()) {
      case "tail":
        return (all, current) -> newest(all, request.count());
      case "range":
        return (all, current) -> range(all, request, current);
      case "search":
        Glob pattern = new Glob(request.pattern());
        return (all, current) -> newest(search(all, pattern, request.unique()), request.count());
      default:
        throw new MalformedMessageException("hist_access_type must be tail, range or search");
    }
  }

  private static List<HistoryEntry> range(
      List<HistoryEntry> all, RequestContent.History request, int current) {
    int session = request.session() > 0 ? request.session() : current + request.session();
    return all.stream()
        .filter(
            entry ->
                entry.session() == session
                    && entry.line() >= request.start()
                    && (request.stop() <= 0 || entry.line() < request.stop()))
        .toList();
  }

  private static List<HistoryEntry> search(List<HistoryEntry> all, Glob pattern, boolean unique) {
    Deque<HistoryEntry> found = new ArrayDeque<>();
    Set<String> seen = new HashSet<>();
    for (int i = all.size() - 1; i >= 0; i--) {
      HistoryEntry entry = all.get(i);
      if (pattern.matches(entry.input()) && (seen.add(entry.input()) || !unique)) {
        found.addFirst(entry);
      }
    }
    return List.copyOf(found);
  }

  private static List<HistoryEntry> newest(List<HistoryEntry> all, int count) {
    return count > 0 ? all.subList(Math.max(0, all.size() - count), all.size()) : all;
  }

  private static ReplyContent reply(List<HistoryEntry> found, boolean withOutput) {
    return new ReplyContent.History(found.stream().map(entry -> row(entry, withOutput)).toList());
  }

  private static List<Object> row(HistoryEntry entry, boolean withOutput) {
    // A row may hold null in the place of an output.
    Object input =
        withOutput ? Arrays.asList(entry.input(), entry.output().orElse(null)) : entry.input();
    return List.of(entry.session(), entry.line(), input);
  }
}
