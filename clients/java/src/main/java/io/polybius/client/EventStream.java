package io.polybius.client;

import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * Follows the events of a session or of a job, from the oldest that the server keeps, without a
 * thread. When it is cut off it goes on where it was.
 */
final class EventStream implements EventSubscription {

  private static final int ENDED = 204;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** The server sends a comment each 15 seconds at least. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private final Connection connection;
  private final String path;
  private final Consumer<SessionEvent> listener;
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  // Guarded by this:
  private Attempt current;
  private long lastEventId = -1;
  private long failingSince;
  private Duration pause = FIRST_PAUSE;
  private boolean closed;

  EventStream(Connection connection, String path, Consumer<SessionEvent> listener) {
    this.connection = connection;
    this.path = path;
    this.listener = listener;
  }

  /** Begins. */
  void start() {
    Attempt attempt;
    synchronized (this) {
      if (closed || connection.isClosed()) {
        end.complete(null);
        return;
      }
      attempt = new Attempt();
      current = attempt;
    }
    attempt.begin(lastKnown());
  }

  /** Returns what is complete when there is nothing more to follow, or why it is not followed. */
  CompletableFuture<Void> end() {
    return end;
  }

  private synchronized long lastKnown() {
    return lastEventId;
  }

  @Override
  public void close() {
    Attempt attempt;
    synchronized (this) {
      closed = true;
      attempt = current;
    }
    if (attempt != null) {
      attempt.cancel();
    }
    end.complete(null);
  }

  private void heard(SessionEvent event) {
    synchronized (this) {
      if (closed) {
        return;
      }
      lastEventId = Math.max(lastEventId, event.id());
    }
    listener.accept(event);
  }

  /** Decides what comes after an attempt that is over; only the first word of each counts. */
  private void over(Attempt attempt, HttpResponse<String> response, Throwable error) {
    Duration wait;
    synchronized (this) {
      if (closed || current != attempt) {
        return;
      }
      current = null;
      int status = response == null ? 0 : response.statusCode();
      if (status == ENDED) {
        end.complete(null);
        return;
      } else if (status != 0 && status != 200 && !Connection.isPassing(status)) {
        end.completeExceptionally(connection.refused(path, response));
        return;
      }
      long now = System.nanoTime();
      if (attempt.hasHeard || failingSince == 0) {
        failingSince = now;
        pause = FIRST_PAUSE;
      } else if (now - failingSince > connection.timeouts().outage().toNanos()) {
        end.completeExceptionally(
            new ServerUnreachableException(
                "The events of " + connection + path + " cannot be followed.", error));
        return;
      }
      wait = pause;
      Duration next = pause.multipliedBy(2);
      pause = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
    }
    connection.later(wait, this::start);
  }

  /** One request. */
  private final class Attempt implements Flow.Subscriber<String> {

    private final EventParser parser = new EventParser(EventStream.this::heard);

    volatile boolean hasHeard;
    private volatile long lastHeard = System.nanoTime();
    private volatile boolean cancelled;
    private volatile Flow.Subscription subscription;

    void begin(long lastEventId) {
      connection
          .follow(
              path,
              lastEventId,
              head ->
                  head.statusCode() == 200
                      ? BodySubscribers.fromLineSubscriber(
                          this, whole -> "", StandardCharsets.UTF_8, "\n")
                      : BodySubscribers.ofString(StandardCharsets.UTF_8))
          .whenComplete((response, error) -> over(this, response, error));
      connection.later(SILENCE, this::watch);
    }

    private void watch() {
      if (cancelled || !isCurrent()) {
        return;
      }
      if (System.nanoTime() - lastHeard > SILENCE.toNanos()) {
        cancel();
        over(this, null, null);
      } else {
        connection.later(SILENCE.dividedBy(2), this::watch);
      }
    }

    private boolean isCurrent() {
      synchronized (EventStream.this) {
        return current == this;
      }
    }

    void cancel() {
      cancelled = true;
      Flow.Subscription known = subscription;
      if (known != null) {
        known.cancel();
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription lines) {
      subscription = lines;
      if (cancelled) {
        lines.cancel();
      } else {
        lines.request(1);
      }
    }

    @Override
    public void onNext(String line) {
      lastHeard = System.nanoTime();
      if (cancelled) {
        return;
      }
      try {
        parser.line(line);
        hasHeard = true;
      } catch (RuntimeException e) {
        end.completeExceptionally(e);
        close();
        return;
      }
      subscription.request(1);
    }

    @Override
    public void onError(Throwable error) {
      over(this, null, error);
    }

    @Override
    public void onComplete() {
      // The answer is complete too, and says so.
    }
  }
}
