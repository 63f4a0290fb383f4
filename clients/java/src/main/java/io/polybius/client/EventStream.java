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
  private final CompletableFuture<Void> end;
  private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);

  // Guarded by this:
  private Attempt current;
  private long lastEventId = -1;
  private long failingSince;
  private boolean closed;

  EventStream(Connection connection, String path, Consumer<SessionEvent> listener) {
    this.connection = connection;
    this.path = path;
    this.listener = listener;
    this.end = connection.untilClosed(new CompletableFuture<>());
    end.whenComplete((nothing, error) -> stop());
  }

  /** Begins. */
  void start() {
    Attempt attempt;
    long known;
    synchronized (this) {
      if (closed) {
        return;
      }
      attempt = new Attempt();
      current = attempt;
      known = lastEventId;
    }
    attempt.begin(known);
  }

  @Override
  public CompletableFuture<Void> end() {
    return end.copy();
  }

  @Override
  public void close() {
    end.complete(null);
  }

  /** Hears no more, whatever has ended it. */
  private void stop() {
    Attempt attempt;
    synchronized (this) {
      closed = true;
      attempt = current;
      current = null;
    }
    if (attempt != null) {
      attempt.cancel();
    }
  }

  private void heard(SessionEvent event) {
    synchronized (this) {
      if (closed) {
        return;
      }
      lastEventId = Math.max(lastEventId, event.id());
    }
    InOrder.runListener(() -> listener.accept(event));
  }

  /** Decides what comes after an attempt that is over; only the first word of each counts. */
  private void over(Attempt attempt, HttpResponse<String> response, Throwable error) {
    int status = response == null ? 0 : response.statusCode();
    boolean givesUp;
    synchronized (this) {
      if (closed || current != attempt) {
        return;
      }
      current = null;
      long now = System.nanoTime();
      if (attempt.hasHeard || failingSince == 0) {
        failingSince = now;
        backoff.reset();
      }
      givesUp = now - failingSince > connection.timeouts().outage().toNanos();
    }
    if (status == ENDED) {
      end.complete(null);
    } else if (status != 0 && status != 200 && !Connection.isPassing(status)) {
      end.completeExceptionally(connection.refused(path, response));
    } else if (givesUp) {
      end.completeExceptionally(
          new ServerUnreachableException(
              "The events of " + connection + path + " cannot be followed.", error));
    } else {
      connection.later(backoff.next(), this::start);
    }
  }

  /** One request. */
  private final class Attempt implements Flow.Subscriber<String> {

    private final EventParser parser = new EventParser(EventStream.this::heard);

    volatile boolean hasHeard;
    private volatile long lastHeard = System.nanoTime();
    private volatile boolean cancelled;
    private volatile CompletableFuture<HttpResponse<String>> exchange;
    private volatile Flow.Subscription subscription;

    void begin(long lastEventId) {
      CompletableFuture<HttpResponse<String>> begun =
          connection.follow(
              path,
              lastEventId,
              head ->
                  head.statusCode() == 200
                      ? BodySubscribers.fromLineSubscriber(
                          this, whole -> "", StandardCharsets.UTF_8, "\n")
                      : BodySubscribers.ofString(StandardCharsets.UTF_8));
      exchange = begun;
      if (cancelled) {
        begun.cancel(true);
      }
      begun.whenComplete((response, error) -> over(this, response, error));
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
      CompletableFuture<HttpResponse<String>> known = exchange;
      if (known != null) {
        known.cancel(true);
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription lines) {
      subscription = lines;
      lines.request(1);
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
