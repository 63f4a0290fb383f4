package io.polybius.kernel.relay;

import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.zmq.KernelSockets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between Jupyter, which expects a kernel's five sockets on this machine, and a server that
 * has the kernel. It passes messages on as they are and remembers only from which client each
 * request came.
 *
 * <p>The thread that calls {@link #run} waits for what happens to the relay as a whole, and deals
 * with it; messages go past it, from the sockets' thread to the WebSocket's and back.
 */
public final class KernelRelay {

  private static final Logger log = LoggerFactory.getLogger(KernelRelay.class);
  private static final Pattern FILE_NAME =
      Pattern.compile(
          "kernel-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\.json");
  private static final String PARENT_VARIABLE = "JPY_PARENT_PID";

  private static final List<Duration> RECONNECT_DELAYS =
      List.of(
          Duration.ofMillis(50),
          Duration.ofMillis(200),
          Duration.ofMillis(500),
          Duration.ofSeconds(1),
          Duration.ofSeconds(2));

  /** Jupyter kills a process five seconds after it has asked it to end. */
  private static final Duration END_TIMEOUT = Duration.ofMillis(4500);

  private static final int FAILURE = 1;

  private final RelayOptions options;
  private final String kernelId;
  private final String clientSession = "relay-" + UUID.randomUUID();
  private final ConnectionFile connectionFile;
  private final GatewayClient gateway;
  private final OpenRequests open = new OpenRequests();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final ServerLink link = new ServerLink(this::fromServer, () -> tell(Event.LINK_LOST));
  private final MessageSource messages;
  private final KernelSockets sockets;

  // What the messages that passed have shown:
  private volatile String kernelSession = UUID.randomUUID().toString();
  private volatile int lastExecutionCount;
  private volatile Optional<JupyterMessage> shutdownReply = Optional.empty();

  /** What can happen to a relay as a whole. */
  private enum Event {
    /** The WebSocket has ended. */
    LINK_LOST,
    /** A client has shut the kernel down, and has been answered. */
    SHUT_DOWN,
    /** The kernel's session is over. */
    KERNEL_DEAD,
    /** The process that needs the kernel is gone. */
    PARENT_GONE,
    /** This process is to end. */
    TERMINATED
  }

  private KernelRelay(RelayOptions options, Map<String, String> environment, ExecutorService http)
      throws RelayException {
    this.options = options;
    this.connectionFile = read(options.connectionFile());
    this.kernelId = kernelId(options.connectionFile());
    this.gateway = new GatewayClient(options.server(), token(environment), http);
    this.messages = new MessageSource(() -> kernelSession, "polybius", Clock.systemUTC());
    this.sockets = bind();
  }

  private static ConnectionFile read(Path file) throws RelayException {
    try {
      return ConnectionFile.read(file);
    } catch (IOException e) {
      throw new RelayException("The connection file cannot be read: " + e.getMessage(), e);
    }
  }

  private static ServerToken token(Map<String, String> environment) throws RelayException {
    try {
      return ServerToken.of(environment);
    } catch (IOException e) {
      throw new RelayException(e.getMessage(), e);
    }
  }

  private KernelSockets bind() throws RelayException {
    try {
      return KernelSockets.bind(connectionFile, kernelId, messages);
    } catch (IOException | IllegalArgumentException e) {
      throw new RelayException(e.getMessage(), e);
    }
  }

  /**
   * Returns the id of the kernel that a connection file belongs to. A restarted relay gets the same
   * file, and so finds the kernel that it had.
   */
  static String kernelId(Path connectionFile) {
    Path name = connectionFile.getFileName();
    Matcher matcher =
        FILE_NAME.matcher(name == null ? "" : name.toString().toLowerCase(Locale.ROOT));
    return matcher.matches()
        ? matcher.group(1)
        : UUID.nameUUIDFromBytes(
                connectionFile.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8))
            .toString();
  }

  /**
   * Connects Jupyter's sockets with a kernel at the server, until the kernel is shut down or gone,
   * the parent process ends, the calling thread is interrupted or the process is told to end.
   * Problems are said in one line on standard error.
   *
   * @param environment may hold the server's token and the id of the parent process
   * @return the exit code of the process: 0 when somebody wanted it to end, else 1
   */
  public static int run(RelayOptions options, Map<String, String> environment) {
    ExecutorService http =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "relay-http");
              thread.setDaemon(true);
              return thread;
            });
    try {
      return new KernelRelay(options, environment, http).connectAndServe(environment);
    } catch (RelayException e) {
      log.debug("the relay cannot work", e);
      System.err.println("polybius kernel: " + e.getMessage());
      return FAILURE;
    } finally {
      http.shutdownNow();
    }
  }

  private int connectAndServe(Map<String, String> environment) throws RelayException {
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              tell(Event.TERMINATED);
              await(ended);
            },
            "relay-end");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      watchParent(environment);
      gateway.findOrCreate(kernelId, options.kind(), options.session());
      gateway.openChannels(kernelId, clientSession, link.listener());
      sockets.serve(this::fromClient);
      return serve();
    } catch (InterruptedException e) {
      return end(Event.TERMINATED);
    } finally {
      link.close();
      sockets.close();
      ended.countDown();
      removeHook(hook);
    }
  }

  private static void await(CountDownLatch ended) {
    try {
      if (!ended.await(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the relay did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.trace("the process is ending already", e);
    }
  }

  private void watchParent(Map<String, String> environment) {
    try {
      long parent = Long.parseLong(environment.getOrDefault(PARENT_VARIABLE, "0"));
      // One that is not there may be in another container; nothing can be known of it.
      Optional<CompletableFuture<Void>> unused =
          ProcessHandle.of(parent)
              .filter(handle -> parent > 0)
              .map(handle -> handle.onExit().thenRun(() -> tell(Event.PARENT_GONE)));
    } catch (NumberFormatException e) {
      log.warn("{} is not the id of a process", PARENT_VARIABLE);
    }
  }

  private void tell(Event event) {
    events.add(event);
  }

  /** Deals with what happens until the relay is to end, and returns the exit code. */
  private int serve() throws RelayException, InterruptedException {
    Event event = events.take();
    while (event == Event.LINK_LOST && shutdownReply.isEmpty()) {
      Optional<Event> meanwhile = reconnect();
      event = meanwhile.isPresent() ? meanwhile.get() : events.take();
    }
    return end(event);
  }

  /**
   * Gets a new WebSocket.
   *
   * @return what has happened instead, if the relay is to end
   * @throws RelayException if the server does not come back, or has no such kernel any more
   */
  private Optional<Event> reconnect() throws RelayException, InterruptedException {
    RelayException failure = null;
    for (Duration delay : RECONNECT_DELAYS) {
      Event meanwhile = events.poll(delay.toMillis(), TimeUnit.MILLISECONDS);
      if (meanwhile != null && meanwhile != Event.LINK_LOST) {
        return Optional.of(meanwhile);
      }
      try {
        if (!gateway.hasKernel(kernelId)) {
          return Optional.of(Event.KERNEL_DEAD);
        }
        gateway.openChannels(kernelId, clientSession, link.listener());
        return Optional.empty();
      } catch (RelayException e) {
        failure = e;
      }
    }
    failOpenCells(
        "ServerLost",
        "The connection to the server at " + options.server() + " was lost. Restart the kernel.");
    throw new RelayException(
        "The connection to the server at " + options.server() + " was lost.", failure);
  }

  /** Cleans up, and returns the exit code. */
  private int end(Event why) {
    log.debug("the relay of kernel {} ends: {}", kernelId, why);
    return switch (why) {
      case SHUT_DOWN, LINK_LOST -> 0;
      case KERNEL_DEAD -> {
        failOpenCells("KernelDied", "The kernel's session has ended.");
        delete();
        yield FAILURE;
      }
      case PARENT_GONE, TERMINATED -> {
        delete();
        yield 0;
      }
    };
  }

  private void delete() {
    boolean interrupted = Thread.interrupted();
    try {
      gateway.delete(kernelId);
    } catch (RelayException e) {
      log.debug("the kernel could not be ended", e);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- messages

  /** Called on the sockets' thread. */
  private void fromClient(JupyterMessage message) {
    open.add(message);
    if (link.send(message)) {
      return;
    }
    log.warn("{} is too large for the server", message);
    open.remove(message);
    if (message.type().equals("execute_request")) {
      fail(message, "TooLarge", "The code is too large for the server; put it into a file.");
    }
  }

  /** Called on the WebSocket's thread. */
  private void fromServer(JupyterMessage message) {
    kernelSession = message.header().session();
    if (message.channel() == Channel.IOPUB) {
      sockets.send(message);
      notice(message);
      return;
    }
    Optional<JupyterMessage> request = open.find(message);
    if (request.isEmpty()) {
      log.debug("nobody waits for {}", message);
      return;
    }
    boolean isReply = message.channel() == request.get().channel();
    JupyterMessage complete =
        message.type().equals("connect_reply")
            ? message.withContent(JupyterJson.toObject(ports()))
            : message;
    sockets.send(complete.withIdentities(request.get().identities()));
    if (isReply) {
      open.remove(request.get());
    }
    if (message.type().equals("shutdown_reply")
        && message.content().path("status").asText().equals("ok")) {
      shutdownReply = Optional.of(message);
    }
  }

  private void notice(JupyterMessage publication) {
    if (publication.type().equals("execute_input")) {
      lastExecutionCount = publication.content().path("execution_count").asInt();
    }
    if (!publication.type().equals("status")) {
      return;
    }
    String state = publication.content().path("execution_state").asText();
    boolean endsShutdown =
        shutdownReply
            .filter(reply -> reply.parentHeader().equals(publication.parentHeader()))
            .isPresent();
    if (state.equals("idle") && endsShutdown) {
      tell(Event.SHUT_DOWN);
    } else if (state.equals("dead")) {
      tell(Event.KERNEL_DEAD);
    }
  }

  private ReplyContent.Ports ports() {
    ConnectionFile file = sockets.connectionFile();
    return new ReplyContent.Ports(
        file.shellPort(), file.iopubPort(), file.stdinPort(), file.hbPort(), file.controlPort());
  }

  private void failOpenCells(String name, String why) {
    open.takeExecutions().forEach(request -> fail(request, name, why));
  }

  private void fail(JupyterMessage request, String name, String why) {
    sockets.send(
        messages.publication(
            new PublishedContent.Failure(name, why, List.of(why)), request.header()));
    sockets.send(
        messages.reply(
            request,
            JupyterJson.object(),
            JupyterJson.toObject(
                new ReplyContent.ExecuteFailed(name, why, List.of(why), lastExecutionCount))));
    sockets.send(messages.publication(new PublishedContent.Status("idle"), request.header()));
  }
}
