package io.polybius.session.testing;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Launches {@link ScriptedDriver}s. */
public final class ScriptedLauncher implements DriverLauncher {

  private final BlockingQueue<ScriptedDriver> launched = new LinkedBlockingQueue<>();
  private final Map<String, ScriptedDriver> byName = new ConcurrentHashMap<>();
  private final ScriptedDriver.Script script;
  private final boolean readyAtOnce;
  private volatile String failure;
  private volatile ScriptedDriver newest;
  private volatile LaunchSpec newestSpec;

  /** Makes one whose drivers follow a script and come up only when the test says so. */
  public static ScriptedLauncher slow(ScriptedDriver.Script script) {
    return new ScriptedLauncher(script, false);
  }

  /** Makes one whose drivers follow a script and are up at once. */
  public static ScriptedLauncher ready(ScriptedDriver.Script script) {
    return new ScriptedLauncher(script, true);
  }

  private ScriptedLauncher(ScriptedDriver.Script script, boolean readyAtOnce) {
    this.script = script;
    this.readyAtOnce = readyAtOnce;
  }

  /** Lets every launch from now on fail. */
  public void failWith(String message) {
    failure = message;
  }

  /** Returns the next driver that was launched, waiting a few seconds for it. */
  public ScriptedDriver nextDriver() throws InterruptedException {
    ScriptedDriver driver = launched.poll(5, TimeUnit.SECONDS);
    if (driver == null) {
      throw new AssertionError("no driver was launched");
    }
    return driver;
  }

  /** Returns what the driver that was launched last was to be. */
  public LaunchSpec newestSpec() {
    return newestSpec;
  }

  /** Returns the driver that was launched last. */
  public ScriptedDriver newestDriver() {
    return newest;
  }

  @Override
  public RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
      throws LaunchException {
    if (failure != null) {
      throw new LaunchException(failure);
    }
    ScriptedDriver driver = new ScriptedDriver(events, script);
    byName.put(spec.driverName(), driver);
    CompletionStage<Void> unused =
        driver.exited().thenAccept(how -> byName.remove(spec.driverName(), driver));
    newest = driver;
    newestSpec = spec;
    launched.add(driver);
    if (readyAtOnce) {
      driver.ready();
    }
    return driver;
  }

  @Override
  public RunningDriver reattach(
      LaunchSpec spec,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    ScriptedDriver driver = byName.get(spec.driverName());
    if (driver == null || driver.exited().toCompletableFuture().isDone()) {
      throw new LaunchException("The driver is gone.");
    }
    driver.connect(events, position);
    return driver;
  }

  @Override
  public Set<Kind> languages() {
    return Set.of(Kind.SPARK, Kind.PYSPARK, Kind.SPARKR, Kind.SQL);
  }

  /** The drivers go on without a server. */
  @Override
  public void close() {
    byName.values().forEach(ScriptedDriver::disconnect);
  }
}
