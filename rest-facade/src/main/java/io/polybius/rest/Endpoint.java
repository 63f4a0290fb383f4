package io.polybius.rest;

import java.util.concurrent.CompletionStage;

/** Answers the requests of one route. */
interface Endpoint {

  /**
   * Answers a request, without waiting. Called on a worker thread, or on an IO thread if the route
   * is to be answered {@link Route.Speed#AT_ONCE at once}. What it throws, or its stage fails with,
   * is answered by {@link ErrorMapper}.
   */
  CompletionStage<Answer> answer(Request request);
}
