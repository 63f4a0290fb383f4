package io.polybius.rest;

import io.polybius.session.BatchService;
import io.polybius.session.BatchSnapshot;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The routes of batches. */
final class BatchesApi {

  private final BatchService batches;
  private final Impersonation impersonation;

  BatchesApi(BatchService batches, Impersonation impersonation) {
    this.batches = batches;
    this.impersonation = impersonation;
  }

  Answer list(Request request) {
    return Answer.ok(PageJson.of(request, batches.batches(), this::json));
  }

  CompletionStage<Answer> create(Request request) {
    NewBatchJson asked = request.body().as(NewBatchJson.class);
    BatchSnapshot batch =
        batches.create(
            asked.toSettings(impersonation.user(request, asked.proxyUser())), request.caller());
    return CompletableFuture.completedFuture(Answer.created("/batches/" + batch.id(), json(batch)));
  }

  Answer get(Request request) {
    return Answer.ok(json(batches.batch(request.batch())));
  }

  Answer state(Request request) {
    BatchSnapshot batch = batches.batch(request.batch());
    return Answer.ok(new StateJson(batch.id(), batch.state().toString()));
  }

  Answer log(Request request) {
    int id = batches.batch(request.batch()).id();
    return Answer.ok(
        LogJson.of(request, id, (from, size) -> batches.log(String.valueOf(id), from, size)));
  }

  CompletionStage<Answer> delete(Request request) {
    return batches.delete(request.batch()).thenApply(done -> Answer.ok(Map.of("msg", "deleted")));
  }

  private BatchJson json(BatchSnapshot batch) {
    return BatchJson.of(batch, batches.newestLogLines(batch, LogJson.NEWEST_LINES));
  }
}
