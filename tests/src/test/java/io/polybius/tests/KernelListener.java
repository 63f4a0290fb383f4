package io.polybius.tests;

import static org.awaitility.Awaitility.await;

import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.WireCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;

/** Hears everything that a kernel publishes, whoever asked for it. */
final class KernelListener implements AutoCloseable {

  private static final int SLICE_MILLIS = 50;

  private final List<JupyterMessage> heard;
  private final Thread thread;
  private volatile boolean closed;

  /** Begins to listen; messages are added to {@code heard}, under its lock, by another thread. */
  KernelListener(ConnectionFile kernel, List<JupyterMessage> heard) {
    this.heard = heard;
    this.thread = new Thread(() -> listen(kernel), "kernel-listener");
    thread.start();
  }

  /** Waits until the kernel has noticed this listener. */
  void awaitWelcome() {
    await()
        .atMost(20, TimeUnit.SECONDS)
        .until(
            () -> {
              synchronized (heard) {
                return heard.stream().anyMatch(message -> message.type().equals("iopub_welcome"));
              }
            });
  }

  private void listen(ConnectionFile kernel) {
    WireCodec codec = new WireCodec(kernel.signatureScheme(), kernel.key());
    ZMQ.Context context = ZMQ.context(1);
    ZMQ.Socket iopub = context.socket(SocketType.SUB);
    try {
      iopub.setLinger(0);
      iopub.setReceiveTimeOut(SLICE_MILLIS);
      // JeroMQ now and then forgets to watch a connection that it has just made.
      iopub.setHandshakeIvl(500);
      iopub.subscribe("");
      iopub.connect(kernel.address(kernel.iopubPort()));
      while (!closed) {
        byte[] first = iopub.recv();
        if (first != null) {
          List<byte[]> frames = new ArrayList<>(List.of(first));
          while (iopub.hasReceiveMore()) {
            frames.add(iopub.recv());
          }
          heard.add(codec.decode(Channel.IOPUB, frames));
        }
      }
    } catch (Exception e) {
      throw new AssertionError("a message could not be read", e);
    } finally {
      iopub.close();
      context.close();
    }
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join(TimeUnit.SECONDS.toMillis(10));
  }
}
