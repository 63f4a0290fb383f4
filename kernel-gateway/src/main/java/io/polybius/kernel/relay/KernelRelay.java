package io.polybius.kernel.relay;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
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

  private static final Duration FIRST_RECONNECT_DELAY = Duration.ofMillis(50);
  private static final Duration LONGEST_RECONNECT_DELAY = Duration.ofSeconds(2);

  /** A shorter loss of the server is not worth a word in the cells that wait. */
  private static final Duration UNNOTICED_LOSS = Duration.ofSeconds(3);

  /** Jupyter kills a process five seconds after it has asked it to end. */
  private static final Duration END_TIMEOUT = Duration.ofMillis(4500);

  private static final int FAILURE = 1;
  private static final long INIT_PID = 1;

  private final RelayOptions options;
  private final String kernelId;
  private final ConnectionFile connectionFile;
  private final GatewayClient gateway;
  private final OpenRequests open = new OpenRequests();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final ServerLink link = new ServerLink(new FromServer());
  private final MessageSource messages;
  private final KernelSockets sockets;

  // What the messages that passed have shown:
  private volatile String kernelSession = UUID.randomUUID().toString();
  private volatile int lastExecutionCount;
  private volatile Optional<JupyterMessage> shutdownReply = Optional.empty();
  private volatile Optional<String> restartRequest = Optional.empty();
  private volatile Optional<ObjectNode> kernelInfo = Optional.empty();

  /** What can happen to a relay as a whole. */
  private enum Event {
    /** The WebSocket has ended. */
    LINK_LOST,
    /** A client has shut the kernel down, and has been answered. */
    SHUT_DOWN,
    /** A client has shut the kernel down, and could only be answered by the relay itself. */
    SHUT_DOWN_ALONE,
    /** The kernel's session is over. */
    KERNEL_DEAD,
    /** The server does not know the kernel any more. */
    KERNEL_LOST,
    /** The process that needs the kernel is gone. */
    PARENT_GONE,
    /** This process is to end. */
    TERMINATED
  }

  private KernelRelay(RelayOptions options, Map<String, String> environment) throws RelayException {
    this.options = options;
    this.connectionFile = read(options.connectionFile());
    this.kernelId = kernelId(options.connectionFile());
    this.gateway =
        new GatewayClient(options.server(), token(environment), wishes(options, environment));
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

  /** What is asked for of a new session; the option is of the kernelspec that was chosen. */
  private static Map<String, String> wishes(RelayOptions options, Map<String, String> environment) {
    Map<String, String> wishes = new HashMap<>();
    for (String name : List.of(GatewayClient.SPARK_OPTIONS, GatewayClient.PROFILE)) {
      Optional.ofNullable(environment.get(name)).ifPresent(value -> wishes.put(name, value));
    }
    options.profile().ifPresent(profile -> wishes.put(GatewayClient.PROFILE, profile));
    return wishes;
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
    try {
      return new KernelRelay(options, environment).connectAndServe(environment);
    } catch (RelayException e) {
      log.debug("the relay cannot work", e);
      System.err.println("polybius kernel: " + e.getMessage());
      return FAILURE;
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
      connect();
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

  private void connect() throws RelayException {
    // The same name for each relay of this kernel: one that was killed leaves its place to the
    // next.
    link.use(gateway.openChannels(kernelId, "relay-" + kernelId));
  }

  /** Ends the relay when the process that Jupyter named, or the one that started us, is gone. */
  private void watchParent(Map<String, String> environment) {
    long named;
    try {
      named = Long.parseLong(environment.getOrDefault(PARENT_VARIABLE, "0"));
    } catch (NumberFormatException e) {
      log.warn("{} is not the id of a process", PARENT_VARIABLE);
      return;
    }
    if (named <= 0) {
      return;
    }
    // One that is not there has ended already, unless a process of another kind stands between,
    // such as a container's: then that one started us, and an orphan belongs to the first process.
    Optional<ProcessHandle> parent =
        ProcessHandle.of(named)
            .or(() -> ProcessHandle.current().parent().filter(other -> other.pid() != INIT_PID));
    if (parent.isEmpty()) {
      tell(Event.PARENT_GONE);
    } else {
      CompletableFuture<Void> unused = parent.get().onExit().thenRun(() -> tell(Event.PARENT_GONE));
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
   * @throws RelayException if the server does not come back
   */
  private Optional<Event> reconnect() throws RelayException, InterruptedException {
    long lostNanos = System.nanoTime();
    Duration delay = FIRST_RECONNECT_DELAY;
    boolean said = false;
    while (true) {
      answerShutdownAlone();
      Event meanwhile = events.poll(delay.toMillis(), TimeUnit.MILLISECONDS);
      if (meanwhile != null && meanwhile != Event.LINK_LOST) {
        return Optional.of(meanwhile);
      }
      try {
        if (!gateway.hasKernel(kernelId)) {
          return Optional.of(Event.KERNEL_LOST);
        }
        connect();
        return Optional.empty();
      } catch (RelayException e) {
        Duration since = Duration.ofNanos(System.nanoTime() - lostNanos);
        if (since.compareTo(options.patience()) > 0) {
          throw serverLost(e);
        }
        if (!said && since.compareTo(UNNOTICED_LOSS) > 0) {
          said = true;
          sayThatTheServerIsWaitedFor();
        }
      }
      Duration doubled = delay.multipliedBy(2);
      delay = doubled.compareTo(LONGEST_RECONNECT_DELAY) < 0 ? doubled : LONGEST_RECONNECT_DELAY;
    }
  }

  /**
   * Who has shut the kernel down just when the connection was lost does not wait for the server.
   */
  private void answerShutdownAlone() {
    for (JupyterMessage request : open.ofType("shutdown_request")) {
      boolean isRestart = restartRequest.filter(request.id()::equals).isPresent();
      if (!isRestart && open.take(request.id()).isPresent()) {
        boolean unused = answeredAlone(request);
      }
    }
  }

  private void sayThatTheServerIsWaitedFor() {
    String text =
        "The server at "
            + options.server()
            + " does not answer; it is waited for, up to "
            + options.patience().toSeconds()
            + " s.\n";
    open.ofType("execute_request")
        .forEach(
            request ->
                sockets.send(
                    messages.publication(
                        new PublishedContent.Stream("stderr", text), request.header())));
  }

  private RelayException serverLost(RelayException cause) {
    String why = "The connection to the server at " + options.server() + " was lost.";
    failAll("ServerLost", why + " Restart the kernel.");
    return new RelayException(why, cause);
  }

  /** Cleans up, and returns the exit code. */
  private int end(Event why) {
    log.debug("the relay of kernel {} ends: {}", kernelId, why);
    return switch (why) {
      case SHUT_DOWN, LINK_LOST -> 0;
      case KERNEL_DEAD -> {
        failAll("KernelDied", "The kernel's session has ended.");
        delete();
        yield FAILURE;
      }
      case KERNEL_LOST -> {
        failAll(
            "KernelDied",
            "The server at "
                + options.server()
                + " does not know this kernel any more: it was restarted, or has ended the"
                + " kernel's session. What was defined there is gone.");
        yield FAILURE;
      }
      case TERMINATED -> {
        // Jupyter does not wait long for a restart; the next relay goes on with this kernel.
        if (!isRestarting()) {
          delete();
        }
        yield 0;
      }
      case SHUT_DOWN_ALONE, PARENT_GONE -> {
        delete();
        yield 0;
      }
    };
  }

  private boolean isRestarting() {
    return restartRequest.filter(open::holds).isPresent();
  }

  private void delete() {
    try {
      gateway.delete(kernelId);
    } catch (RelayException e) {
      log.debug("the kernel could not be ended", e);
    }
  }

  // ---- messages

  /** Called on the sockets' thread. */
  private void fromClient(JupyterMessage message) {
    if (!link.isConnected() && answeredAlone(message)) {
      return;
    }
    if (message.channel() != Channel.STDIN) {
      if (message.type().equals("shutdown_request")
          && message.content().path("restart").asBoolean()) {
        restartRequest = Optional.of(message.id());
      }
      open.add(message);
    }
    switch (link.send(message)) {
      case ACCEPTED -> {}
      case TOO_LARGE ->
          refuse(message, "TooLarge", "The code is too large for the server; put it into a file.");
      case TOO_MUCH ->
          refuse(message, "TooMuch", "Too many requests wait for the server, which is not there.");
    }
  }

  private void refuse(JupyterMessage message, String name, String why) {
    log.warn("{} was not sent: {}", message, name);
    open.remove(message.id());
    sockets.send(messages.publication(new PublishedContent.Status("busy"), message.header()));
    fail(message, name, why);
  }

  /** Answers what can be answered without the server; returns whether it did. */
  private boolean answeredAlone(JupyterMessage request) {
    Optional<ObjectNode> reply = Optional.empty();
    if (request.type().equals("kernel_info_request")) {
      reply = kernelInfo;
    } else if (request.type().equals("shutdown_request")
        && !request.content().path("restart").asBoolean()) {
      reply = Optional.of(JupyterJson.toObject(new ReplyContent.ShutDown(false)));
    }
    if (reply.isEmpty()) {
      return false;
    }
    sockets.send(messages.publication(new PublishedContent.Status("busy"), request.header()));
    sockets.send(messages.reply(request, JupyterJson.object(), reply.get()));
    sockets.send(messages.publication(new PublishedContent.Status("idle"), request.header()));
    if (request.type().equals("shutdown_request")) {
      tell(Event.SHUT_DOWN_ALONE);
    }
    return true;
  }

  /** Called on a thread of the link. */
  private final class FromServer implements ServerLink.Listener {

    @Override
    public void onMessage(JupyterMessage message) {
      kernelSession = message.header().session();
      if (isDeath(message)) {
        // Who has started the relay sees it end and may start it again, which JupyterLab takes up
        // only if it was not told that the kernel is dead.
        tell(Event.KERNEL_DEAD);
      } else if (message.channel() == Channel.IOPUB) {
        sockets.send(message);
        notice(message);
      } else {
        passOn(message);
      }
    }

    @Override
    public void onUnknown(String requestId) {
      open.take(requestId)
          .ifPresent(
              request ->
                  fail(
                      request,
                      "ResultLost",
                      "The server was restarted meanwhile, and does not know what became of this"
                          + " request."));
    }

    @Override
    public void onLost() {
      tell(Event.LINK_LOST);
    }

    @Override
    public List<String> open() {
      return open.ids();
    }
  }

  private void passOn(JupyterMessage message) {
    Optional<JupyterMessage> request = open.find(message);
    JupyterMessage complete =
        message.type().equals("connect_reply")
            ? message.withContent(JupyterJson.toObject(ports()))
            : message;
    // Jupyter's clients are known by their sessions: so an answer that a relay before this one was
    // asked for finds its way.
    sockets.send(
        complete.withIdentities(
            request
                .map(JupyterMessage::identities)
                .orElseGet(
                    () ->
                        List.of(
                            message.parentHeader().session().getBytes(StandardCharsets.UTF_8)))));
    if (message.type().equals("kernel_info_reply")) {
      kernelInfo = Optional.of(message.content());
    } else if (message.type().equals("shutdown_reply")
        && message.content().path("status").asText().equals("ok")) {
      shutdownReply = Optional.of(message);
    }
  }

  private static boolean isDeath(JupyterMessage message) {
    return message.type().equals("status")
        && message.content().path("execution_state").asText().equals("dead");
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
    if (state.equals("idle")) {
      // All has been said; some requests have no reply.
      open.remove(publication.parentHeader().messageId());
    }
    if (state.equals("idle") && endsShutdown) {
      tell(Event.SHUT_DOWN);
    }
  }

  private ReplyContent.Ports ports() {
    ConnectionFile file = sockets.connectionFile();
    return new ReplyContent.Ports(
        file.shellPort(), file.iopubPort(), file.stdinPort(), file.hbPort(), file.controlPort());
  }

  /** Lets all requests end in an error, because the kernel is over. */
  private void failAll(String name, String why) {
    open.takeAll().forEach(request -> fail(request, name, why));
  }

  private void fail(JupyterMessage request, String name, String why) {
    List<String> traceback = List.of(why);
    ReplyContent reply = new ReplyContent.Failed(name, why, traceback);
    if (request.type().equals("execute_request")) {
      sockets.send(
          messages.publication(
              new PublishedContent.Failure(name, why, traceback), request.header()));
      reply = new ReplyContent.ExecuteFailed(name, why, traceback, lastExecutionCount);
    }
    if (request.type().endsWith("_request")) {
      sockets.send(messages.reply(request, JupyterJson.object(), JupyterJson.toObject(reply)));
    }
    sockets.send(messages.publication(new PublishedContent.Status("idle"), request.header()));
  }
}
