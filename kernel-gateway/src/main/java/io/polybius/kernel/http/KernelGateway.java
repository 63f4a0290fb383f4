package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelServices;
import io.polybius.kernel.KernelStore;
import io.polybius.kernel.history.HistoryStore;
import io.polybius.session.SessionService;
import io.undertow.server.HttpHandler;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Jupyter side of a server: everything of this module that has to be made, and closed, once.
 * Close it before the session service and before the HTTP listener.
 */
public final class KernelGateway implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelGateway.class);
  private static final int CLOSE_SECONDS = 5;

  private final ScheduledThreadPoolExecutor timer;
  private final KernelChannels channels;
  private final HistoryStore history;
  private final KernelRegistry kernels;
  private final SessionKernels sessionKernels;
  private final NotebookSessionsApi notebooks;
  private final KernelRoutes routes;

  /**
   * Makes a gateway without kernels.
   *
   * @param sessions what kernels are views of
   */
  public KernelGateway(SessionService sessions, KernelGatewaySettings settings) {
    this(sessions, settings, Optional.empty());
  }

  /**
   * Makes a gateway with the kernels that an earlier server has left.
   *
   * @param sessions what kernels are views of
   * @param store keeps kernels so that they outlive the server; empty to end them with it
   */
  public KernelGateway(
      SessionService sessions, KernelGatewaySettings settings, Optional<KernelStore> store) {
    Clock clock = Clock.systemUTC();
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "kernel-gateway");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.channels = new KernelChannels(timer, settings.relayGrace());
    this.history =
        settings.historyDirectory().map(HistoryStore::in).orElseGet(HistoryStore::inMemory);
    this.kernels =
        new KernelRegistry(
            sessions,
            new KernelServices(
                settings.version(),
                clock,
                this::after,
                history,
                settings.showsProgress(),
                settings.jupyterKernels()),
            store,
            this::ended);
    this.sessionKernels = new SessionKernels(sessions, kernels, settings.runtimeDirectory(), clock);
    this.notebooks = new NotebookSessionsApi(kernels);
    KernelGatewaySettings.Culling culling = settings.culling();
    if (!culling.idleTimeout().isZero()) {
      ScheduledFuture<?> unused =
          timer.scheduleWithFixedDelay(
              () -> cull(culling, clock),
              culling.interval().toMillis(),
              culling.interval().toMillis(),
              TimeUnit.MILLISECONDS);
    }
    this.routes =
        new KernelRoutes(
            new KernelsApi(kernels, channels, settings.version(), clock.instant()),
            new KernelSpecsApi(kernels::specs),
            notebooks,
            new SessionKernelApi(sessionKernels));
    kernels.takeOver(channels::restore);
  }

  /** Returns the kernels that it has. */
  KernelRegistry kernels() {
    return kernels;
  }

  private void cull(KernelGatewaySettings.Culling culling, Clock clock) {
    Instant lastUse = clock.instant().minus(culling.idleTimeout());
    for (Kernel kernel : kernels.kernels()) {
      if (kernel.endIfUnused(lastUse, culling.connected())) {
        log.info("kernel {} was not used for {} s", kernel.id(), culling.idleTimeout().toSeconds());
      }
    }
  }

  private Runnable after(Duration delay, Runnable task) {
    try {
      ScheduledFuture<?> planned = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
      return () -> planned.cancel(false);
    } catch (RejectedExecutionException e) {
      // The gateway is closing.
      return () -> {};
    }
  }

  private void ended(Kernel kernel) {
    channels.forget(kernel);
    notebooks.forget(kernel);
  }

  /**
   * Returns the handler of this module's routes.
   *
   * @param next gets all other requests
   */
  public HttpHandler handler(HttpHandler next) {
    return routes.handler(next);
  }

  /**
   * Ends all kernels, or leaves those that are kept to a later server, tells their clients, and
   * frees ports, files and threads. The sessions are left alone.
   */
  @Override
  public void close() {
    channels.announceRestart();
    kernels.close();
    sessionKernels.close();
    channels.close();
    history.close();
    timer.shutdown();
    try {
      if (!timer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        timer.shutdownNow();
      }
    } catch (InterruptedException e) {
      timer.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
