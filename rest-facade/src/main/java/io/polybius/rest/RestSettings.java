package io.polybius.rest;

import java.util.Map;

/**
 * What an operator can choose about the REST API.
 *
 * @param version what {@code GET /version} answers
 * @param csrfProtection whether requests that may change something need the header {@code
 *     X-Requested-By}, which a page of another site cannot send
 * @param impersonation whether those who ask may name the user that a session or batch runs as
 * @param maxBodyBytes the longest body of a request, in bytes, encoded or decoded
 * @param maxUploadBytes the largest file that can be uploaded
 * @param securityHeaders headers that all answers have, for browsers
 */
public record RestSettings(
    VersionInfo version,
    boolean csrfProtection,
    boolean impersonation,
    long maxBodyBytes,
    long maxUploadBytes,
    Map<String, String> securityHeaders) {

  /** The largest file unless the operator sets another size, as in Livy. */
  public static final long MAX_UPLOAD_BYTES = 100L << 20;

  /** Checks that there is room for a body, and copies the headers. */
  public RestSettings {
    if (maxBodyBytes < 1 || maxBodyBytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("maxBodyBytes must be between 1 and 2147483647");
    }
    securityHeaders = Map.copyOf(securityHeaders);
  }

  /** Makes settings with which all runs as the user of the server. */
  public RestSettings(
      VersionInfo version,
      boolean csrfProtection,
      long maxBodyBytes,
      Map<String, String> securityHeaders) {
    this(version, csrfProtection, false, maxBodyBytes, MAX_UPLOAD_BYTES, securityHeaders);
  }
}
