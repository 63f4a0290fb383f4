package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.kernel.UpdatingDisplay.Line;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterTime;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Follows the statements of a session and tells a kernel's clients about them: those that the
 * kernel's own clients asked for, as the answer to their requests, and those of others, as if
 * another front end of this kernel had sent them. Used under the kernel's lock.
 *
 * <p>A request is open from {@link #add} until its reply. It begins, for its client, when its
 * statement begins to run, or when it turns out that it never will. The first one of those that
 * wait for a driver to start may begin earlier, to show that.
 */
final class Executions {

  /** Output may come after a statement's end, from threads that it left behind. */
  private static final int REMEMBERED_RUNS = 1000;

  private static final StatementError INTERRUPTED =
      new StatementError(
          StatementError.Origin.INTERRUPT,
          "KernelInterrupted",
          "The cell was interrupted before it began.",
          List.of());

  private static final StatementError NOT_EVALUATED =
      new StatementError(
          StatementError.Origin.DRIVER,
          "NotEvaluated",
          "The expression was not evaluated.",
          List.of());

  private final String kernelId;
  private final Voice voice;
  private final Numbering numbering;
  private final DisplayProjection projection = new DisplayProjection();
  private final int lastStatementBefore;
  private final ProgressDisplays progressDisplays;
  private final Consumer<String> onAnswered;
  private final Map<String, Own> open = new LinkedHashMap<>();
  private final Map<Integer, Run> begun =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Run> eldest) {
          return size() > REMEMBERED_RUNS;
        }
      };
  private Optional<Run> running = Optional.empty();
  private boolean restarting;

  /** Makes displays of the progress of cells, if users want to see it. */
  interface ProgressDisplays {
    /** Makes the display of a cell. */
    Optional<ProgressDisplay> of(UpdatingDisplay display);
  }

  /**
   * Makes one for a kernel.
   *
   * @param kernelId tells the kernel's own statements from those of others
   * @param lastStatementBefore the last statement that was there before the kernel; it and those
   *     before it are none of the kernel's business
   * @param onAnswered told the name of each request that has got its reply
   */
  Executions(
      String kernelId,
      Voice voice,
      Numbering numbering,
      int lastStatementBefore,
      ProgressDisplays progressDisplays,
      Consumer<String> onAnswered) {
    this.kernelId = kernelId;
    this.voice = voice;
    this.numbering = numbering;
    this.lastStatementBefore = lastStatementBefore;
    this.progressDisplays = progressDisplays;
    this.onAnswered = onAnswered;
  }

  /** A statement as the clients see it. */
  private static class Run {
    final Header parent;
    final boolean silent;
    int executionCount;

    /** Whether its clients know that it begins. */
    boolean isAnnounced;

    /** Whether its statement has begun. */
    boolean hasBegun;

    Run(Header parent, boolean silent) {
      this.parent = parent;
      this.silent = silent;
    }

    /** Returns what has to be known of it after its end. */
    Run remembered() {
      Run remembered = new Run(parent, silent);
      remembered.executionCount = executionCount;
      remembered.isAnnounced = true;
      remembered.hasBegun = true;
      return remembered;
    }
  }

  /**
   * What a cell shows of its wait.
   *
   * @param inVain what it shows if it ends before it has begun
   */
  private record Wait(UpdatingDisplay display, Line inVain) {}

  /** A statement that a client of this kernel has asked for. */
  private static final class Own extends Run {
    final Request request;
    final RequestContent.Execute content;
    final Instant received;
    final Map<String, ReplyContent.Payload> payloads = new LinkedHashMap<>();
    Optional<Statement> statement = Optional.empty();
    Optional<Wait> wait = Optional.empty();
    Optional<ProgressDisplay> progress = Optional.empty();

    Own(Request request, RequestContent.Execute content, Instant received) {
      super(request.header(), content.silent());
      this.request = request;
      this.content = content;
      this.received = received;
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
    open.put(key, new Own(request, content, voice.now()));
    return key;
  }

  /** Returns what a request wants of the driver besides having its code run. */
  static ExecuteOptions options(RequestContent.Execute content) {
    return new ExecuteOptions(
        !content.silent(),
        content.allowStdin(),
        content.userExpressions().entrySet().stream()
            .map(named -> new ExecuteOptions.Expression(named.getKey(), named.getValue()))
            .toList());
  }

  /** Adds a request that an earlier server has received, under the name that it had there. */
  void restore(String key, Request request, RequestContent.Execute content) {
    open.put(key, new Own(request, content, voice.now()));
  }

  /** Returns what the open requests ask for, by their names. */
  Map<String, RequestContent.Execute> contents() {
    Map<String, RequestContent.Execute> contents = new LinkedHashMap<>();
    open.forEach((key, own) -> contents.put(key, own.content));
    return contents;
  }

  /** Makes up for what is no longer told of a statement: that it has begun. */
  void hadBegun(Statement statement) {
    if (statement.origin().client().equals(kernelId)) {
      Own own = open.get(statement.origin().request());
      if (own != null && !own.hasBegun && statement.state().isTerminal()) {
        own.statement = Optional.of(statement);
        begin(statement, own);
      } else if (own != null) {
        changed(statement, own);
      }
    } else if (!statement.state().isTerminal() && !begun.containsKey(statement.id())) {
      changedElsewhere(statement);
    }
  }

  /** Says in the cells that run that there is more of their output than can still be told. */
  void sayThatOutputIsMissing() {
    open.values().stream()
        .filter(own -> own.hasBegun && !own.silent)
        .forEach(
            own ->
                voice.publish(
                    new PublishedContent.Stream(
                        "stderr",
                        "\n[Output is missing here: there was too much of it while the server was"
                            + " away.]\n"),
                    own.parent));
  }

  /** Returns whether a request of that id is open. */
  boolean isOpen(String requestId) {
    return open.containsKey(requestId);
  }

  /** Answers a request that cannot become a statement. */
  void refuse(Request request, ReplyContent.Failed why) {
    voice.begin(request.header());
    voice.finish(
        request,
        new ReplyContent.ExecuteFailed(
            why.ename(), why.evalue(), why.traceback(), numbering.current()));
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

  /** Returns whether any request of this kernel's clients is open. */
  boolean anyOpen() {
    return !open.isEmpty();
  }

  /** Returns whether a request waits for its statement to begin. */
  boolean anyWaits() {
    return open.values().stream().anyMatch(own -> !own.hasBegun);
  }

  /** Returns the header of the request that runs, or {@link Header#NONE}. */
  Header running() {
    return running.map(run -> run.parent).orElse(Header.NONE);
  }

  /** Returns the open request of a statement, if a client of this kernel has asked for it. */
  Optional<Request> request(Statement statement) {
    return own(statement).map(own -> own.request);
  }

  private Optional<Own> own(Statement statement) {
    return statement.origin().client().equals(kernelId)
        ? Optional.ofNullable(open.get(statement.origin().request()))
        : Optional.empty();
  }

  /**
   * Returns the statements of this kernel that have not ended, in the order in which they are to be
   * cancelled so that none begins meanwhile; or only the one that runs, if one does and the others
   * are not wanted.
   */
  List<Integer> unfinished(boolean onlyRunning) {
    List<Integer> waiting = new ArrayList<>();
    List<Integer> begun = new ArrayList<>();
    for (Own own : open.values()) {
      own.statement.ifPresent(known -> (own.hasBegun ? begun : waiting).add(0, known.id()));
    }
    if (onlyRunning && !begun.isEmpty()) {
      return begun;
    }
    waiting.addAll(begun);
    return waiting;
  }

  /**
   * Shows in the first cell that waits what it waits for.
   *
   * @param inVain what it shows if it never begins
   * @param patience how long it has to have waited
   */
  void showWait(Line line, Line inVain, Duration patience) {
    Instant enough = voice.now().minus(patience);
    open.values().stream()
        .filter(own -> !own.hasBegun && !own.silent && own.statement.isPresent())
        .findFirst()
        .filter(own -> !own.received.isAfter(enough))
        .ifPresent(
            own -> {
              announce(own.statement.orElseThrow(), own);
              if (own.wait.isEmpty()) {
                own.wait = Optional.of(new Wait(display(own, "wait"), inVain));
              }
              own.wait.get().display().show(line);
            });
  }

  /** Says in the cells that have shown what they wait for what has come of it. */
  void endWait(Line line) {
    open.values().forEach(own -> endWait(own, line));
  }

  private static void endWait(Own own, Line line) {
    own.wait.ifPresent(wait -> wait.display().show(line));
    own.wait = Optional.empty();
  }

  /** What is shown of a cell that ends changes no more. */
  private static void endDisplays(Own own) {
    own.progress.ifPresent(ProgressDisplay::end);
    own.progress = Optional.empty();
    own.wait.ifPresent(wait -> endWait(own, wait.inVain()));
  }

  private UpdatingDisplay display(Run run, String use) {
    return new UpdatingDisplay(
        voice, run.parent, "polybius-" + use + "-" + kernelId + "-" + run.parent.messageId());
  }

  /** A statement was added, or its state changed. */
  void changed(Statement statement) {
    if (statement.origin().client().equals(kernelId)) {
      own(statement).ifPresent(own -> changed(statement, own));
    } else if (!statement.isHidden() && statement.id() > lastStatementBefore) {
      changedElsewhere(statement);
    }
  }

  private void changed(Statement statement, Own own) {
    own.statement = Optional.of(statement);
    if (statement.state().isTerminal()) {
      end(statement, own);
    } else if (statement.startedMillis() > 0) {
      if (!own.hasBegun) {
        begin(statement, own);
        if (!own.silent) {
          own.progress = progressDisplays.of(display(own, "progress"));
        }
      }
      own.progress.ifPresent(display -> display.changed(statement.tasks()));
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
      endDisplays(own);
      finish(
          key,
          own,
          "ok",
          started,
          new ReplyContent.Executed(
              own.executionCount,
              List.copyOf(own.payloads.values()),
              userExpressions(statement, own)));
    } else if (statement.error().isPresent() && (own.hasBegun || !restarting)) {
      fail(key, own, statement.error().get(), started);
    } else if (own.isAnnounced && !restarting) {
      // Its user has seen it begin, and has now stopped it.
      fail(key, own, INTERRUPTED, started);
    } else {
      endDisplays(own);
      announceEnd(own);
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
      running = running.filter(other -> other != run);
    }
  }

  private void begin(Statement statement, Run run) {
    announce(statement, run);
    numbering.begun(statement);
    run.hasBegun = true;
    begun.put(statement.id(), run);
    running = Optional.of(run);
  }

  private void announce(Statement statement, Run run) {
    if (run.isAnnounced) {
      return;
    }
    run.isAnnounced = true;
    run.executionCount = numbering.count(statement);
    voice.begin(run.parent);
    if (!run.silent) {
      voice.publish(
          new PublishedContent.ExecuteInput(statement.code(), run.executionCount), run.parent);
    }
  }

  /** Lets one begin for its clients that will never run. */
  private void announceEnd(Own own) {
    if (!own.isAnnounced) {
      own.isAnnounced = true;
      own.executionCount = numbering.current();
      voice.begin(own.parent);
    }
  }

  /** A statement put something out. */
  void putOut(Statement statement, StatementOutput output) {
    Run run = begun.get(statement.id());
    if (run == null) {
      return;
    }
    if (run instanceof Own own) {
      projection.payload(output).ifPresent(payload -> own.payloads.put(payload.source(), payload));
      if (output instanceof StatementOutput.Clear) {
        own.progress.ifPresent(ProgressDisplay::cleared);
      }
    }
    projection
        .project(output, run.executionCount, run.silent)
        .ifPresent(content -> voice.publish(content, run.parent));
  }

  private void fail(String key, Own own, StatementError error, Instant started) {
    endDisplays(own);
    announceEnd(own);
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
    running = running.filter(other -> other != own);
    own.statement.ifPresent(known -> begun.replace(known.id(), own.remembered()));
    ObjectNode metadata =
        JupyterJson.object().put("status", status).put("started", JupyterTime.format(started));
    voice.finish(own.request, metadata, content);
    onAnswered.accept(key);
  }

  private Map<String, ReplyContent> userExpressions(Statement statement, Own own) {
    Map<String, ReplyContent> results = new LinkedHashMap<>();
    for (String name : own.content.userExpressions().keySet()) {
      results.put(name, projection.project(new ExpressionResult.NotEvaluated(name, NOT_EVALUATED)));
    }
    for (ExpressionResult result : statement.expressions()) {
      results.replace(result.name(), projection.project(result));
    }
    return results;
  }
}
