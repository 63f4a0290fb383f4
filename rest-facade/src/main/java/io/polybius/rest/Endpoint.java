package io.polybius.rest;

import java.util.concurrent.CompletionStage;

/** Answers the requests of one route. */
interface Endpoint {

  /**
   * Answers a request, without waiting. Called on a worker thread; what it throws, or its stage
   * fails with, is answered by {@link ErrorMapper}.
   */
  CompletionStage<Answer> answer(Request request);
}
