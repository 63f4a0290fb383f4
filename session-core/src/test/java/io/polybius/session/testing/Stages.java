package io.polybius.session.testing;

import io.polybius.session.ErrorCode;
import io.polybius.session.SessionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** What becomes of the core's answers. */
public final class Stages {

  private static final long PATIENCE_SECONDS = 15;

  private Stages() {}

  /** Waits for an answer, for a while. */
  public static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** Asserts that something is refused, with that code and a message that has that text in it. */
  public static void assertRefused(CompletionStage<?> stage, ErrorCode code, String message) {
    Throwable failure;
    try {
      failure = new AssertionError("it was not refused, but answered with " + get(stage));
    } catch (ExecutionException e) {
      failure = e.getCause();
    } catch (Exception e) {
      failure = e;
    }
    boolean isRefusal =
        failure instanceof SessionException refused
            && refused.code() == code
            && refused.getMessage().contains(message);
    if (!isRefusal) {
      throw new AssertionError("not refused with " + code + " and '" + message + "'", failure);
    }
  }
}
