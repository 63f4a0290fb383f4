package io.polybius.kernel;

import io.polybius.kernel.KernelJournal.Identity;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.JupyterTime;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionException;
import io.polybius.session.SessionListener;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.SessionState;
import io.polybius.session.Statement;
import io.polybius.session.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kernel: a session as Jupyter's clients see it. It turns their requests into calls of the
 * session core, and what happens in the session into messages.
 *
 * <p><b>Order.</b> Each request, whatever its type and channel, shows as {@code busy}, its effects,
 * its reply and {@code idle}, in this order. {@link Requests} sees to this for all requests but
 * executions, {@link Executions} for those: they begin when the session begins their statement.
 *
 * <p><b>Threads.</b> Requests come from the threads of connections, events from the session's
 * mailbox. Both take the kernel's lock, its monitor, before they come to its parts, which have no
 * locks of their own but the journal. What comes later takes it again: answers in {@link Requests}
 * and {@link Comms}, what displays do after a time, and the past in {@link Takeover}. Nothing waits
 * under it: the session core only queues what it is asked, and connections only queue what they are
 * given. So the order in which messages are handed to a connection is the order in which things
 * happened.
 */
public final class Kernel {

  private static final Logger log = LoggerFactory.getLogger(Kernel.class);
  private static final int LOG_LINES_IN_REASON = 20;

  private final KernelDescription description;
  private final SessionService sessions;
  private final KernelServices services;
  private final Consumer<Kernel> onEnd;
  private final String sessionId;
  private final Voice voice;
  private final int lastStatementBefore;

  // Under the lock:
  private final Numbering numbering;
  private final Executions executions;
  private final WaitDisplay waitDisplay;
  private final InputRequests inputRequests;
  private final Comms comms;
  private final History history;
  private final Requests requests;
  private Subscription subscription = () -> {};
  private boolean caughtUp;
  private int incarnation;
  private int ownRestarts;
  private boolean dead;
  private boolean ended;

  // Written under the lock:
  private volatile KernelJournal journal = KernelJournal.none();
  private volatile SessionSnapshot session;
  private volatile Instant lastActivity;

  /**
   * What a kernel is and belongs to.
   *
   * @param id its UUID
   * @param name the name of its kernelspec
   * @param kind the language that it runs
   * @param language the name of that language, for programs
   * @param ownsSession whether its session ends with it
   */
  public record KernelDescription(
      String id, String name, Kind kind, String language, boolean ownsSession) {}

  /**
   * Makes a kernel on a session.
   *
   * @param session the session as it is now
   * @param before what the kernel was with an earlier server, if it goes on
   * @param onEnd told once, when the kernel is over; must return quickly
   */
  Kernel(
      KernelDescription description,
      SessionService sessions,
      SessionSnapshot session,
      Optional<Identity> before,
      KernelServices services,
      Consumer<Kernel> onEnd) {
    this.description = description;
    this.sessions = sessions;
    this.session = session;
    this.services = services;
    this.onEnd = onEnd;
    this.sessionId = String.valueOf(session.id());
    this.lastActivity = services.clock().instant();
    this.voice = new Voice(services.clock(), before.map(Identity::headerSession));
    this.numbering = new Numbering(session);
    this.incarnation = session.incarnation();
    int count = session.statements().size();
    this.lastStatementBefore =
        before
            .map(Identity::lastStatementBefore)
            .orElseGet(
                () ->
                    description.ownsSession() || count == 0
                        ? -1
                        : session.statements().get(count - 1).id());
    this.executions =
        new Executions(
            description.id(),
            voice,
            numbering,
            lastStatementBefore,
            this::progressDisplay,
            key -> journal.answered(key));
    this.waitDisplay =
        new WaitDisplay(
            executions,
            () -> sessions.newestLogLines(this.session, 1),
            this::later,
            services.clock());
    this.inputRequests = new InputRequests(voice, sessions, sessionId);
    this.comms = new Comms(voice, sessions, sessionId, this::underLock);
    this.history = new History(services.history(), numbering);
    this.requests =
        new Requests(
            this,
            voice,
            executions,
            new Questions(sessions, sessionId, description.kind()),
            comms,
            history);
    waitDisplay.changed(session);
  }

  private Optional<ProgressDisplay> progressDisplay(UpdatingDisplay display) {
    return services.showsProgress()
        ? Optional.of(
            new ProgressDisplay(
                display,
                this::later,
                services.clock(),
                session.driver().flatMap(SessionSnapshot.DriverInfo::sparkUiUrl)))
        : Optional.empty();
  }

