package io.polybius.server.http;

import java.net.InetAddress;
import java.util.Optional;

/**
 * Where and how HTTP is listened for.
 *
 * @param host the address to listen on
 * @param port the port, 0 for any free one
 * @param maxBodyBytes the longest request body
 * @param maxHeaderBytes the longest head of a request
 * @param product what answers name in their {@code Server} header, if they have one
 */
public record Listener(
    InetAddress host, int port, long maxBodyBytes, int maxHeaderBytes, Optional<String> product) {

  private static final int HEADER_BYTES = 128 << 10;

  /** Returns a listener with Livy's limit for heads, whose answers do not name the server. */
  public static Listener on(InetAddress host, int port, long maxBodyBytes) {
    return new Listener(host, port, maxBodyBytes, HEADER_BYTES, Optional.empty());
  }
}
