package io.polybius.session.spi;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import java.util.List;
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

  /**
   * Learns that nobody wants a driver any more whose {@link #launch} has not returned yet. That may
   * fail then; if it does not, its driver is killed. Does not wait.
   */
  default void giveUp(LaunchSpec spec) {}

  /**
   * Learns which of the drivers that an earlier server has left will be taken back by {@link
   * #reattach}; ends all others. Called once, before anything is launched.
   *
   * @param wanted how they were launched
   */
  default void expect(List<LaunchSpec> wanted) {}

  /**
   * Takes a driver back that an earlier server has launched, and whose process is there still.
   *
   * @param spec how it was launched
   * @param position where the link to it stood
   * @param events gets what the driver says from then on, and when its link has ended
   * @param log gets what the driver process prints from then on
   * @throws LaunchException if that cannot be done, with the reason
   */
  default RunningDriver reattach(
      LaunchSpec spec,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    throw new LaunchException("Drivers of this kind do not outlive the server.");
  }

  /** Returns the languages that its drivers can run, beside those of Jupyter kernels. */
  Set<Kind> languages();

  /**
   * Returns the Jupyter kernels that its drivers can run: {@link Kind#ofJupyterKernel}. They may
   * come and go.
   */
  default List<InstalledKernel> jupyterKernels() {
    return List.of();
  }

  /** Frees what the launcher itself holds; its drivers have been stopped or left before. */
  @Override
  void close();
}
