package io.polybius.kernel.zmq;

import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.WireCodec;
import io.polybius.kernel.wire.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;
import org.zeromq.ZMQException;

/**
 * The five sockets of a kernel.
 *
 * <p>ZeroMQ sockets belong to one thread. Here the poller thread owns shell, control, stdin and
 * iopub, and the heartbeat thread owns the heartbeat; both make their sockets, use them and close
 * them. Other threads put what they want to send into a queue and wake the poller through a pair of
 * in-process sockets, of which only the sending end is shared, under a lock. Messages leave in the
 * order in which {@link #send} was called.
 *
 * <p>If the connection file has keys for it, what goes over all sockets is encrypted (CurveZMQ).
 *
 * <p>A subscriber that does not read costs the others nothing: when much waits for it, all wait a
 * moment for it, and then it misses what is published until it has read half of what waits.
 *
 * <p>A new subscriber of iopub gets {@code iopub_welcome} before anything else, because the poller
 * looks for new subscriptions before each message that it publishes.
 */
public final class KernelSockets implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelSockets.class);

  /** A restarted kernel gets the ports of the one before it, which may still be letting go. */
  private static final Duration BIND_TIMEOUT = Duration.ofSeconds(5);

  private static final int BIND_RETRY_MILLIS = 50;
  private static final int LINGER_MILLIS = 1000;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** How many messages may wait for a subscriber, or for a client of another channel. */
  private static final int MAX_WAITING_PUBLICATIONS = 5000;

  private static final int MAX_WAITING_REPLIES = 10_000;

  /** How long all wait for a subscriber for whom that many wait. */
  private static final Duration SUBSCRIBER_PATIENCE = Duration.ofSeconds(1);

  private static final int SUBSCRIBER_POLL_MILLIS = 5;
  private static final String WAKE_ADDRESS = "inproc://wake";
  private static final String KEEPER_ADDRESS = "inproc://keeper";
  private static final byte SUBSCRIBE = 1;
  private static final byte UNSUBSCRIBE = 0;

  /** How many requests of one channel are taken before the others have their turn. */
  private static final int REQUESTS_AT_ONCE = 100;

  private final ConnectionFile asked;
  private final Duration patience;
  private final String topicPrefix;
  private final MessageSource messages;
  private final WireCodec codec;
  private final ZMQ.Context context = ZMQ.context(1);
  private final ZMQ.Socket wakeSender;
  private final Queue<JupyterMessage> outgoing = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<ConnectionFile> bound = new CompletableFuture<>();
  private final CompletableFuture<ZMQ.Socket> heartbeatSocket = new CompletableFuture<>();
  private final Thread poller;
  private final Thread heartbeat;
  private volatile Optional<Consumer<JupyterMessage>> requests = Optional.empty();
  private volatile boolean closing;

  // On the poller's thread:
  private ZMQ.Socket keeper;

  /** Signed already, but a subscriber has no room for it. */
  private Optional<List<byte[]>> heldPublication = Optional.empty();

  private long heldSinceNanos;

  private KernelSockets(
      ConnectionFile asked, String kernelId, MessageSource messages, Duration patience) {
    this.patience = patience;
    this.asked = asked;
    this.topicPrefix = "kernel." + kernelId + ".";
    this.messages = messages;
    this.codec = new WireCodec(asked.signatureScheme(), asked.key());
    this.wakeSender = context.socket(SocketType.PAIR);
    wakeSender.setLinger(0);
    wakeSender.bind(WAKE_ADDRESS);
    this.poller = daemon("kernel-sockets", this::poll);
    this.heartbeat = daemon("kernel-heartbeat", this::echo);
  }

  private static Thread daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Binds the sockets and publishes the status {@code starting}. The heartbeat and new subscribers
   * are served at once; requests wait until {@link #serve}.
   *
   * @param asked where to listen; a port 0 stands for any free one
   * @param kernelId is part of the topics on iopub
   * @param messages makes the messages that the sockets send by themselves
   * @throws IOException if a port cannot be had within some seconds
   */
  public static KernelSockets bind(ConnectionFile asked, String kernelId, MessageSource messages)
      throws IOException {
    return bind(asked, kernelId, messages, BIND_TIMEOUT);
  }

  /**
   * Binds the sockets as {@link #bind(ConnectionFile, String, MessageSource)} does.
   *
   * @param patience how long each port is waited for
   * @throws IOException if a port cannot be had in time
   */
  static KernelSockets bind(
      ConnectionFile asked, String kernelId, MessageSource messages, Duration patience)
      throws IOException {
    KernelSockets sockets = new KernelSockets(asked, kernelId, messages, patience);
    sockets.poller.start();
    try {
      sockets.bound.get(patience.plus(BIND_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS);
      return sockets;
    } catch (ExecutionException e) {
      sockets.close();
      throw new IOException(
          "The kernel's sockets could not be bound: " + e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      sockets.close();
      throw new IOException("The kernel's sockets could not be bound in time.", e);
    } catch (InterruptedException e) {
      sockets.close();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while binding the sockets", e);
    }
  }

  /**
   * Begins to take requests.
   *
   * @param consumer gets each message with a good signature, on the poller's thread; must return
   *     quickly
   */
  public void serve(Consumer<JupyterMessage> consumer) {
    requests = Optional.of(consumer);
    wake();
  }

  /** Returns where the sockets listen, with the ports that were really taken. */
  public ConnectionFile connectionFile() {
    return bound.join();
  }

  /**
   * Sends a message on its channel: on iopub to all subscribers, elsewhere to the client that its
   * identities name. Never waits; does nothing once the sockets are closed. May be called from any
   * thread.
   */
  public void send(JupyterMessage message) {
    if (!closing) {
      outgoing.add(message);
      wake();
    }
  }

  private void wake() {
    if (woken.compareAndSet(false, true)) {
      synchronized (wakeSender) {
        if (!closed.get()) {
          wakeSender.send(new byte[0], ZMQ.DONTWAIT);
        }
      }
    }
  }

  /** Sends what waits, within a second or so, and frees all ports and threads. */
  @Override
  public void close() {
    closing = true;
    wake();
    join(poller);
    synchronized (wakeSender) {
      if (!closed.compareAndSet(false, true)) {
        return;
      }
      wakeSender.close();
    }
    // Ends the heartbeat's wait, and returns when what lingers is sent or given up.
    context.term();
    join(heartbeat);
  }

  private static void join(Thread thread) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(CLOSE_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (thread.isAlive()) {
      log.warn("the thread {} did not end in time", thread.getName());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the poller's thread

  private void poll() {
    ZMQ.Socket wake = context.socket(SocketType.PAIR);
    Map<Channel, ZMQ.Socket> sockets = new EnumMap<>(Channel.class);
    try {
      wake.connect(WAKE_ADDRESS);
      bindAll(wake, sockets);
      serve(wake, sockets);
    } catch (IOException e) {
      bound.completeExceptionally(e);
    } catch (RuntimeException | Error e) {
      log.error("the kernel's sockets failed", e);
      bound.completeExceptionally(e);
    } finally {
      wake.setLinger(0);
      wake.close();
      if (keeper != null) {
        keeper.close();
      }
      sockets.values().forEach(ZMQ.Socket::close);
    }
  }

  private void bindAll(ZMQ.Socket wake, Map<Channel, ZMQ.Socket> sockets) throws IOException {
    try (ZMQ.Poller pause = context.poller(1)) {
      pause.register(wake, ZMQ.Poller.POLLIN);
      for (Channel channel : Channel.values()) {
        ZMQ.Socket socket =
            context.socket(channel == Channel.IOPUB ? SocketType.XPUB : SocketType.ROUTER);
        sockets.put(channel, socket);
        configure(socket);
        if (channel == Channel.IOPUB) {
          socket.setSndHWM(MAX_WAITING_PUBLICATIONS);
        } else {
          socket.setRouterHandover(true);
        }
      }
      keeper = prepare(sockets.get(Channel.IOPUB));
      int shell = bind(sockets.get(Channel.SHELL), asked.shellPort(), pause);
      int iopub = bind(sockets.get(Channel.IOPUB), asked.iopubPort(), pause);
      int stdin = bind(sockets.get(Channel.STDIN), asked.stdinPort(), pause);
      int control = bind(sockets.get(Channel.CONTROL), asked.controlPort(), pause);
      // Bound here so that a taken port is known at once; the heartbeat's thread takes it over.
      ZMQ.Socket echo = context.socket(SocketType.ROUTER);
      configure(echo);
      int beat;
      try {
        beat = bind(echo, asked.hbPort(), pause);
      } catch (IOException e) {
        echo.close();
        throw e;
      }
      heartbeatSocket.complete(echo);
      heartbeat.start();
      publish(sockets.get(Channel.IOPUB), starting());
      bound.complete(asked.withPorts(shell, iopub, stdin, control, beat));
    }
  }

  private JupyterMessage starting() {
    return messages.publication(new PublishedContent.Status("starting"), Header.NONE);
  }

  /**
   * Makes a publisher that leaves it to {@link #welcome} to let a subscription become effective:
   * otherwise one that comes in between looking for new ones and sending would hear what is sent
   * before its welcome.
   *
   * @return a subscriber of everything that is never let in. As long as there is one, the publisher
   *     has nothing to tell when others leave; if it had, it would forget, together with those that
   *     left, which subscriptions wait to be let in.
   */
  private ZMQ.Socket prepare(ZMQ.Socket iopub) throws IOException {
    iopub.setXpubManual(true);
    iopub.bind(KEEPER_ADDRESS);
    ZMQ.Socket subscriber = context.socket(SocketType.SUB);
    subscriber.setLinger(0);
    subscriber.connect(KEEPER_ADDRESS);
    subscriber.subscribe("");
    iopub.setReceiveTimeOut((int) BIND_TIMEOUT.toMillis());
    boolean known = iopub.recv() != null;
    iopub.setReceiveTimeOut(-1);
    if (!known) {
      subscriber.close();
      throw new IOException("the publisher does not hear its subscribers");
    }
    return subscriber;
  }

  private void configure(ZMQ.Socket socket) {
    socket.setLinger(LINGER_MILLIS);
    socket.setSndHWM(MAX_WAITING_REPLIES);
    socket.setRcvHWM(0);
    if (asked.isEncrypted()) {
      socket.setCurveServer(true);
      socket.setCurvePublicKey(ZMQ.Curve.z85Decode(asked.curvePublicKey()));
      socket.setCurveSecretKey(ZMQ.Curve.z85Decode(asked.curveSecretKey()));
    }
  }

  private int bind(ZMQ.Socket socket, int port, ZMQ.Poller pause) throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        socket.bind(asked.address(port));
        String endpoint = socket.getLastEndpoint();
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
      } catch (ZMQException e) {
        if (closing || System.nanoTime() - deadline > 0) {
          throw new IOException("port " + port + " of " + asked.ip() + " cannot be bound", e);
        }
        pause.poll(BIND_RETRY_MILLIS);
      }
    }
  }

  private void serve(ZMQ.Socket wake, Map<Channel, ZMQ.Socket> sockets) {
    ZMQ.Socket iopub = sockets.get(Channel.IOPUB);
    List<Channel> incoming = List.of(Channel.CONTROL, Channel.SHELL, Channel.STDIN);
    try (ZMQ.Poller all = context.poller(incoming.size() + 2)) {
      all.register(wake, ZMQ.Poller.POLLIN);
      all.register(iopub, ZMQ.Poller.POLLIN);
      boolean serving = false;
      while (!closing) {
        if (all.poll(heldPublication.isPresent() ? SUBSCRIBER_POLL_MILLIS : -1) < 0) {
          return;
        }
        welcome(iopub);
        sendOutgoing(wake, sockets);
        Optional<Consumer<JupyterMessage>> consumer = requests;
        if (consumer.isEmpty()) {
          continue;
        }
        if (!serving) {
          incoming.forEach(channel -> all.register(sockets.get(channel), ZMQ.Poller.POLLIN));
          serving = true;
        }
        for (Channel channel : incoming) {
          takeRequests(channel, sockets.get(channel), consumer.get());
        }
      }
      sendOutgoing(wake, sockets);
    }
  }

  private void sendOutgoing(ZMQ.Socket wake, Map<Channel, ZMQ.Socket> sockets) {
    while (wake.recv(ZMQ.DONTWAIT) != null) {
      // Only tells that there is something in the queue.
    }
    // Before the queue is read: what is added from here on wakes the poller again.
    woken.set(false);
    ZMQ.Socket iopub = sockets.get(Channel.IOPUB);
    if (heldPublication.isPresent()) {
      publish(iopub, heldPublication.get());
    }
    while (heldPublication.isEmpty()) {
      JupyterMessage message = outgoing.poll();
      if (message == null) {
        return;
      }
      if (message.channel() == Channel.IOPUB) {
        publish(iopub, message);
      } else {
        encode(message).ifPresent(frames -> write(sockets.get(message.channel()), frames));
      }
    }
  }

  private void publish(ZMQ.Socket iopub, JupyterMessage message) {
    welcome(iopub);
    byte[] topic = (topicPrefix + message.type()).getBytes(StandardCharsets.UTF_8);
    encode(message.withIdentities(List.of(topic))).ifPresent(frames -> publish(iopub, frames));
  }

  /** Sends a publication, or holds it back for a moment when a subscriber has no room for it. */
  private void publish(ZMQ.Socket iopub, List<byte[]> frames) {
    iopub.setXpubNoDrop(true);
    boolean sent = write(iopub, frames);
    iopub.setXpubNoDrop(false);
    if (sent) {
      heldPublication = Optional.empty();
      return;
    }
    long now = System.nanoTime();
    if (heldPublication.isEmpty()) {
      heldPublication = Optional.of(frames);
      heldSinceNanos = now;
    }
    if (closing || now - heldSinceNanos > SUBSCRIBER_PATIENCE.toNanos()) {
      log.warn("a subscriber does not read what is published, and will miss some of it");
      heldPublication = Optional.empty();
      write(iopub, frames);
    }
  }

  /** Lets those in who have subscribed since the last time, and greets them. */
  private void welcome(ZMQ.Socket iopub) {
    for (byte[] event = iopub.recv(ZMQ.DONTWAIT); event != null; event = iopub.recv(ZMQ.DONTWAIT)) {
      if (event.length == 0) {
        continue;
      }
      // Both options take the event with its first byte and apply to whom it came from.
      if (event[0] == UNSUBSCRIBE) {
        iopub.unsubscribe(event);
      } else if (event[0] == SUBSCRIBE) {
        iopub.subscribe(event);
        greet(iopub, Arrays.copyOfRange(event, 1, event.length));
      }
    }
  }

  private void greet(ZMQ.Socket iopub, byte[] topic) {
    text(topic)
        .map(PublishedContent.Welcome::new)
        .map(welcome -> messages.publication(welcome, Header.NONE))
        .flatMap(message -> encode(message.withIdentities(List.of(topic))))
        .ifPresent(frames -> write(iopub, frames));
  }

  private static Optional<String> text(byte[] utf8) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private Optional<List<byte[]>> encode(JupyterMessage message) {
    try {
      return Optional.of(codec.encode(message));
    } catch (WireException e) {
      log.warn("{} was not sent: {}", message, e.getMessage());
      return Optional.empty();
    }
  }

  /** Writes all frames, or returns false if there is no room for them. */
  private static boolean write(ZMQ.Socket socket, List<byte[]> frames) {
    for (int i = 0; i < frames.size(); i++) {
      int more = i + 1 < frames.size() ? ZMQ.SNDMORE : 0;
      if (!socket.send(frames.get(i), more | ZMQ.DONTWAIT)) {
        return false;
      }
    }
    return true;
  }

  private void takeRequests(Channel channel, ZMQ.Socket socket, Consumer<JupyterMessage> consumer) {
    for (int i = 0; i < REQUESTS_AT_ONCE; i++) {
      List<byte[]> frames = receive(socket);
      if (frames.isEmpty()) {
        return;
      }
      try {
        consumer.accept(codec.decode(channel, frames));
      } catch (WireException e) {
        log.warn("dropped a message on {}: {}", channel.wireName(), e.getMessage());
      } catch (RuntimeException e) {
        log.error("a message on {} could not be served", channel.wireName(), e);
      }
    }
  }

  private static List<byte[]> receive(ZMQ.Socket socket) {
    List<byte[]> frames = new ArrayList<>();
    byte[] frame = socket.recv(ZMQ.DONTWAIT);
    while (frame != null) {
      frames.add(frame);
      frame = socket.hasReceiveMore() ? socket.recv() : null;
    }
    return frames;
  }

  // ---- the heartbeat's thread

  private void echo() {
    ZMQ.Socket socket = heartbeatSocket.join();
    try {
      while (true) {
        byte[] frame = socket.recv();
        if (frame == null) {
          continue;
        }
        socket.send(frame, socket.hasReceiveMore() ? ZMQ.SNDMORE : 0);
      }
    } catch (ZMQException e) {
      if (!closing) {
        log.error("the heartbeat failed", e);
      }
    } finally {
      socket.close();
    }
  }
}