  /** Runs a task under the lock, if the kernel is not over. */
  private synchronized void underLock(Runnable task) {
    if (!ended) {
      task.run();
    }
  }

  private Runnable later(Duration delay, Runnable task) {
    return services.timer().after(delay, () -> underLock(task));
  }

  /**
   * Begins to follow the session.
   *
   * @throws SessionException if it is gone
   */
  synchronized void start() {
    subscription =
        sessions.subscribe(
            sessionId,
            0,
            new SessionListener() {
              @Override
              public void onEvent(SessionEvent event) {
                Kernel.this.onEvent(event);
              }

              @Override
              public void onCaughtUp(long sequence, SessionSnapshot now) {
                Kernel.this.onCaughtUp(now);
              }
            });
  }

  /** Keeps the kernel from now on, so that it outlives the server. Called before it is started. */
  synchronized void keep(KernelStore store) {
    journal =
        store.begin(
            new Identity(
                description.id(),
                description.name(),
                session.id(),
                description.ownsSession(),
                voice.session(),
                lastStatementBefore,
                false));
  }

  /** Returns what is kept of the kernel, if anything is. */
  public KernelJournal journal() {
    return journal;
  }

  /**
   * Follows the session from where an earlier server has left off.
   *
   * @param kept what that has kept of the kernel
   * @param clients gives the kernel its clients back, and returns these by their names
   * @throws SessionException if the session is gone
   */
  synchronized void resume(
      KernelJournal kept, Function<Kernel, Map<String, KernelConnection>> clients) {
    journal = kept;
    Takeover takeover = new Takeover(this, kept, voice, executions);
    takeover.restoreRequests(clients.apply(this));
    subscription = sessions.subscribe(sessionId, 0, takeover);
  }

  /** Returns the kernel's UUID. */
  public String id() {
    return description.id();
  }

  /** Returns the session that the kernel shows, as it is now. */
  SessionSnapshot session() {
    return session;
  }

  /** Returns the id of the session that the kernel shows. */
  public int sessionId() {
    return session.id();
  }

  /** Returns the id that all messages of the kernel carry until it is restarted. */
  public String headerSession() {
    return voice.session();
  }

  /** Returns the kernel as it is now. */
  public KernelModel model() {
    SessionSnapshot now = session;
    SessionState state = now.state();
    String shown = state.isActive() ? state.name().toLowerCase(Locale.ROOT) : "dead";
    return new KernelModel(
        description.id(),
        description.name(),
        JupyterTime.format(lastActivity),
        shown,
        (int) voice.connections().stream().filter(KernelConnection::isLive).count(),
        state.isActive() ? "" : reasonOfDeath());
  }

  private String reasonOfDeath() {
    try {
      return String.join("\n", sessions.log(sessionId, -1, LOG_LINES_IN_REASON).lines());
    } catch (SessionException e) {
      return "The session was deleted.";
    }
  }

  /** Returns whether the kernel's session is over. */
  public synchronized boolean isDead() {
    return dead;
  }

  // ---- connections

  /** Adds a connection, which hears everything that is published from now on. */
  public synchronized void connect(KernelConnection connection) {
    if (ended) {
      connection.kernelEnded();
      return;
    }
    voice.connections().add(connection);
  }

  /** Forgets a connection. */
  public synchronized void disconnect(KernelConnection connection) {
    voice.connections().remove(connection);
    inputRequests.gone(connection);
  }

  // ---- requests

  /**
   * Takes a message from a client. Messages that no kernel can do anything with are dropped.
   *
   * @param from where the reply goes
   */
  public synchronized void receive(JupyterMessage message, KernelConnection from) {
    if (ended || message.channel() == Channel.IOPUB) {
      return;
    }
    if (message.type().isEmpty() || message.id().isEmpty()) {
      log.warn("kernel {} dropped a message without type or id", description.id());
      return;
    }
    log.debug("kernel {} received {}", description.id(), message);
    if (Requests.isFromUser(message)) {
      lastActivity = services.clock().instant();
    }
    Request request = new Request(message, from);
    if (message.channel() == Channel.STDIN) {
      inputRequests.take(request);
    } else {
      requests.serve(request);
    }
  }

  /** Returns whether an execution that a client has asked for under that id is not answered yet. */
  public synchronized boolean isOpen(String requestId) {
    return executions.isOpen(requestId);
  }

