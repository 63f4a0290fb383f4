package io.polybius.driver;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.CommMessage.Step;
import io.polybius.driver.protocol.DriverCommand.HandleComm;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.CommHandled;
import io.polybius.driver.protocol.DriverEvent.CommSent;
import io.polybius.notebook.Comm;
import io.polybius.notebook.Comms;
import io.polybius.notebook.Incoming;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The comms of the session's code. What front ends send is handled by one thread, in order, beside
 * the statements. A handler takes as long as it likes, but an interrupt of the statement that runs
 * reaches it too.
 */
final class OpenComms implements Comms, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(OpenComms.class);
  private static final String NOTHING = "{}";

  /** What may wait for a handler that takes its time. */
  private static final int MOST_WAITING = 1_000;

  private static final long MOST_WAITING_BYTES = 64L << 20;

  /** The request of what comes from a statement. */
  private static final int NO_REQUEST = -1;

  private final OutputCapture statements;
  private final Consumer<DriverEvent> events;
  private final Map<String, Owned<Target>> targets = new ConcurrentHashMap<>();
  private final Map<String, OpenComm> comms = new ConcurrentHashMap<>();
  private final ThreadLocal<Integer> request = ThreadLocal.withInitial(() -> NO_REQUEST);
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          OpenComms::daemon,
          // After the end there is nobody to answer.
          new ThreadPoolExecutor.DiscardPolicy());

  // Guarded by this, so that whoever interrupts a handler finds it running or not at all:
  private Optional<Thread> handling = Optional.empty();
  private int waiting;
  private long waitingBytes;

  /**
   * Makes one without comms.
   *
   * @param statements knows which statement a thread belongs to
   * @param events gets what the comms say
   */
  OpenComms(OutputCapture statements, Consumer<DriverEvent> events) {
    this.statements = statements;
    this.events = events;
  }

  /** Something of the user's to call, and the statement that it came from. */
  private record Owned<T>(T code, Optional<StatementConsole> console, ClassLoader classLoader) {}

  private interface Call<T> {
    void on(T code) throws Exception;
  }

  @Override
  public void registerTarget(String name, Target target) {
    targets.put(name, owned(target));
  }

  @Override
  public Comm open(String target, Object data) {
    return open(target, data, NOTHING);
  }

  @Override
  public Comm open(String target, Object data, Object metadata) {
    return open(UUID.randomUUID().toString(), target, data, metadata);
  }

  @Override
  public Comm open(String id, String target, Object data, Object metadata, byte[]... buffers) {
    OpenComm comm = new OpenComm(id, target);
    CommMessage message =
        new CommMessage(
            Step.OPEN,
            comm.id,
            target,
            NotebookJson.object(data),
            NotebookJson.object(metadata),
            copies(buffers));
    comms.put(comm.id, comm);
    send(message);
    return comm;
  }

  /**
   * Handles what a front end has sent, after what came before. If too much waits already, the comm
   * is closed instead, so that its front end knows.
   */
  void handle(HandleComm command) {
    long bytes = bytes(command.message());
    if (mayWait(bytes)) {
      thread.execute(
          () -> {
            try {
              run(command);
            } finally {
              handled(bytes);
            }
          });
    } else {
      refuse(command);
    }
  }

  private synchronized boolean mayWait(long bytes) {
    if (waiting >= MOST_WAITING || waitingBytes + bytes > MOST_WAITING_BYTES) {
      return false;
    }
    waiting++;
    waitingBytes += bytes;
    return true;
  }

  private synchronized void handled(long bytes) {
    waiting--;
    waitingBytes -= bytes;
  }

  private void refuse(HandleComm command) {
    CommMessage message = command.message();
    log.warn("a comm is closed because too many messages wait for their handlers");
    comms.remove(message.commId());
    if (message.step() != Step.CLOSE) {
      events.accept(
          new CommSent(
              command.requestId(),
              new CommMessage(Step.CLOSE, message.commId(), "", NOTHING, NOTHING, List.of())));
    }
    events.accept(new CommHandled(command.requestId()));
  }

  /** Interrupts the handler that runs, if one does. */
  synchronized void interrupt() {
    handling.ifPresent(Thread::interrupt);
  }

  /** Ends the thread. */
  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void run(HandleComm command) {
    request.set(command.requestId());
    synchronized (this) {
      handling = Optional.of(Thread.currentThread());
    }
    try {
      handle(command.message());
    } catch (RuntimeException e) {
      log.warn("a comm message could not be handled", e);
    } finally {
      synchronized (this) {
        handling = Optional.empty();
      }
      Thread.interrupted();
      request.remove();
      events.accept(new CommHandled(command.requestId()));
    }
  }

  private void handle(CommMessage message) {
    Incoming incoming =
        new Incoming(
            NotebookJson.fields(message.data()),
            message.data(),
            message.metadata(),
            message.buffers());
    Optional<OpenComm> known = Optional.ofNullable(comms.get(message.commId()));
    switch (message.step()) {
      case OPEN -> opened(message, incoming);
      case MESSAGE -> known.flatMap(comm -> comm.onMessage).ifPresent(to -> tell(to, incoming));
      case CLOSE -> {
        comms.remove(message.commId());
        known.flatMap(comm -> comm.onClose).ifPresent(to -> tell(to, incoming));
      }
    }
  }

  private void opened(CommMessage message, Incoming incoming) {
    OpenComm comm = new OpenComm(message.commId(), message.targetName());
    comms.put(comm.id, comm);
    Optional<Owned<Target>> target = Optional.ofNullable(targets.get(comm.target));
    boolean taken = target.isPresent() && call(target.get(), code -> code.opened(comm, incoming));
    if (!taken) {
      // Else the front end would wait for somebody to answer.
      comm.close();
    }
  }

  private void tell(Owned<Comm.Handler> handler, Incoming message) {
    call(handler, code -> code.received(message));
  }

  /** Calls the user's code as its statement would; returns whether that went well. */
  private <T> boolean call(Owned<T> owned, Call<T> call) {
    Thread current = Thread.currentThread();
    ClassLoader before = current.getContextClassLoader();
    current.setContextClassLoader(owned.classLoader());
    owned.console().ifPresent(statements::adopt);
    try {
      call.on(owned.code());
      return true;
    } catch (Throwable e) {
      // The user's code may throw anything, and finds it where it printed the rest.
      e.printStackTrace(System.err);
      return false;
    } finally {
      statements.disown();
      owned.console().ifPresent(console -> console.sink().flush());
      current.setContextClassLoader(before);
    }
  }

  private <T> Owned<T> owned(T code) {
    return new Owned<>(code, statements.speaker(), Thread.currentThread().getContextClassLoader());
  }

  private void send(CommMessage message) {
    NotebookFrontEnd.checkSize(bytes(message));
    DriverEvent event = new CommSent(request.get(), message);
    Optional<StatementConsole> speaker = statements.speaker();
    if (speaker.isPresent()) {
      speaker.get().sink().send(event);
    } else {
      events.accept(event);
    }
  }

  private static List<byte[]> copies(byte[][] buffers) {
    return Arrays.stream(buffers).map(byte[]::clone).toList();
  }

  private static long bytes(CommMessage message) {
    return (long) message.data().getBytes(StandardCharsets.UTF_8).length
        + message.metadata().getBytes(StandardCharsets.UTF_8).length
        + message.buffers().stream().mapToLong(buffer -> buffer.length).sum();
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "comms");
    thread.setDaemon(true);
    return thread;
  }

  private final class OpenComm implements Comm {

    private final String id;
    private final String target;
    private volatile Optional<Owned<Handler>> onMessage = Optional.empty();
    private volatile Optional<Owned<Handler>> onClose = Optional.empty();

    OpenComm(String id, String target) {
      this.id = id;
      this.target = target;
    }

    @Override
    public String id() {
      return id;
    }

    @Override
    public String target() {
      return target;
    }

    @Override
    public void send(Object data, byte[]... buffers) {
      if (comms.containsKey(id)) {
        say(Step.MESSAGE, data, copies(buffers));
      }
    }

    @Override
    public void onMessage(Handler handler) {
      onMessage = Optional.of(owned(handler));
    }

    @Override
    public void onClose(Handler handler) {
      onClose = Optional.of(owned(handler));
    }

    @Override
    public void close() {
      close(NOTHING);
    }

    @Override
    public void close(Object data) {
      if (comms.remove(id) != null) {
        say(Step.CLOSE, data, List.of());
      }
    }

    @Override
    public String toString() {
      return "Comm(" + target + ", " + id + ")";
    }

    private void say(Step step, Object data, List<byte[]> buffers) {
      OpenComms.this.send(
          new CommMessage(step, id, "", NotebookJson.object(data), NOTHING, buffers));
    }
  }
}
