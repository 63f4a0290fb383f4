package io.polybius.session;

import java.util.Optional;

/**
 * Who asks for something, and from where.
 *
 * @param user the authenticated user, empty when the server does not authenticate
 * @param address where the request comes from, for logs
 */
public record Caller(Optional<String> user, String address) {

  /** The server itself, when it acts without being asked. */
  public static final Caller SERVER = new Caller(Optional.empty(), "server");
}