  /** Returns what clients want to know of a kernel first. */
  ReplyContent info() {
    return Languages.kernelInfo(description, session.driver(), services.version());
  }

  /** Gives the session what an open request asks for. Used under the lock. */
  void submit(String key, RequestContent.Execute content) {
    NewStatement statement =
        new NewStatement(
            description.kind(),
            content.code(),
            new Origin(description.id(), key),
            !content.storeHistory(),
            content.stopOnError() && !content.silent(),
            true,
            Executions.options(content));
    if (services.showsProgress()) {
      waitDisplay.cellWaits();
    }
    try {
      sessions
          .execute(sessionId, statement)
          .whenComplete((added, failure) -> taken(key, added, failure));
    } catch (RuntimeException e) {
      taken(key, null, e);
    }
  }

  private synchronized void taken(String key, Statement added, Throwable failure) {
    if (failure != null) {
      executions.refused(key, Failures.error(failure));
    } else if (ended && !description.ownsSession()) {
      // The kernel ended while the statement was on its way into the session.
      cancel(List.of(added.id()));
    }
  }

  // ---- what is done to the whole kernel

  /**
   * Stops what the kernel runs; does nothing when that is nothing. In a session that the kernel
   * shares with its creator, only the kernel's own statements are stopped.
   */
  public synchronized void interrupt() {
    lastActivity = services.clock().instant();
    if (session.state() == SessionState.STARTING) {
      // Nothing runs, but its user sees that a cell waits.
      cancel(executions.unfinished(false));
    } else if (description.ownsSession()) {
      ignoringFailure(sessions.interrupt(sessionId));
    } else {
      cancel(executions.unfinished(true));
    }
  }

  private void cancel(List<Integer> statementIds) {
    statementIds.forEach(id -> ignoringFailure(sessions.cancel(sessionId, id)));
  }

  private void ignoringFailure(CompletionStage<Void> call) {
    call.exceptionally(
        failure -> {
          log.debug("kernel {}: {}", description.id(), failure.getMessage());
          return null;
        });
  }

  /**
   * Replaces the session's driver by a new one and begins a new life of the kernel. Clients are
   * told that it starts.
   *
   * @return completes when the old driver is of no more use and the new one is on its way; fails
   *     with {@link SessionException}, or with {@link KernelException} if the session is over
   */
  public synchronized CompletionStage<Void> restart() {
    if (dead) {
      return CompletableFuture.failedFuture(
          new KernelException(
              KernelException.Reason.KERNEL_DEAD,
              "The session of this kernel is over; start a new kernel."));
    }
    // Not told as "restarting": JupyterLab takes that for the restart of a kernel that has died.
    return restart(failure -> {});
  }

  /**
   * Does the same for a request, whose reply tells of it. Used under the lock.
   *
   * @param lastWords said at the end of the old life, under the lock; given the failure, if any
   */
  CompletionStage<Void> restart(Consumer<Optional<Throwable>> lastWords) {
    lastActivity = services.clock().instant();
    ownRestarts++;
    executions.setRestarting(true);
    return sessions
        .restart(sessionId)
        .<Void>thenApply(done -> null)
        .whenComplete(
            (done, failure) -> {
              synchronized (this) {
                lastWords.accept(Optional.ofNullable(failure));
                ownRestarts--;
                executions.setRestarting(ownRestarts > 0);
                if (failure == null && !ended) {
                  beginIncarnation();
                }
              }
            });
  }

  private void beginIncarnation() {
    voice.beginIncarnation();
    journal.headerSession(voice.session());
  }

  /**
   * Ends the kernel: what its clients wait for ends in an error, its connections are told, and its
   * session ends too if the kernel has opened it. Does nothing the second time.
   */
  public synchronized void shutDown() {
    shutDown(() -> {});
  }

  /**
   * Does the same for a request. Used under the lock.
   *
   * @param lastWords said after those who wait have been told
   */
  void shutDown(Runnable lastWords) {
    end("The kernel was shut down.", true, lastWords);
  }

