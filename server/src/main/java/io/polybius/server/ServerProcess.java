package io.polybius.server;

import io.polybius.server.config.ServerConfig;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server that is closed before the process ends, whether by itself or by a signal. */
final class ServerProcess {

  private static final Logger log = LoggerFactory.getLogger(ServerProcess.class);

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
      // After a start that went well this does nothing.
      started.cancel(false);
    }
  }

  private static void close(CompletableFuture<ServerAssembly> started) {
    try {
      started.get(START_SECONDS, TimeUnit.SECONDS).close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (CancellationException e) {
      log.debug("the server had not started", e);
    } catch (ExecutionException | TimeoutException e) {
      log.warn("the start of the server did not end in time", e);
    }
  }
}
