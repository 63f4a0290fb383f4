package io.polybius.driver.interpreter.python;

import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * What Python calls about jobs, beside its main loop. One of its threads takes orders: to run a
 * job, for which it starts another thread, or to interrupt it. The job's thread calls {@link
 * #begin}, so that its own thread here is the job's, and at the end says what has become of it.
 */
public final class PythonJobGate {

  private static final String RUN = "run ";
  private static final String INTERRUPT = "interrupt ";
  private static final String END = "";

  private final BlockingQueue<String> orders = new LinkedBlockingQueue<>();
  private final Map<Integer, Underway> all = new ConcurrentHashMap<>();
  private volatile Exception end;

  private record Underway(PythonJob job, CompletableFuture<PythonJob.Outcome> outcome) {}

  PythonJobGate() {}

  // ---- for the driver

  /** Has Python run a job; completes when that has ended, or Python has. */
  CompletableFuture<PythonJob.Outcome> run(PythonJob job) {
    CompletableFuture<PythonJob.Outcome> outcome = new CompletableFuture<>();
    all.put(job.id(), new Underway(job, outcome));
    orders.add(RUN + job.id());
    if (end != null) {
      outcome.completeExceptionally(end);
    }
    return outcome.whenComplete((told, failure) -> all.remove(job.id()));
  }

  /** Has Python interrupt a job; called again and again until that has ended. */
  void interrupt(int id) {
    if (all.containsKey(id)) {
      orders.add(INTERRUPT + id);
    }
  }

  /** There are no more jobs. */
  void close(Exception why) {
    end = why;
    orders.add(END);
    all.values().forEach(underway -> underway.outcome().completeExceptionally(why));
  }

  // ---- for Python

  /** Returns the next order, when there is one; null at the end. */
  public String take() throws InterruptedException {
    String next = orders.take();
    return next.equals(END) ? null : next;
  }

  /**
   * The calling thread runs a job from now on.
   *
   * @return the function in base 64, as Py4J takes many times as long for bytes; null if it is not
   *     wanted any more
   */
  public String begin(int id) {
    Underway underway = all.get(id);
    if (underway == null || underway.job().isCancelled()) {
      return null;
    }
    underway.job().adopt();
    return Base64.getEncoder().encodeToString(underway.job().takePayload());
  }

  /** Returns how many letters of base 64 a result can have. */
  public int maxResult() {
    return JobSucceeded.MAX_BYTES;
  }

  /** Returns the path of the directory for the files of jobs. */
  public String directory(int id) {
    Underway underway = all.get(id);
    if (underway == null) {
      throw new IllegalStateException("the job has ended");
    }
    return underway.job().directory().toString();
  }

  /** Takes what a job prints, on its thread: that goes where other jobs' goes, into the log. */
  public void print(String text) {
    System.out.print(text);
  }

  /**
   * A job has returned a value.
   *
   * @param result the pickled value in base 64
   */
  public void succeeded(int id, String result) {
    ended(id, new PythonJob.Outcome(true, result));
  }

  /** A job has returned no value, for which that is the reason. */
  public void failed(int id, String reason) {
    ended(id, new PythonJob.Outcome(false, reason));
  }

  private void ended(int id, PythonJob.Outcome outcome) {
    Underway underway = all.get(id);
    if (underway != null) {
      underway.outcome().complete(outcome);
    }
  }
}
