package io.polybius.rest;

import io.polybius.session.SessionException;
import io.undertow.util.StatusCodes;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What clients are told when a request fails. Statuses are Livy's, also where others would be more
 * fitting: clients look for a 5xx with the sentence "Session is in state dead" to open a new
 * session.
 */
final class ErrorMapper {

  private static final Logger log = LoggerFactory.getLogger(ErrorMapper.class);

  private ErrorMapper() {}

  /**
   * Returns the answer to a request that failed.
   *
   * @param requestId is told to the client, and logged, when only the log says what happened
   */
  static Answer answer(Throwable failure, String requestId) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RejectedRequestException rejected) {
      return Answer.message(rejected.status(), rejected.getMessage());
    }
    if (cause instanceof SessionException refused) {
      return answer(refused);
    }
    log.error("request {} failed", requestId, cause);
    return Answer.message(
        StatusCodes.INTERNAL_SERVER_ERROR,
        "The server failed (request " + requestId + "); its log says how.");
  }

  private static Answer answer(SessionException refused) {
    String message = refused.getMessage();
    return switch (refused.code()) {
      case SESSION_NOT_FOUND, STATEMENT_NOT_FOUND, JOB_NOT_FOUND ->
          Answer.message(StatusCodes.NOT_FOUND, message);
      case BAD_NAME, DUPLICATE_NAME, REJECTED ->
          Answer.message(StatusCodes.BAD_REQUEST, "Rejected, Reason: " + message);
      case NO_RESULT, BAD_KIND, TOO_MANY_STARTING, NOT_ACTIVE, BAD_RESOURCE ->
          Answer.message(StatusCodes.BAD_REQUEST, message);
      case RESULT_NOT_READY -> Answer.message(StatusCodes.CONFLICT, message);
      case NOT_SHARED -> Answer.message(StatusCodes.NOT_FOUND, message);
      case RESULT_GONE -> Answer.message(StatusCodes.GONE, message);
      case RESULT_FAILED, RESOURCE_FAILED ->
          Answer.message(StatusCodes.INTERNAL_SERVER_ERROR, message);
      case STAGING_FAILED -> Answer.message(StatusCodes.INSUFFICIENT_STORAGE, message);
      case TOO_LARGE -> Answer.message(StatusCodes.REQUEST_ENTITY_TOO_LARGE, message);
      case TOO_MANY_WAITING -> Answer.message(StatusCodes.TOO_MANY_REQUESTS, message);
      case WRONG_STATE ->
          Answer.message(
              StatusCodes.INTERNAL_SERVER_ERROR, "java.lang.IllegalStateException: " + message);
      case SHUTTING_DOWN -> Answer.message(StatusCodes.SERVICE_UNAVAILABLE, message);
    };
  }
}
