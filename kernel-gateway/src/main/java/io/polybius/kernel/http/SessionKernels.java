package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelConnection;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.files.OwnerOnly;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.zmq.KernelSockets;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kernels that listen on ZeroMQ sockets of this machine: at most one for each session, shared by
 * all clients that have its connection file. May be used from any thread.
 */
final class SessionKernels implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionKernels.class);

  private static final long IDLE_SECONDS = 10;
  private static final long CLOSE_SECONDS = 10;

  private final SessionService sessions;
  private final KernelRegistry kernels;
  private final Path directory;

  /** Closes sockets, which takes up to some seconds: so no other work waits for it. */
  private final ThreadPoolExecutor closer;

  private final Clock clock;
  private final Map<Integer, Served> bySession = new ConcurrentHashMap<>();

  /**
   * Makes one without kernels.
   *
   * @param directory where connection files are written
   */
  SessionKernels(SessionService sessions, KernelRegistry kernels, Path directory, Clock clock) {
    this.sessions = sessions;
    this.kernels = kernels;
    this.directory = directory;
    this.clock = clock;
    this.closer =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "kernel-sockets-end");
              thread.setDaemon(true);
              return thread;
            },
            // What comes after the end is closed by that.
            new ThreadPoolExecutor.DiscardPolicy());
    closer.allowCoreThreadTimeOut(true);
  }

  /** A kernel that listens. */
  record Served(Kernel kernel, KernelSockets sockets, Path file) {}

  /** Returns the listening kernel of a session, which is made if there is none. */
  synchronized Served serve(String idOrName, Caller caller) {
    SessionSnapshot session = sessions.session(idOrName);
    Served known = bySession.get(session.id());
    if (known != null) {
      return known;
    }
    Kind kind = session.settings().kind();
    // A session of no one language shows itself in the one that every driver speaks.
    String name = (kind.equals(Kind.SHARED) ? Kind.SPARK : kind).canonicalName();
    Kernel kernel =
        kernels.createPassing(
            NewKernel.named(Optional.of(name)).onSession(String.valueOf(session.id())), caller);
    try {
      Served served = listen(kernel, name);
      bySession.put(session.id(), served);
      SocketConnection connection = new SocketConnection(served);
      served.sockets().serve(message -> kernel.receive(message, connection));
      kernel.connect(connection);
      return served;
    } catch (IOException e) {
      kernel.shutDown();
      throw new UncheckedIOException(e);
    }
  }

  private Served listen(Kernel kernel, String name) throws IOException {
    Files.createDirectories(directory, OwnerOnly.folder());
    Path file = directory.resolve("kernel-" + kernel.id() + ".json").toAbsolutePath();
    KernelSockets sockets =
        KernelSockets.bind(
            ConnectionFile.onLoopback(name),
            kernel.id(),
            new MessageSource(kernel::headerSession, "polybius", clock));
    try {
      sockets.connectionFile().write(file);
      return new Served(kernel, sockets, file);
    } catch (IOException e) {
      sockets.close();
      throw e;
    }
  }

  private void free(Served served) {
    try {
      Files.deleteIfExists(served.file());
    } catch (IOException e) {
      log.warn("{} could not be deleted", served.file(), e);
    }
    served.sockets().close();
  }

  /** Frees the sockets and files of all kernels. */
  @Override
  public void close() {
    List<Served> all = List.copyOf(bySession.values());
    bySession.clear();
    all.forEach(this::free);
    closer.shutdown();
    try {
      if (!closer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("some sockets are still open");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The sockets as the kernel sees them. */
  private final class SocketConnection implements KernelConnection {

    private final Served served;

    SocketConnection(Served served) {
      this.served = served;
    }

    @Override
    public void send(JupyterMessage message) {
      served.sockets().send(message);
    }

    @Override
    public void kernelEnded() {
      // Who asks from now on gets another kernel.
      bySession.remove(served.kernel().sessionId(), served);
      closer.execute(() -> free(served));
    }

    @Override
    public Optional<ReplyContent.Ports> ports() {
      ConnectionFile file = served.sockets().connectionFile();
      return Optional.of(
          new ReplyContent.Ports(
              file.shellPort(),
              file.iopubPort(),
              file.stdinPort(),
              file.hbPort(),
              file.controlPort()));
    }
  }
}
