package io.polybius.kernel.relay;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a relay connects.
 *
 * @param server address of the server, {@code http} or {@code https}
 * @param connectionFile the file in which Jupyter says where the kernel has to listen
 * @param kind the language of the kernel
 * @param session id or name of the session to show; empty to open one
 */
public record RelayOptions(
    URI server, Path connectionFile, String kind, Optional<String> session) {}
