package io.polybius.client;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Where a server is, and what it is told to let a client in.
 *
 * <p>Its text has no secret.
 */
final class Address {

  private final String base;
  private final Optional<String> authorization;

  private Address(String base, Optional<String> authorization) {
    this.base = base;
    this.authorization = authorization;
  }

  /**
   * Takes an address apart. A user and a password in it are for Basic authentication.
   *
   * @throws IllegalArgumentException if it is none of a server
   */
  static Address of(URI uri) {
    String scheme = String.valueOf(uri.getScheme());
    if (!scheme.equals("http") && !scheme.equals("https") || uri.getHost() == null) {
      // The text itself may have a password.
      throw new IllegalArgumentException(
          "The address of a server is one such as http://localhost:8998 or"
              + " https://host/polybius.");
    }
    String path = Optional.ofNullable(uri.getRawPath()).orElse("").replaceAll("/+$", "");
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return new Address(
        scheme + "://" + uri.getHost() + port + path,
        Optional.ofNullable(uri.getUserInfo()).map(Address::basic));
  }

  private static String basic(String userAndPassword) {
    return "Basic "
        + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
  }

  Address withToken(String token) {
    return new Address(base, Optional.of("Bearer " + token));
  }

  Address withPassword(String user, String password) {
    return new Address(base, Optional.of(basic(user + ":" + password)));
  }

  /** Returns a place of the server's API. */
  URI resolve(String path) {
    return URI.create(base + path);
  }

  /** Returns the header that lets the client in, if the server wants one. */
  Optional<String> authorization() {
    return authorization;
  }

  @Override
  public String toString() {
    return base;
  }
}
