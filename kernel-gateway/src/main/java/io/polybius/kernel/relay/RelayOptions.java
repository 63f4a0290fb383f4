package io.polybius.kernel.relay;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a relay connects.
 *
 * @param server address of the server, {@code http} or {@code https}
 * @param connectionFile the file in which Jupyter says where the kernel has to listen
 * @param kind the language of the kernel
 * @param session id or name of the session to show; empty to open one
 * @param profile the launch profile of a session that is opened
 * @param patience how long a server that is gone is waited for
 */
public record RelayOptions(
    URI server,
    Path connectionFile,
    String kind,
    Optional<String> session,
    Optional<String> profile,
    Duration patience) {

  /** How long a server is waited for if nobody says otherwise: a restart takes less. */
  public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(60);
}
