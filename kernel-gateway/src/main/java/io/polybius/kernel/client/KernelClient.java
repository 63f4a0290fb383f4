package io.polybius.kernel.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.WireCodec;
import io.polybius.kernel.wire.WireException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;

/**
 * A blocking client of one kernel, over ZeroMQ.
 *
 * <p>May be used from several threads. Requests on shell wait for each other, because the reply and
 * the output of one are read by the thread that sent it; requests on control ({@link #interrupt},
 * {@link #shutdown}) and the heartbeat go beside them. A thread that is interrupted while it waits
 * gets an {@link InterruptedException} soon.
 */
public final class KernelClient implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelClient.class);
  private static final Duration CONTROL_TIMEOUT = Duration.ofSeconds(10);
  private static final long ASK_AGAIN_NANOS = Duration.ofMillis(200).toNanos();

  /**
   * JeroMQ now and then forgets to watch a connection that it has just made. What has not greeted
   * after this time is connected anew.
   */
  private static final int HANDSHAKE_MILLIS = 500;

  /** How long one wait for sockets lasts at most, so that an interrupted thread is noticed. */
  private static final long SLICE_MILLIS = 100;

  private final WireCodec codec;
  private final MessageSource messages;
  private final ZMQ.Context context = ZMQ.context(1);
  private final ReentrantLock shellLock = new ReentrantLock();
  private final ReentrantLock controlLock = new ReentrantLock();
  private final ReentrantLock heartbeatLock = new ReentrantLock();

  // Under the lock of that name; iopub belongs to shell.
  private final ZMQ.Socket shell;
  private final ZMQ.Socket iopub;
  private final ZMQ.Socket control;
  private final ZMQ.Socket heartbeat;
  private final ZMQ.Poller shellPoller;
  private final ZMQ.Poller controlPoller;
  private final ZMQ.Poller heartbeatPoller;
  private boolean subscribed;

  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Makes a client; nothing is sent before the first request.
   *
   * @param kernel where the kernel listens
   */
  public KernelClient(ConnectionFile kernel) {
    String session = UUID.randomUUID().toString();
    byte[] identity = session.getBytes(StandardCharsets.US_ASCII);
    this.codec = new WireCodec(kernel.signatureScheme(), kernel.key());
    this.messages = new MessageSource(() -> session, "polybius", Clock.systemUTC());
    this.shell = socket(SocketType.DEALER, identity, kernel, kernel.shellPort());
    this.control = socket(SocketType.DEALER, identity, kernel, kernel.controlPort());
    this.heartbeat = socket(SocketType.DEALER, identity, kernel, kernel.hbPort());
    this.iopub = socket(SocketType.SUB, identity, kernel, kernel.iopubPort());
    iopub.subscribe("");
    this.shellPoller = poller(shell, iopub);
    this.controlPoller = poller(control);
    this.heartbeatPoller = poller(heartbeat);
  }

  private ZMQ.Socket socket(SocketType type, byte[] identity, ConnectionFile kernel, int port) {
    ZMQ.Socket socket = context.socket(type);
    socket.setLinger(0);
    socket.setHandshakeIvl(HANDSHAKE_MILLIS);
    socket.setSndHWM(0);
    socket.setRcvHWM(0);
    if (type == SocketType.DEALER) {
      socket.setIdentity(identity);
    }
    if (kernel.isEncrypted()) {
      // One pair for both ends: who may read the file may be either.
      socket.setCurveServerKey(ZMQ.Curve.z85Decode(kernel.curvePublicKey()));
      socket.setCurvePublicKey(ZMQ.Curve.z85Decode(kernel.curvePublicKey()));
      socket.setCurveSecretKey(ZMQ.Curve.z85Decode(kernel.curveSecretKey()));
    }
    socket.connect(kernel.address(port));
    return socket;
  }

  private ZMQ.Poller poller(ZMQ.Socket... sockets) {
    ZMQ.Poller poller = context.poller(sockets.length);
    for (ZMQ.Socket socket : sockets) {
      poller.register(socket, ZMQ.Poller.POLLIN);
    }
    return poller;
  }

  /**
   * Asks the kernel what it is, again and again until it answers and its output can be heard.
   *
   * @return the {@code kernel_info_reply}
   * @throws TimeoutException if it does not answer in time
   */
  public JupyterMessage kernelInfo(Duration timeout) throws TimeoutException, InterruptedException {
    Deadline deadline = new Deadline(timeout);
    shellLock.lockInterruptibly();
    try {
      JupyterMessage request = send(shell, Channel.SHELL, "kernel_info_request", object());
      long askedNanos = System.nanoTime();
      Optional<JupyterMessage> reply = Optional.empty();
      while (reply.isEmpty() || !subscribed) {
        poll(shellPoller, deadline, "kernel_info_request");
        if (receive(Channel.IOPUB, iopub).isPresent()) {
          subscribed = true;
        }
        Optional<JupyterMessage> received = receive(Channel.SHELL, shell);
        if (received.filter(message -> message.type().equals("kernel_info_reply")).isPresent()) {
          reply = received;
        }
        if (System.nanoTime() - askedNanos > ASK_AGAIN_NANOS) {
          request = send(shell, Channel.SHELL, request.type(), object());
          askedNanos = System.nanoTime();
        }
      }
      return reply.get();
    } finally {
      shellLock.unlock();
    }
  }

  /**
   * Runs code and waits for its end.
   *
   * @param listener gets each message on iopub that belongs to the run, in order, on this thread
   * @param timeout for the whole run
   * @return the {@code execute_reply}, after the kernel has become idle
   * @throws TimeoutException if the run does not end in time; it goes on
   */
  public JupyterMessage execute(
      String code, ExecuteOptions options, Consumer<JupyterMessage> listener, Duration timeout)
      throws TimeoutException, InterruptedException {
    ObjectNode content =
        object()
            .put("code", code)
            .put("silent", options.silent())
            .put("store_history", options.storeHistory())
            .put("allow_stdin", false)
            .put("stop_on_error", options.stopOnError());
    content.putObject("user_expressions");
    return request("execute_request", content, listener, timeout);
  }

  /**
   * Asks whether code can be run as it stands.
   *
   * @return the {@code is_complete_reply}
   */
  public JupyterMessage isComplete(String code, Duration timeout)
      throws TimeoutException, InterruptedException {
    return request("is_complete_request", object().put("code", code), ignored -> {}, timeout);
  }

  /**
   * Sends any request on shell and waits for its end.
   *
   * @param listener gets each message on iopub that belongs to the request
   * @return the reply, after the kernel has become idle
   * @throws TimeoutException if it does not end in time
   */
  public JupyterMessage request(
      String type, ObjectNode content, Consumer<JupyterMessage> listener, Duration timeout)
      throws TimeoutException, InterruptedException {
    Deadline deadline = new Deadline(timeout);
    shellLock.lockInterruptibly();
    try {
      if (!subscribed) {
        kernelInfo(deadline.rest());
      }
      JupyterMessage request = send(shell, Channel.SHELL, type, content);
      Optional<JupyterMessage> reply = Optional.empty();
      boolean idle = false;
      while (reply.isEmpty() || !idle) {
        poll(shellPoller, deadline, type);
        Optional<JupyterMessage> answer = receive(Channel.SHELL, shell);
        if (answer.isPresent() && belongs(answer.get(), request)) {
          reply = answer;
        }
        for (Optional<JupyterMessage> heard = receive(Channel.IOPUB, iopub);
            heard.isPresent();
            heard = receive(Channel.IOPUB, iopub)) {
          JupyterMessage message = heard.get();
          if (belongs(message, request)) {
            listener.accept(message);
            idle |= isIdle(message);
          }
        }
      }
      return reply.get();
    } finally {
      shellLock.unlock();
    }
  }

  /**
   * Stops what the kernel runs; may be called while another thread waits for that.
   *
   * @return the {@code interrupt_reply}
   */
  public JupyterMessage interrupt() throws TimeoutException, InterruptedException {
    return control("interrupt_request", object());
  }

  /**
   * Ends the kernel.
   *
   * @param restart whether it begins again
   * @return the {@code shutdown_reply}
   */
  public JupyterMessage shutdown(boolean restart) throws TimeoutException, InterruptedException {
    return control("shutdown_request", object().put("restart", restart));
  }

  /**
   * Sends any request on control and waits for the reply.
   *
   * @throws TimeoutException if it does not come in time
   */
  public JupyterMessage control(String type, ObjectNode content)
      throws TimeoutException, InterruptedException {
    Deadline deadline = new Deadline(CONTROL_TIMEOUT);
    controlLock.lockInterruptibly();
    try {
      JupyterMessage request = send(control, Channel.CONTROL, type, content);
      while (true) {
        poll(controlPoller, deadline, type);
        Optional<JupyterMessage> answer = receive(Channel.CONTROL, control);
        if (answer.isPresent() && belongs(answer.get(), request)) {
          return answer.get();
        }
      }
    } finally {
      controlLock.unlock();
    }
  }

  /** Returns whether the kernel's heartbeat comes back in time. */
  public boolean isAlive(Duration timeout) throws InterruptedException {
    Deadline deadline = new Deadline(timeout);
    heartbeatLock.lockInterruptibly();
    try {
      byte[] beat = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
      heartbeat.send(beat);
      while (true) {
        poll(heartbeatPoller, deadline, "heartbeat");
        byte[] echo = heartbeat.recv(ZMQ.DONTWAIT);
        if (echo != null && Arrays.equals(echo, beat)) {
          return true;
        }
      }
    } catch (TimeoutException e) {
      return false;
    } finally {
      heartbeatLock.unlock();
    }
  }

  private static ObjectNode object() {
    return JupyterJson.object();
  }

  private static boolean belongs(JupyterMessage message, JupyterMessage request) {
    return message.parentHeader().messageId().equals(request.id());
  }

  private static boolean isIdle(JupyterMessage message) {
    return message.type().equals("status")
        && message.content().path("execution_state").asText().equals("idle");
  }

  private JupyterMessage send(ZMQ.Socket socket, Channel channel, String type, ObjectNode content) {
    JupyterMessage message =
        messages.message(channel, type, Header.NONE, JupyterJson.object(), content);
    try {
      List<byte[]> frames = codec.encode(message);
      for (int i = 0; i < frames.size(); i++) {
        socket.send(frames.get(i), i + 1 < frames.size() ? ZMQ.SNDMORE : 0);
      }
    } catch (WireException e) {
      throw new IllegalStateException("a new message has a new signature", e);
    }
    return message;
  }

  private Optional<JupyterMessage> receive(Channel channel, ZMQ.Socket socket) {
    byte[] frame = socket.recv(ZMQ.DONTWAIT);
    if (frame == null) {
      return Optional.empty();
    }
    List<byte[]> frames = new ArrayList<>();
    frames.add(frame);
    while (socket.hasReceiveMore()) {
      frames.add(socket.recv());
    }
    try {
      return Optional.of(codec.decode(channel, frames));
    } catch (WireException e) {
      log.warn("dropped a message on {}: {}", channel.wireName(), e.getMessage());
      return Optional.empty();
    }
  }

  private void poll(ZMQ.Poller poller, Deadline deadline, String what)
      throws TimeoutException, InterruptedException {
    if (closed.get()) {
      throw new InterruptedException("the client was closed while it waited for the kernel");
    }
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting for the kernel");
    }
    Duration rest = deadline.rest();
    if (rest.isZero()) {
      throw new TimeoutException("the kernel did not answer in time: " + what);
    }
    poller.poll(Math.max(1, Math.min(SLICE_MILLIS, rest.toMillis())));
  }

  /**
   * Frees the sockets. A request that waits ends with an {@link InterruptedException}, also when
   * the interruption of its thread got lost in JeroMQ.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    List<ReentrantLock> locks = List.of(shellLock, controlLock, heartbeatLock);
    locks.forEach(ReentrantLock::lock);
    try {
      List.of(shellPoller, controlPoller, heartbeatPoller).forEach(ZMQ.Poller::close);
      List.of(shell, iopub, control, heartbeat).forEach(ZMQ.Socket::close);
      context.term();
    } finally {
      locks.forEach(ReentrantLock::unlock);
    }
  }

  /** A moment at which waiting ends. */
  private static final class Deadline {
    private final long endNanos;

    Deadline(Duration timeout) {
      this.endNanos = System.nanoTime() + timeout.toNanos();
    }

    /** Returns how long it is until then, zero afterwards. */
    Duration rest() {
      return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
    }
  }
}
