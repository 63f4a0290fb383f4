package io.polybius.session.spi;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import java.util.Set;

/** Starts drivers: as a process of this machine, on a cluster, or in a test's memory. */
public interface DriverLauncher extends AutoCloseable {

  /**
   * Starts a driver and returns as soon as it is on its way; it reports {@link
   * DriverEvent.DriverReady} when it can work. Everything begun is undone when this throws.
   *
   * @param spec what to start
   * @param events gets what the driver says, and when its link has ended
   * @param log gets what the driver process prints
   * @throws LaunchException if it cannot be started, with what the user can do about it
   */
  RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
      throws LaunchException;

  /** Returns the languages that its drivers can run. */
  Set<Kind> languages();

  /** Frees what the launcher itself holds; its drivers have been stopped before. */
  @Override
  void close();
}
