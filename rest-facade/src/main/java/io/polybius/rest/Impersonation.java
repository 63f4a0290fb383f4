package io.polybius.rest;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whom the sessions and batches of REST run as, other than the user of the server.
 *
 * @param enabled whether those who ask may name another user; if not, what they say is ignored, as
 *     in Livy
 */
record Impersonation(boolean enabled) {

  /** A name never begins like an option of a command. */
  private static final Pattern USER = Pattern.compile("\\w[\\w.@/$-]*");

  /**
   * Returns the user to run as.
   *
   * @param asked the field {@code proxyUser}, or null; {@code doAs} in the query wins over it
   */
  Optional<String> user(Request request, String asked) {
    if (!enabled) {
      return Optional.empty();
    }
    Optional<String> user = request.text("doAs").or(() -> Optional.ofNullable(asked));
    if (user.filter(name -> !USER.matcher(name).matches()).isPresent()) {
      throw RejectedRequestException.bad("Rejected, Reason: proxyUser is no name of a user.");
    }
    return user;
  }
}
