package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;

/**
 * A job that a session has. Its value comes by itself, however many handles there are: none has a
 * thread. Handles may be used by any thread, and outlive an outage of the server.
 *
 * @param <T> what the job returns
 */
public final class JobHandle<T> {

  private final Connection connection;
  private final String path;
  private final long id;
  private final CompletableFuture<T> value;
  private final InOrder listenerTurn;

  // Guarded by this:
  private final List<Consumer<JobState>> stateListeners = new ArrayList<>();
  private final List<DoubleConsumer> progressListeners = new ArrayList<>();
  private JobState state = JobState.SENT;
  private double progress;
  private EventStream events;

  /** Begins to wait for the end of a job. */
  JobHandle(Connection connection, String sessionPath, long id, JobBytes.Reader<T> reader) {
    this.connection = connection;
    this.path = sessionPath + "/jobs/" + id;
    this.id = id;
    this.listenerTurn = new InOrder(connection.executor());
    this.value =
        LongPoll.begin(connection, path, this::sawStatus)
            .thenApply(status -> valueOf(status, reader));
    value.whenComplete((result, error) -> stopEvents());
  }

  /** Returns its number in its session, with which other clients can ask for it too. */
  public long id() {
    return id;
  }

  /**
   * Returns where it is: asks the server, unless its end is known.
   *
   * @throws PolybiusException if the server does not say
   */
  public JobState state() {
    if (!known().isTerminal()) {
      boolean unused = sawStatus(connection.await(connection.get(path), Duration.ZERO));
    }
    return known();
  }

  private synchronized JobState known() {
    return state;
  }

  /**
   * Returns the share of its Spark tasks that were done when the server was heard last, from 0 to
   * 1. The server is listened to from the first call on.
   */
  public double progress() {
    follow();
    synchronized (this) {
      return progress;
    }
  }

  /**
   * Has each new state told, and the one that it is in, on a thread of the client.
   *
   * @return this
   */
  public JobHandle<T> onState(Consumer<JobState> listener) {
    synchronized (this) {
      stateListeners.add(listener);
      JobState now = state;
      listenerTurn.execute(() -> listener.accept(now));
    }
    follow();
    return this;
  }

  /**
   * Has each new share of its Spark tasks that are done told, from 0 to 1, on a thread of the
   * client.
   *
   * @return this
   */
  public JobHandle<T> onProgress(DoubleConsumer listener) {
    synchronized (this) {
      progressListeners.add(listener);
    }
    follow();
    return this;
  }

  /**
   * Waits for what it returns, a day at most or as long as {@link SessionBuilder#jobTimeout} says.
   *
   * @throws JobFailedException if it has thrown something
   * @throws CancelledException if it was cancelled
   * @throws TimeLimitException if it takes longer
   * @throws PolybiusException if its value cannot be had
   */
  public T get() {
    return get(connection.timeouts().end());
  }

  /**
   * Waits for what it returns.
   *
   * @param limit how long at most
   * @throws JobFailedException if it has thrown something
   * @throws CancelledException if it was cancelled
   * @throws TimeLimitException if it takes longer; it runs on
   * @throws PolybiusException if its value cannot be had
   */
  public T get(Duration limit) {
    return Connection.await(value, limit, "The end of job " + id);
  }

  /**
   * Returns its value as a future of its own, which fails as {@link #get()} does. To complete or
   * cancel that future does nothing to the job.
   */
  public CompletableFuture<T> toCompletableFuture() {
    return value.copy();
  }

  /** Returns whether its end is known. */
  public boolean isDone() {
    return value.isDone();
  }

  /**
   * Asks for its end; {@link #get()} fails when it has stopped. One that has ended is left alone.
   *
   * @throws PolybiusException if the server does not take it
   */
  public void cancel() {
    JsonNode unused =
        connection.await(
            connection.post(path + "/cancel", Map.of(), Connection.Repeat.ALWAYS), Duration.ZERO);
  }

  private boolean sawStatus(JsonNode status) {
    JobState seen = JobBytes.stateOf(status);
    moveTo(seen);
    return seen.isTerminal();
  }

  private T valueOf(JsonNode status, JobBytes.Reader<T> reader) {
    switch (JobBytes.stateOf(status)) {
      case SUCCEEDED:
        try {
          JsonNode result = status.path("result");
          return reader.read(result.isTextual() ? result.binaryValue() : null);
        } catch (IOException e) {
          throw new PolybiusException("The result of job " + id + " is damaged: " + e, e);
        }
      case FAILED:
        throw new JobFailedException(id, status.path("error").asText());
      default:
        throw new CancelledException("Job " + id + " was cancelled.");
    }
  }

  private synchronized void moveTo(JobState next) {
    if (next.ordinal() > state.ordinal() && !state.isTerminal()) {
      state = next;
      for (Consumer<JobState> each : stateListeners) {
        listenerTurn.execute(() -> each.accept(next));
      }
    }
  }

  private synchronized void progressTo(double next) {
    if (next > progress) {
      progress = next;
      for (DoubleConsumer each : progressListeners) {
        listenerTurn.execute(() -> each.accept(next));
      }
    }
  }

  private void follow() {
    synchronized (this) {
      if (events != null) {
        return;
      }
      events = new EventStream(connection, path + "/events", this::take);
    }
    events.start();
  }

  private void take(SessionEvent event) {
    if (event.type().equals("job")) {
      JsonNode job = event.json();
      progressTo(job.path("progress").asDouble());
      moveTo(JobBytes.stateOf(job));
    }
  }

  /** The stream ends by itself with the job, if nothing goes wrong. */
  private synchronized void stopEvents() {
    if (events != null && value.isCompletedExceptionally() && !state.isTerminal()) {
      events.close();
    }
  }

  @Override
  public String toString() {
    return "job " + id + " (" + known() + ")";
  }
}
