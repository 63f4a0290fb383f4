package io.polybius.session;

import io.polybius.session.spi.BatchLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one door to all batches: programs that a {@link BatchLauncher} starts and that run to their
 * end. All methods may be called from any thread and none waits for a program. Requests that cannot
 * be served throw a {@link SessionException}, or fail the stage with it.
 */
public final class BatchService implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BatchService.class);

  /** How often it is looked for batches that ended long ago. */
  private static final Duration SWEEP_INTERVAL = Duration.ofMillis(250);

  private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(10);

  private final Registry<Batch> batches = new Registry<>();
  private final CoreThreads threads = new CoreThreads("batch");
  private final BatchLauncher launcher;
  private final CoreSettings settings;
  private final Clock clock;

  /**
   * Makes a service without batches.
   *
   * @param launcher starts the programs
   * @param settings what the operator chose
   * @param clock tells the time
   */
  public BatchService(BatchLauncher launcher, CoreSettings settings, Clock clock) {
    this.launcher = launcher;
    this.settings = settings;
    this.clock = clock;
    threads.every(SWEEP_INTERVAL, this::forgetTheOld);
  }

  /**
   * Creates a batch and begins to launch its program. Whether that succeeds shows in the batch's
   * state and log.
   *
   * @return the batch in state {@code starting}
   */
  public BatchSnapshot create(BatchSettings asked, Caller caller) {
    BatchSettings checked = settings.rules().check(asked);
    Runnable place = settings.creations().take();
    Batch batch;
    try {
      batch =
          batches.add(
              checked.application().name(),
              id ->
                  new Batch(
                      id,
                      asked,
                      checked,
                      caller.user(),
                      launcher,
                      settings.batchLog(id),
                      threads,
                      clock));
    } catch (RuntimeException e) {
      place.run();
      throw e;
    }
    CompletionStage<Void> unused = batch.ended().thenRun(place);
    BatchSnapshot created = batch.snapshot();
    log.info("batch {} created by {}", created.id(), caller.user().orElse(caller.address()));
    batch.start();
    return created;
  }

  /** Returns all batches, oldest first. */
  public List<BatchSnapshot> batches() {
    return batches.all().stream().map(Batch::snapshot).toList();
  }

  /** Returns the batch of that id, or of that name if it is not a number. */
  public BatchSnapshot batch(String idOrName) {
    return batches.find(idOrName).snapshot();
  }

  /**
   * Returns a part of a batch's log.
   *
   * @param from number of the first line, from 0; a negative one means the last {@code size} lines
   * @param size how many lines at most, negative for all
   */
  public LogPage log(String idOrName, int from, int size) {
    return batches.find(idOrName).log().page(from, size);
  }

  /** Returns up to {@code most} of the last lines of a batch's log; none if it is gone. */
  public List<String> newestLogLines(BatchSnapshot batch, int most) {
    return batches.numbered(batch.id()).map(found -> found.log().newest(most)).orElse(List.of());
  }

  /** Kills a batch that has not ended, and forgets it; completes when nothing of it is left. */
  public CompletionStage<Void> delete(String idOrName) {
    try {
      Batch batch = batches.find(idOrName);
      return batch.kill().thenRun(() -> forget(batch));
    } catch (SessionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Kills all batches and frees all threads. Does nothing the second time. */
  @Override
  public void close() {
    if (!batches.close()) {
      return;
    }
    List<Batch> all = batches.all();
    CompletableFuture.allOf(
            all.stream()
                .map(batch -> batch.kill().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, CLOSING_PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .join();
    threads.close();
    all.forEach(batch -> batch.log().delete());
  }

  private void forgetTheOld() {
    long now = clock.millis();
    for (Batch batch : batches.all()) {
      BatchSnapshot snapshot = batch.snapshot();
      if (snapshot.state().isTerminal()
          && now - snapshot.endedMillis() >= settings.lifetimes().retention().toMillis()) {
        forget(batch);
      }
    }
  }

  private void forget(Batch batch) {
    int id = batch.snapshot().id();
    if (batches.remove(id)) {
      batch.log().delete();
      log.info("batch {} deleted", id);
    }
  }
}
