package io.polybius.kernel.http;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How kernels are served.
 *
 * @param version version of this software, shown to clients
 * @param runtimeDirectory where connection files are written; made if it is not there
 * @param relayGrace how long a kernel of a relay lives on without it, and how long messages are
 *     kept for a client that lost its WebSocket
 */
public record KernelGatewaySettings(String version, Path runtimeDirectory, Duration relayGrace) {

  /** How long a lost client is waited for unless the operator says otherwise. */
  public static final Duration DEFAULT_RELAY_GRACE = Duration.ofSeconds(60);
}