  /**
   * Ends the kernel if nobody uses it. One that starts, or runs something, is in use, and so is one
   * that would only be started again.
   *
   * @param lastUse only if it was last used before that time
   * @param evenConnected whether also if clients are connected to it
   * @return whether it is over now
   */
  public synchronized boolean endIfUnused(Instant lastUse, boolean evenConnected) {
    SessionState state = session.state();
    boolean works =
        state == SessionState.STARTING || state == SessionState.BUSY || executions.anyOpen();
    boolean isInUse =
        voice.connections().stream()
            .anyMatch(
                connection -> connection.startsAgain() || (connection.isLive() && !evenConnected));
    if (ended || works || !lastActivity.isBefore(lastUse) || isInUse) {
      return ended;
    }
    end("The kernel was not used for a long time.", true, () -> {});
    return true;
  }

  /**
   * Leaves the kernel to a later server, or ends it if it is not kept, and leaves its session
   * alone: the server itself is about to end.
   */
  synchronized void release() {
    if (journal.isKept() && !ended) {
      ended = true;
      subscription.close();
      journal.leave();
      endConnections();
    } else {
      end("The server is shutting down.", false, () -> {});
    }
  }

  /**
   * Ends the kernel.
   *
   * @param why what to tell those who wait for something
   * @param withSession whether a session that the kernel has opened ends with it
   * @param lastWords said after those who wait have been told
   */
  private void end(String why, boolean withSession, Runnable lastWords) {
    if (ended) {
      return;
    }
    ended = true;
    subscription.close();
    if (withSession && description.ownsSession()) {
      ignoringFailure(sessions.delete(sessionId));
    } else if (session.state().isActive()) {
      cancel(executions.unfinished(false));
    }
    executions.failAll(why);
    lastWords.run();
    journal.delete();
    endConnections();
    log.info("kernel {} of session {} has ended", description.id(), sessionId);
  }

  private void endConnections() {
    List<KernelConnection> connections = List.copyOf(voice.connections());
    voice.connections().clear();
    connections.forEach(KernelConnection::kernelEnded);
    onEnd.accept(this);
  }

  // ---- what happens in the session

  /** Takes an event that is new to the clients. */
  synchronized void onEvent(SessionEvent event) {
    if (!ended) {
      handle(event);
      journal.told(event.sequence());
    }
  }

  /** Does what follows from an event. Used under the lock. */
  void handle(SessionEvent event) {
    if (event instanceof SessionEvent.StatementChanged changed) {
      lastActivity = services.clock().instant();
      onStatement(changed.statement());
    } else if (event instanceof SessionEvent.OutputAdded added) {
      lastActivity = services.clock().instant();
      executions.putOut(added.statement(), added.output());
    } else if (event instanceof SessionEvent.InputRequested asked) {
      executions.request(asked.statement()).ifPresent(cell -> inputRequests.ask(asked, cell));
    } else if (event instanceof SessionEvent.CommSent sent) {
      if (caughtUp) {
        comms.sent(sent, executions.running());
      } else {
        // Its clients were there before this kernel.
        comms.note(sent.message());
      }
    } else if (event instanceof SessionEvent.SessionChanged changed) {
      onSession(changed.session());
    }
  }

  /** The events from before the kernel have been told. */
  synchronized void onCaughtUp(SessionSnapshot now) {
    caughtUp = true;
    now.statements().stream()
        .filter(statement -> statement.id() >= now.firstStatementId())
        .forEach(statement -> history.changed(statement, now));
  }

  private void onStatement(Statement statement) {
    if (caughtUp) {
      history.changed(statement, session);
    }
    if (statement.state().isTerminal()) {
      inputRequests.ended(statement.id());
    }
    executions.changed(statement);
    if (services.showsProgress()) {
      waitDisplay.changed(statement);
    }
  }

  private void onSession(SessionSnapshot now) {
    session = now;
    numbering.update(now);
    waitDisplay.changed(now);
    if (now.incarnation() > incarnation) {
      comms.forgetAll();
      boolean restartedElsewhere = incarnation > 0 && ownRestarts == 0;
      incarnation = now.incarnation();
      if (restartedElsewhere) {
        voice.publish(new PublishedContent.Status("restarting"), Header.NONE);
        beginIncarnation();
      }
    }
    if (!now.state().isActive() && !dead) {
      dead = true;
      executions.failAll("The session has ended.");
      voice.publish(new PublishedContent.Status("dead"), Header.NONE);
      if (now.state() == SessionState.SHUTTING_DOWN || !description.ownsSession()) {
        // Who opened a session that died can still ask the kernel why. Other views of it, and all
        // views of a session that somebody ended on purpose, are over.
        end("The session has ended.", false, () -> {});
      }
    }
  }
}
