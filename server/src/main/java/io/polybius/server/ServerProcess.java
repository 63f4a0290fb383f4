package io.polybius.server;

import io.polybius.server.config.ServerConfig;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A server that is closed before the process ends, whether by itself or by a signal. */
final class ServerProcess {

  /** How long a start that is under way may go on when the process is told to end. */
  private static final long START_SECONDS = 30;

  private ServerProcess() {}

  /** Starts a server. */
  static ServerAssembly start(ServerConfig config, Installation installation) throws IOException {
    CompletableFuture<ServerAssembly> started = new CompletableFuture<>();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(started), "shutdown"));
    try {
      ServerAssembly server = ServerAssembly.start(config, installation, System.getenv());
      started.complete(server);
      return server;
    } finally {
      // Does nothing after a start that went well.
      started.cancel(false);
    }
  }

  private static void close(CompletableFuture<ServerAssembly> started) {
    if (started.isCancelled()) {
      return;
    }
    try {
      started.get(START_SECONDS, TimeUnit.SECONDS).close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | java.util.concurrent.CancellationException e) {
      // It did not start, and has undone itself what it had begun.
      return;
    }
  }
}
