package io.polybius.driver.protocol;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A network between driver and server, which a test can cut. */
final class CuttableProxy implements AutoCloseable {

  private final ServerSocket door;
  private final InetSocketAddress target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger refusals = new AtomicInteger();
  private volatile boolean down;

  CuttableProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  /** Returns where to connect to. */
  InetSocketAddress address() {
    return new InetSocketAddress(door.getInetAddress(), door.getLocalPort());
  }

  /** Returns how many connections have been let through. */
  int connections() {
    return connections.get();
  }

  /** Returns how many connections have been cut at once. */
  int refusals() {
    return refusals.get();
  }

  /** Cuts all connections; new ones can be made. */
  void cut() {
    sockets.forEach(CuttableProxy::closeQuietly);
    sockets.clear();
  }

  /** Cuts all connections, and every new one at once. */
  void goDown() {
    down = true;
    cut();
  }

  /** Lets connections through again. */
  void comeUp() {
    down = false;
  }

  @Override
  public void close() throws IOException {
    door.close();
    goDown();
    try {
      for (Thread thread : threads) {
        thread.join(5000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept() {
    while (!door.isClosed()) {
      try {
        Socket near = door.accept();
        sockets.add(near);
        if (down) {
          closeQuietly(near);
          refusals.incrementAndGet();
          continue;
        }
        Socket far = new Socket();
        sockets.add(far);
        far.connect(target, 5000);
        near.setTcpNoDelay(true);
        far.setTcpNoDelay(true);
        connections.incrementAndGet();
        start(() -> pump(near, far));
        start(() -> pump(far, near));
        if (down) {
          cut();
        }
      } catch (IOException e) {
        // The door was closed, or the target is gone: either shows in the test.
      }
    }
  }

  private void start(Runnable work) {
    Thread thread = new Thread(work, "proxy");
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  private static void pump(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 14];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // Cut.
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed, then.
    }
  }
}
