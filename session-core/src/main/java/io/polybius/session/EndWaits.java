package io.polybius.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Those who wait for the end of something that has a number. Used in the session's tasks only.
 *
 * @param <T> what they are told
 */
final class EndWaits<T> {

  private final Tasks tasks;
  private final Map<Integer, List<CompletableFuture<T>>> waiting = new HashMap<>();

  EndWaits(Tasks tasks) {
    this.tasks = tasks;
  }

  /**
   * Waits for an end.
   *
   * @param answer gets what has ended, or, after the time, what it is then
   * @param asItIs gives the latter
   */
  void add(int id, Duration patience, CompletableFuture<T> answer, Supplier<T> asItIs) {
    waiting.computeIfAbsent(id, first -> new ArrayList<>()).add(answer);
    answer.thenRun(tasks.later(patience, () -> giveUp(id, answer, asItIs)));
  }

  private void giveUp(int id, CompletableFuture<T> answer, Supplier<T> asItIs) {
    List<CompletableFuture<T>> answers = waiting.get(id);
    if (answers != null && answers.remove(answer)) {
      answer.complete(asItIs.get());
      if (answers.isEmpty()) {
        waiting.remove(id);
      }
    }
  }

  /** Tells those who wait for this end, when all that the task changes is kept. */
  void ended(int id, T how) {
    List<CompletableFuture<T>> answers = waiting.remove(id);
    if (answers != null) {
      tasks.afterwards(() -> answers.forEach(answer -> answer.complete(how)));
    }
  }

  /** Tells all that they wait in vain. */
  void endAll(SessionException why) {
    waiting.values().stream()
        .flatMap(List::stream)
        .forEach(answer -> answer.completeExceptionally(why));
    waiting.clear();
  }
}
