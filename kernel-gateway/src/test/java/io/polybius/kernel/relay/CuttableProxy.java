package io.polybius.kernel.relay;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/** A network between a relay and its server that a test can cut. */
final class CuttableProxy implements AutoCloseable {

  private final ServerSocket listener;
  private volatile int target;
  private volatile boolean held;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  CuttableProxy(int target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket from = listener.accept();
        if (held) {
          from.close();
          continue;
        }
        Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(from);
        sockets.add(to);
        threads.execute(() -> pump(from, to));
        threads.execute(() -> pump(to, from));
      }
    } catch (IOException | RejectedExecutionException e) {
      // The test has closed it.
    }
  }

  private static void pump(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
    } catch (IOException e) {
      // One end has closed.
    }
  }

  /** Cuts all connections; new ones are let through. */
  void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  /** Cuts all connections; new ones are closed until {@link #release}. */
  void hold() throws IOException {
    held = true;
    cut();
  }

  /** Lets connections through again, from now on to the server at another port. */
  void release(int newTarget) {
    target = newTarget;
    held = false;
  }

  @Override
  public void close() throws IOException {
    cutForEver();
  }

  /** Cuts all connections and lets none through any more. */
  void cutForEver() throws IOException {
    listener.close();
    cut();
    threads.shutdownNow();
  }
}
