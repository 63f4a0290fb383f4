package io.polybius.kernel.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How kernels are served.
 *
 * @param version version of this software, shown to clients
 * @param runtimeDirectory where connection files are written; made if it is not there
 * @param relayGrace how long a kernel of a relay lives on without it, and how long messages are
 *     kept for a client that lost its WebSocket
 * @param culling which kernels are ended because nobody uses them
 * @param historyDirectory where the history is kept; empty when it ends with the server
 * @param showsProgress whether cells show how far their Spark jobs and the start of their driver
 *     are
 * @param jupyterKernels the names of installed Jupyter kernels that are offered as kernels of this
 *     server, in lower case
 */
public record KernelGatewaySettings(
    String version,
    Path runtimeDirectory,
    Duration relayGrace,
    Culling culling,
    Optional<Path> historyDirectory,
    boolean showsProgress,
    List<String> jupyterKernels) {

  /** Copies the list. */
  public KernelGatewaySettings {
    jupyterKernels = List.copyOf(jupyterKernels);
  }

  /**
   * Which kernels are ended because nobody uses them.
   *
   * @param idleTimeout how long they were not used; zero for none
   * @param connected whether also those to which clients are connected
   * @param interval how often it is looked for them
   */
  public record Culling(Duration idleTimeout, boolean connected, Duration interval) {

    /** Ends no kernel. */
    public static final Culling NEVER = new Culling(Duration.ZERO, false, Duration.ofMinutes(5));
  }

  /** How long a lost client is waited for unless the operator says otherwise. */
  public static final Duration DEFAULT_RELAY_GRACE = Duration.ofSeconds(60);
}
