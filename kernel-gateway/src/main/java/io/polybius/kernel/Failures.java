package io.polybius.kernel;

import io.polybius.driver.protocol.StatementError;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.session.SessionException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What to tell clients about requests that cannot be served. */
final class Failures {

  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  /** Returns the answer to a request that the kernel refuses. */
  static ReplyContent.Failed refused(String name, String message) {
    return new ReplyContent.Failed(name, message, List.of(message));
  }

  /** Returns the answer to a request whose content cannot be read. */
  static ReplyContent.Failed malformed(String why) {
    return refused("MalformedRequest", why);
  }

  /** Returns the answer to a request for which a call of the session core failed. */
  static ReplyContent.Failed of(Throwable failure) {
    StatementError error = error(failure);
    return refused(error.name(), error.message());
  }

  /** Returns what to tell a client about a call of the session core that failed. */
  static StatementError error(Throwable failure) {
    Throwable cause = cause(failure);
    if (cause instanceof SessionException refused) {
      return new StatementError(
          StatementError.Origin.DRIVER, refused.code().name(), refused.getMessage(), List.of());
    }
    log.error("a request failed", cause);
    return new StatementError(
        StatementError.Origin.DRIVER, "InternalError", "The request failed: " + cause, List.of());
  }

  /** Returns what went wrong, without what stages wrap it into. */
  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
