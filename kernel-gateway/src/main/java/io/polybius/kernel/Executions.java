package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterTime;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Follows the statements of a session and tells a kernel's clients about them: those that the
 * kernel's own clients asked for, as the answer to their requests, and those of others, as if
 * another front end of this kernel had sent them. Used under the kernel's lock.
 *
 * <p>A request is open from {@link #add} until its reply. It begins, for its client, when its
 * statement begins to run, or when it turns out that it never will.
 */
final class Executions {

  /** Output may come after a statement's end, from threads that it left behind. */
  private static final int REMEMBERED_RUNS = 1000;

  private final String kernelId;
  private final Voice voice;
  private final Numbering numbering;
  private final DisplayProjection projection = new DisplayProjection();
  private final int lastStatementBefore;
  private final Map<String, Own> open = new LinkedHashMap<>();
  private final Map<Integer, Run> begun =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Run> eldest) {
          return size() > REMEMBERED_RUNS;
        }
      };
  private boolean restarting;

  /**
   * Makes one for a kernel.
   *
   * @param kernelId tells the kernel's own statements from those of others
   * @param lastStatementBefore the last statement that was there before the kernel; it and those
   *     before it are none of the kernel's business
   */
  Executions(String kernelId, Voice voice, Numbering numbering, int lastStatementBefore) {
    this.kernelId = kernelId;
    this.voice = voice;
    this.numbering = numbering;
    this.lastStatementBefore = lastStatementBefore;
  }

  /** A statement as the clients see it. */
  private static class Run {
    final Header parent;
    final boolean silent;
    int executionCount;
    boolean hasBegun;

    Run(Header parent, boolean silent) {
      this.parent = parent;
      this.silent = silent;
    }

    /** Returns what has to be known of it after its end. */
    Run remembered() {
      Run remembered = new Run(parent, silent);
      remembered.executionCount = executionCount;
      remembered.hasBegun = true;
      return remembered;
    }
  }

  /** A statement that a client of this kernel has asked for. */
  private static final class Own extends Run {
    final Request request;
    final RequestContent.Execute content;
    OptionalInt statementId = OptionalInt.empty();

    Own(Request request, RequestContent.Execute content) {
      super(request.header(), content.silent());
      this.request = request;
      this.content = content;
    }
  }

  /**
   * Adds a request whose statement is about to be given to the session.
   *
   * @return names the request among all open ones; to be used as the request of the statement's
   *     origin
   */
  String add(Request request, RequestContent.Execute content) {
    String key = request.message().id();
    for (int i = 2; open.containsKey(key); i++) {
      key = request.message().id() + "#" + i;
    }
    open.put(key, new Own(request, content));
    return key;
  }

  /** Returns whether a request of that id is open. */
  boolean isOpen(String requestId) {
    return open.containsKey(requestId);
  }

  /** Answers an open request whose statement the session did not take. */
  void refused(String key, StatementError why) {
    Own own = open.get(key);
    if (own != null) {
      fail(key, own, why, voice.now());
    }
  }

  /** Answers all open requests with an error, because the kernel is over. */
  void failAll(String why) {
    StatementError error =
        new StatementError(StatementError.Origin.INTERRUPT, "KernelInterrupted", why, List.of());
    for (String key : List.copyOf(open.keySet())) {
      fail(key, open.get(key), error, voice.now());
    }
  }

  /** While the kernel restarts, what waits is aborted: its client asked for that. */
  void setRestarting(boolean isRestarting) {
    restarting = isRestarting;
  }

  /** Returns whether statements of this kernel run or wait. */
  boolean isIdle() {
    return open.isEmpty();
  }

  /**
   * Returns the statements of this kernel that have not ended, in the order in which they are to be
   * cancelled so that none begins meanwhile; or only the one that runs, if one does and the others
   * are not wanted.
   */
  List<Integer> unfinished(boolean onlyRunning) {
    List<Integer> waiting = new ArrayList<>();
    List<Integer> running = new ArrayList<>();
    for (Own own : open.values()) {
      own.statementId.ifPresent(id -> (own.hasBegun ? running : waiting).add(0, id));
    }
    if (onlyRunning && !running.isEmpty()) {
      return running;
    }
    waiting.addAll(running);
    return waiting;
  }

  /** A statement was added, or its state changed. */
  void changed(Statement statement) {
    if (statement.origin().client().equals(kernelId)) {
      Own own = open.get(statement.origin().request());
      if (own != null) {
        changed(statement, own);
      }
    } else if (!statement.isHidden() && statement.id() > lastStatementBefore) {
      changedElsewhere(statement);
    }
  }

  private void changed(Statement statement, Own own) {
    own.statementId = OptionalInt.of(statement.id());
    if (statement.state() == StatementState.RUNNING && !own.hasBegun) {
      begin(statement, own);
    } else if (statement.state().isTerminal()) {
      end(statement, own);
    }
  }

  private void end(Statement statement, Own own) {
    String key = statement.origin().request();
    Instant started =
        statement.startedMillis() > 0
            ? Instant.ofEpochMilli(statement.startedMillis())
            : voice.now();
    // One that ends well is as good as any, also when an interrupt was on its way.
    if (statement.error().isEmpty()
        && (own.hasBegun || statement.state() == StatementState.AVAILABLE)) {
      finish(
          key,
          own,
          "ok",
          started,
          new ReplyContent.Executed(own.executionCount, List.of(), userExpressions(own)));
    } else if (statement.error().isPresent() && (own.hasBegun || !restarting)) {
      fail(key, own, statement.error().get(), started);
    } else {
      voice.begin(own.parent);
      own.hasBegun = true;
      finish(key, own, "aborted", started, new ReplyContent.Aborted());
    }
  }

  private void changedElsewhere(Statement statement) {
    Run run = begun.get(statement.id());
    if (statement.state() == StatementState.RUNNING && run == null) {
      begin(
          statement,
          new Run(
              voice.requestFromElsewhere("execute_request", statement.origin().client()), false));
    } else if (statement.state().isTerminal() && run != null) {
      statement.error().ifPresent(error -> voice.publish(projection.project(error), run.parent));
      voice.end(run.parent);
    }
  }

  private void begin(Statement statement, Run run) {
    numbering.begun(statement);
    run.executionCount = numbering.count(statement);
    run.hasBegun = true;
    begun.put(statement.id(), run);
    voice.begin(run.parent);
    if (!run.silent) {
      voice.publish(
          new PublishedContent.ExecuteInput(statement.code(), run.executionCount), run.parent);
    }
  }

  /** A statement put something out. */
  void putOut(Statement statement, StatementOutput output) {
    Run run = begun.get(statement.id());
    if (run != null) {
      projection
          .project(output, run.executionCount, run.silent)
          .ifPresent(content -> voice.publish(content, run.parent));
    }
  }

  private void fail(String key, Own own, StatementError error, Instant started) {
    if (!own.hasBegun) {
      voice.begin(own.parent);
      own.hasBegun = true;
      own.executionCount = numbering.current();
    }
    PublishedContent.Failure failure = projection.project(error);
    voice.publish(failure, own.parent);
    finish(
        key,
        own,
        "error",
        started,
        new ReplyContent.ExecuteFailed(
            failure.ename(), failure.evalue(), failure.traceback(), own.executionCount));
  }

  private void finish(String key, Own own, String status, Instant started, ReplyContent content) {
    open.remove(key);
    own.statementId.ifPresent(id -> begun.replace(id, own.remembered()));
    ObjectNode metadata =
        JupyterJson.object().put("status", status).put("started", JupyterTime.format(started));
    voice.finish(own.request, metadata, content);
  }

  private static ObjectNode userExpressions(Own own) {
    ObjectNode results = JupyterJson.object();
    own.content
        .userExpressions()
        .fieldNames()
        .forEachRemaining(
            name ->
                results.set(
                    name,
                    JupyterJson.toObject(
                        new ReplyContent.Failed(
                            "NotSupported", "user expressions are not evaluated", List.of()))));
    return results;
  }
}
