package io.polybius.launch;

import com.sun.management.OperatingSystemMXBean;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.session.SessionLog;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningDriver;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
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
    Started start(String name, DriverConnection.Receiver<DriverEvent> events, SessionLog log)
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
   */
  synchronized Optional<RunningDriver> take(
      DriverCommandLine commandLine,
      Map<String, String> settings,
      DriverConnection.Receiver<DriverEvent> events,
      SessionLog log) {
    for (Iterator<Waiting> all = drivers.iterator(); all.hasNext(); ) {
      Waiting waiting = all.next();
      if (waiting.started.commandLine().startsSameProcessAs(commandLine)) {
        all.remove();
        if (waiting.handOver(events, log)) {
          postpone(AFTER_TAKING);
          RunningDriver driver = waiting.started.driver();
          driver.connection().send(new DriverCommand.StartSpark(pairs(settings)));
          return Optional.of(driver);
        }
      }
    }
    postpone(AFTER_TAKING);
    return Optional.empty();
  }

  private static List<String> pairs(Map<String, String> settings) {
    return settings.entrySet().stream()
        .map(setting -> setting.getKey() + "=" + setting.getValue())
        .toList();
  }

  private void fill() {
    try {
      if (forgetTheDead() < wanted && isTime()) {
        startOne();
      }
    } catch (RuntimeException e) {
      // The next check comes all the same.
      logger.error("no driver could be started ahead", e);
    }
  }

  private synchronized int forgetTheDead() {
    if (drivers.removeIf(Waiting::isDead)) {
      logger.warn("a prespawned driver ended before a session came");
      postpone(AFTER_FAILURE);
    }
    return drivers.size();
  }

  private synchronized boolean isTime() {
    return System.nanoTime() - notBefore >= 0 && (count == 0 || machine.getCpuLoad() < BUSY);
  }

  private void startOne() {
    String name = "prespawned-" + ++count;
    Waiting waiting = new Waiting();
    try {
      waiting.started = starter.start(name, waiting, waiting.log);
    } catch (LaunchException e) {
      // A session that is asked for gets the same message.
      logger.debug("no driver could be started ahead", e);
      synchronized (this) {
        postpone(AFTER_FAILURE);
      }
      return;
    }
    synchronized (this) {
      if (!closed) {
        drivers.add(waiting);
        return;
      }
    }
    waiting.started.driver().kill();
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
    left.forEach(waiting -> waiting.started.driver().kill());
    for (Waiting waiting : left) {
      waiting.awaitEnd();
    }
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

    private final SessionLog log = new SessionLog();
    private Started started;
    private DriverConnection.Receiver<DriverEvent> owner;
    private boolean ended;

    synchronized boolean handOver(
        DriverConnection.Receiver<DriverEvent> newOwner, SessionLog ownersLog) {
      if (isDead()) {
        return false;
      }
      owner = newOwner;
      log.forwardTo(ownersLog);
      return true;
    }

    synchronized boolean isDead() {
      return ended || started.driver().exited().toCompletableFuture().isDone();
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
    public synchronized void received(DriverEvent message) {
      if (owner != null) {
        owner.received(message);
      } else {
        logger.debug("a prespawned driver says {}", message.getClass().getSimpleName());
      }
    }

    @Override
    public synchronized void closed(String reason) {
      ended = true;
      if (owner != null) {
        owner.closed(reason);
      }
    }
  }
}
