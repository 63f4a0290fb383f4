package io.polybius.launch;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Launches each driver where its session's master wants it: on this machine, or on a cluster. */
public final class SparkLauncher implements DriverLauncher {

  private final LaunchSettings settings;
  private final DriverLinks links;
  private final LocalLauncher local;
  private final ClusterLauncher clusters;

  /**
   * Begins to listen for drivers.
   *
   * @param folder where drivers have their files that outlive this launcher, used by no other one;
   *     empty if they are to end with it
   * @param submitter not closed by this launcher
   * @throws IOException if the port cannot be bound, or the folder cannot be used
   */
  public SparkLauncher(LaunchSettings settings, Optional<Path> folder, Submitter submitter)
      throws IOException {
    this.settings = settings;
    this.links = new DriverLinks(settings, folder);
    this.local = new LocalLauncher(settings, links);
    this.clusters = new ClusterLauncher(settings, links, submitter);
  }

  @Override
  public RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
      throws LaunchException {
    return settings.master(spec.settings().application()).isLocal()
        ? local.launch(spec, events, log)
        : clusters.launch(spec, events, log);
  }

  @Override
  public void giveUp(LaunchSpec spec) {
    clusters.giveUp(spec);
  }

  @Override
  public void expect(List<LaunchSpec> wanted) {
    local.expect(wanted);
  }

  @Override
  public RunningDriver reattach(
      LaunchSpec spec,
      LinkPosition position,
      DriverConnection.Receiver<DriverEvent> events,
      ProcessLog log)
      throws LaunchException {
    DriverPapers papers = links.claim(spec);
    return papers.tag().isPresent()
        ? clusters.reattach(spec, papers, position, events, log)
        : local.reattach(spec, papers, position, events, log);
  }

  @Override
  public Set<Kind> languages() {
    return local.languages();
  }

  @Override
  public List<InstalledKernel> jupyterKernels() {
    return local.jupyterKernels();
  }

  /** Frees what the launcher holds. Drivers that can outlive the server are left to a later one. */
  @Override
  public void close() {
    local.close();
  }
}
