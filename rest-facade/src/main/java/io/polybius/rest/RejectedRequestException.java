package io.polybius.rest;

import io.undertow.util.StatusCodes;
import java.time.Duration;

/** A request that cannot be taken, mostly because it is wrong. The message is for the user. */
final class RejectedRequestException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final int status;

  private RejectedRequestException(int status, String message) {
    super(message);
    this.status = status;
  }

  static RejectedRequestException bad(String message) {
    return new RejectedRequestException(StatusCodes.BAD_REQUEST, message);
  }

  static RejectedRequestException bodyTooLarge(long maxBytes) {
    return new RejectedRequestException(
        StatusCodes.REQUEST_ENTITY_TOO_LARGE,
        "The body is longer than " + maxBytes + " bytes; put large things into files.");
  }

  static RejectedRequestException noRoom(long bytes) {
    return new RejectedRequestException(
        StatusCodes.SERVICE_UNAVAILABLE,
        "There was no room for a body of up to "
            + bytes
            + " bytes beside those of other requests; send it again later.");
  }

  static RejectedRequestException uploadTooLarge(long maxBytes) {
    return new RejectedRequestException(
        StatusCodes.REQUEST_ENTITY_TOO_LARGE,
        "The file is larger than "
            + maxBytes
            + " bytes (livy.file.upload.max.size); put it where the driver can read it, and add it"
            + " by its URI.");
  }

  static RejectedRequestException bodyTooSlow(Duration patience) {
    return new RejectedRequestException(
        StatusCodes.REQUEST_TIME_OUT,
        "Too little of the body has come within " + patience.toSeconds() + " s; send it again.");
  }

  /** Returns the status of HTTP that says so. */
  int status() {
    return status;
  }
}
