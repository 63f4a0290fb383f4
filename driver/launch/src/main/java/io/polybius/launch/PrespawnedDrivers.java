package io.polybius.launch;

import com.sun.management.OperatingSystemMXBean;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningDriver;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drivers that were started ahead, before there is a session for them. Each has its REPL up and its
 * compiler warm, and waits for the settings with which to start Spark. A session whose driver would
 * be started in just the same way gets one of them, and saves most of the start.
 */
final class PrespawnedDrivers implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(PrespawnedDrivers.class);

  private static final long CHECK_SECONDS = 5;
  private static final long STOP_SECONDS = 5;

  /** A session that has just begun gets the machine to itself for this long. */
  private static final Duration AFTER_TAKING = Duration.ofSeconds(20);

  /** Whatever made a driver fail may well still be there. */
  private static final Duration AFTER_FAILURE = Duration.ofMinutes(2);

  /** With a greater part of the processors in use, the next driver has to wait. */
  private static final double BUSY = 0.5;

  private final int wanted;
  private final Starter starter;
  private final Deque<Waiting> drivers = new ArrayDeque<>();
  private final ScheduledExecutorService spawner =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "driver-prespawn");
            thread.setDaemon(true);
            return thread;
          });
  private final OperatingSystemMXBean machine =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private long notBefore = System.nanoTime();
  private int count;
  private boolean closed;

  /** Starts a driver that waits for its settings. */
  @FunctionalInterface
  interface Starter {
    /** Starts it under that name. */
    Started start(String name, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
        throws LaunchException;
  }

  /**
   * A driver that has been started.
   *
   * @param commandLine how
   * @param driver its process
   */
  record Started(DriverCommandLine commandLine, RunningDriver driver) {}

  /**
   * Starts drivers in the background, the first one at once.
   *
   * @param wanted how many are to wait at a time; may be 0
   * @param starter starts one
   */
  PrespawnedDrivers(int wanted, Starter starter) {
    this.wanted = wanted;
    this.starter = starter;
    if (wanted > 0) {
      machine.getCpuLoad(); // The first call only begins to measure.
      spawner.scheduleWithFixedDelay(this::fill, 0, CHECK_SECONDS, TimeUnit.SECONDS);
    }
  }

  /**
   * Hands a driver over to a session, if there is a fitting one.
   *
   * @param commandLine how a new driver for the session would be started
   * @param settings Spark's settings for the session
   * @param events gets what the driver says from now on
   * @param log gets what the driver process has printed and will print
   * @throws LaunchException if the settings cannot be sent
   */
  Optional<RunningDriver> take(
      DriverCommandLine commandLine,
      Map<String, String> settings,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    Waiting fitting;
    synchronized (this) {
      postpone(AFTER_TAKING);
      fitting =
          drivers.stream()
              .filter(waiting -> waiting.started.commandLine().startsSameProcessAs(commandLine))
              .findFirst()
              .orElse(null);
      drivers.remove(fitting);
    }
    if (fitting == null) {
      return Optional.empty();
    }
    RunningDriver driver = fitting.started.driver();
    try {
      if (fitting.handOver(events, log)) {
        driver.connection().send(startSpark(settings));
        return Optional.of(driver);
      }
    } catch (RuntimeException e) {
      fitting.end();
      throw new LaunchException("The driver cannot take its settings: " + e.getMessage(), e);
    }
    fitting.end();
    return Optional.empty();
  }

  /** Returns what tells a waiting driver to start Spark. */
  static DriverCommand startSpark(Map<String, String> settings) {
    List<String> list = new ArrayList<>();
    settings.forEach(
        (name, value) -> {
          list.add(name);
          list.add(value);
        });
    return new DriverCommand.StartSpark(list);
  }

  private void fill() {
    try {
      if (withoutTheDead() < wanted && isTime()) {
        startOne();
      }
    } catch (LaunchException | RuntimeException | LinkageError e) {
      synchronized (this) {
        if (!closed) {
          // A session that is asked for gets the same message.
          logger.warn("no driver could be started ahead: {}", e.toString());
          postpone(AFTER_FAILURE);
        }
      }
    }
  }

  private int withoutTheDead() {
    List<Waiting> dead;
    int left;
    synchronized (this) {
      dead = drivers.stream().filter(Waiting::isDead).toList();
      drivers.removeAll(dead);
      left = drivers.size();
      if (!dead.isEmpty()) {
        postpone(AFTER_FAILURE);
      }
    }
    dead.forEach(Waiting::end);
    return left;
  }

  private synchronized boolean isTime() {
    return System.nanoTime() - notBefore >= 0 && (count == 0 || machine.getCpuLoad() < BUSY);
  }

  private void startOne() throws LaunchException {
    Waiting waiting = new Waiting();
    waiting.started = starter.start("prespawned-" + ++count, waiting, waiting.log);
    synchronized (this) {
      if (!closed) {
        drivers.add(waiting);
        return;
      }
    }
    waiting.end();
    waiting.awaitEnd();
  }

  private void postpone(Duration time) {
    notBefore = System.nanoTime() + time.toNanos();
  }

  /** Ends the drivers that still wait. */
  @Override
  public void close() {
    spawner.shutdownNow();
    List<Waiting> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(drivers);
      drivers.clear();
    }
    left.forEach(Waiting::end);
    left.forEach(Waiting::awaitEnd);
    try {
      if (!spawner.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        logger.warn("a driver is still being started ahead");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A driver that waits; once it is handed over, it passes on what it says. */
  private static final class Waiting implements DriverConnection.Receiver<DriverEvent> {

    private final ProcessLog log = new ProcessLog();
    private Started started;
    private DriverConnection.Receiver<DriverEvent> owner;
    private boolean useless;

    synchronized boolean handOver(
        DriverConnection.Receiver<DriverEvent> newOwner, ProcessLog ownersLog) {
      if (isDead()) {
        return false;
      }
      owner = newOwner;
      log.forwardTo(ownersLog);
      return true;
    }

    synchronized boolean isDead() {
      return useless || started.driver().exited().toCompletableFuture().isDone();
    }

    /** Ends the process and the link, whichever of them is left. */
    void end() {
      started.driver().kill();
      started.driver().connection().close();
    }

    void awaitEnd() {
      started
          .driver()
          .exited()
          .toCompletableFuture()
          .completeOnTimeout("", STOP_SECONDS, TimeUnit.SECONDS)
          .join();
    }

    @Override
    public synchronized void received(long sequence, DriverEvent message) {
      if (owner != null) {
        owner.received(sequence, message);
      } else if (message instanceof DriverEvent.DriverFailed failed) {
        useless = true;
        logger.warn("a driver that was started ahead has failed: {}", failed.reason());
      }
    }

    @Override
    public synchronized void closed(String reason) {
      useless = true;
      if (owner != null) {
        owner.closed(reason);
      } else {
        logger.info("a driver that was started ahead has ended: {}", reason);
      }
    }
  }
}
