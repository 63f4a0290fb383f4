package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;

/**
 * The client's sockets to one kernel. One thread owns them all, and hands on what comes. Another
 * one wakes it when there is something to send: JeroMQ breaks when a thread that uses it is
 * interrupted, which happens to the threads of statements. May be used from any thread.
 */
final class KernelLink implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelLink.class);
  private static final String WAKE_ADDRESS = "inproc://wake";
  private static final long POLL_MILLIS = 1_000;

  /** How many messages of one channel are taken before the others have their turn. */
  private static final int MESSAGES_AT_ONCE = 100;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /**
   * JeroMQ now and then forgets to watch a connection that it has just made. What has not greeted
   * after this time is connected anew.
   */
  private static final int HANDSHAKE_MILLIS = 500;

  private record Outgoing(Channel channel, List<byte[]> frames) {}

  private final MessageCodec codec;
  private final BiConsumer<Channel, KernelMessage> listener;
  private final ZMQ.Context context = ZMQ.context(1);
  private final Queue<Outgoing> outgoing = new ConcurrentLinkedQueue<>();
  private final ThreadPoolExecutor waker;
  private final Thread thread;
  private final ZMQ.Socket wakeSender;
  private final Map<Channel, CompletableFuture<Void>> greeted = new EnumMap<>(Channel.class);
  private volatile boolean closing;

  /**
   * Begins to connect; a kernel that does not listen yet is reached when it does.
   *
   * @param ports where the kernel listens, on the loopback address
   * @param session the name of the client
   * @param listener gets each message with a good signature, on one thread; must return quickly
   */
  KernelLink(
      Map<Channel, Integer> ports,
      String session,
      MessageCodec codec,
      BiConsumer<Channel, KernelMessage> listener) {
    this.codec = codec;
    this.listener = listener;
    ports.keySet().forEach(channel -> greeted.put(channel, new CompletableFuture<>()));
    this.waker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> daemon("kernel-wake", task),
            // Nothing is sent after the end.
            new ThreadPoolExecutor.DiscardPolicy());
    this.wakeSender = context.socket(SocketType.PAIR);
    wakeSender.setLinger(0);
    wakeSender.bind(WAKE_ADDRESS);
    this.thread =
        daemon("kernel-link", () -> run(ports, session.getBytes(StandardCharsets.US_ASCII)));
    thread.start();
  }

  private static Thread daemon(String name, Runnable task) {
    Thread made = new Thread(task, name);
    made.setDaemon(true);
    return made;
  }

  /**
   * Returns what completes when the kernel has greeted on every channel. It knows the client a
   * moment later: what it says before, such as a question on stdin, is lost.
   */
  CompletableFuture<Void> connected() {
    return CompletableFuture.allOf(greeted.values().toArray(CompletableFuture<?>[]::new));
  }

  /** Sends a message, behind those before it; never waits. */
  void send(Channel channel, String id, String type, ObjectNode content) {
    outgoing.add(new Outgoing(channel, codec.encode(id, type, content)));
    wake();
  }

  private void wake() {
    waker.execute(() -> wakeSender.send(new byte[0], ZMQ.DONTWAIT));
  }

  private void run(Map<Channel, Integer> ports, byte[] identity) {
    Map<Channel, ZMQ.Socket> sockets = new EnumMap<>(Channel.class);
    ZMQ.Socket wake = context.socket(SocketType.PAIR);
    try (ZMQ.Poller poller = context.poller(ports.size() + 1)) {
      wake.setLinger(0);
      wake.connect(WAKE_ADDRESS);
      poller.register(wake, ZMQ.Poller.POLLIN);
      ports.forEach(
          (channel, port) -> {
            ZMQ.Socket socket = socket(channel, identity);
            sockets.put(channel, socket);
            socket.setEventHook(
                event -> greeted.get(channel).complete(null), ZMQ.EVENT_HANDSHAKE_PROTOCOL);
            socket.connect("tcp://127.0.0.1:" + port);
            poller.register(socket, ZMQ.Poller.POLLIN);
          });
      while (!closing) {
        poller.poll(POLL_MILLIS);
        serve(wake, sockets);
      }
      serve(wake, sockets);
    } catch (RuntimeException e) {
      log.error("the sockets to a kernel failed", e);
    } finally {
      wake.close();
      sockets.values().forEach(ZMQ.Socket::close);
    }
  }

  private ZMQ.Socket socket(Channel channel, byte[] identity) {
    ZMQ.Socket socket =
        context.socket(channel == Channel.IOPUB ? SocketType.SUB : SocketType.DEALER);
    socket.setLinger(0);
    socket.setHandshakeIvl(HANDSHAKE_MILLIS);
    socket.setSndHWM(0);
    socket.setRcvHWM(0);
    if (channel == Channel.IOPUB) {
      socket.subscribe("");
    } else {
      // A kernel asks the one on stdin whose request came on shell, by the same name.
      socket.setIdentity(identity);
    }
    return socket;
  }

  private void serve(ZMQ.Socket wake, Map<Channel, ZMQ.Socket> sockets) {
    while (wake.recv(ZMQ.DONTWAIT) != null) {
      // One wake is as good as many.
    }
    for (Outgoing next = outgoing.poll(); next != null; next = outgoing.poll()) {
      ZMQ.Socket socket = sockets.get(next.channel());
      List<byte[]> frames = next.frames();
      for (int i = 0; i < frames.size(); i++) {
        socket.send(frames.get(i), i + 1 < frames.size() ? ZMQ.SNDMORE : 0);
      }
    }
    sockets.forEach(this::receive);
  }

  private void receive(Channel channel, ZMQ.Socket socket) {
    for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
      byte[] first = socket.recv(ZMQ.DONTWAIT);
      if (first == null) {
        return;
      }
      List<byte[]> frames = new ArrayList<>();
      frames.add(first);
      while (socket.hasReceiveMore()) {
        frames.add(socket.recv());
      }
      try {
        listener.accept(channel, codec.decode(frames));
      } catch (IOException e) {
        log.warn("dropped what came from a kernel on {}: {}", channel, e.getMessage());
      } catch (RuntimeException e) {
        // One message that cannot be used must not keep the others from being heard.
        log.warn("what a kernel said on {} was not taken: {}", channel, e.getClass().getName());
        log.debug("what a kernel said was not taken", e);
      }
    }
  }

  /** Sends what waits, as far as the kernel is there, and frees the sockets and threads. */
  @Override
  public void close() {
    closing = true;
    wake();
    waker.execute(this::free);
    waker.shutdown();
    boolean interrupted = Thread.interrupted();
    try {
      if (!waker.awaitTermination(2 * CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("the sockets to a kernel are not closed yet");
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void free() {
    try {
      thread.join(CLOSE_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    wakeSender.close();
    context.term();
  }
}
