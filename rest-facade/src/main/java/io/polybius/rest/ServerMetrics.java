package io.polybius.rest;

import com.codahale.metrics.CachedGauge;
import com.codahale.metrics.LockFreeExponentiallyDecayingReservoir;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import com.codahale.metrics.jvm.CachedThreadStatesGaugeSet;
import com.codahale.metrics.jvm.GarbageCollectorMetricSet;
import com.codahale.metrics.jvm.MemoryUsageGaugeSet;
import io.polybius.session.BatchService;
import io.polybius.session.BatchState;
import io.polybius.session.JobState;
import io.polybius.session.SessionService;
import io.polybius.session.SessionState;
import io.polybius.session.StatementState;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is counted and measured of a server:
 *
 * <ul>
 *   <li>{@code requests.GET /sessions/{session}.2xx}: the requests of a route by their outcome,
 *       with the time until they were answered; {@code requests.other.4xx}: those of no route;
 *       {@code …?wait.2xx}: those that wait for an end; those that follow something are not
 *       measured
 *   <li>{@code requests.lasting}: those that wait for the end of a statement or a job, or follow
 *       one or a session
 *   <li>{@code sessions.idle}, {@code batches.running}, {@code statements.waiting}, {@code
 *       jobs.started} and so on: how many there are in each state; of statements and jobs only
 *       those that have not ended
 *   <li>{@code jvm.memory…}, {@code jvm.threads…}, {@code jvm.gc…}
 * </ul>
 */
final class ServerMetrics {

  private static final long COUNTED_ANEW_MILLIS = 1000;

  private final MetricRegistry registry = new MetricRegistry();

  ServerMetrics(SessionService sessions, BatchService batches, LastingRequests lasting) {
    registry.registerGauge("requests.lasting", lasting::count);
    gauges(
        "sessions",
        SessionState.values(),
        () -> counts(sessions.sessions().stream(), session -> session.state()));
    gauges(
        "batches",
        BatchState.values(),
        () -> counts(batches.batches().stream(), batch -> batch.state()));
    gauges(
        "statements",
        new StatementState[] {
          StatementState.WAITING, StatementState.RUNNING, StatementState.CANCELLING
        },
        () ->
            counts(
                sessions.sessions().stream()
                    // In other states all statements have ended.
                    .filter(
                        session ->
                            session.state() == SessionState.BUSY
                                || session.state() == SessionState.STARTING)
                    .flatMap(session -> session.statements().stream()),
                statement -> statement.state()));
    gauges(
        "jobs",
        new JobState[] {JobState.QUEUED, JobState.STARTED},
        () ->
            counts(
                sessions.sessions().stream().flatMap(session -> session.jobs().stream()),
                job -> job.state()));
    registry.register("jvm.memory", new MemoryUsageGaugeSet());
    registry.register(
        "jvm.threads", new CachedThreadStatesGaugeSet(COUNTED_ANEW_MILLIS, TimeUnit.MILLISECONDS));
    registry.register("jvm.gc", new GarbageCollectorMetricSet());
  }

  /** Returns everything under its name. */
  MetricRegistry registry() {
    return registry;
  }

  /** Notes that a request was answered. */
  void answered(String route, int status, long nanos) {
    registry
        .timer("requests." + route + "." + status / 100 + "xx", ServerMetrics::timer)
        .update(nanos, TimeUnit.NANOSECONDS);
  }

  private static Timer timer() {
    return new Timer(LockFreeExponentiallyDecayingReservoir.builder().build());
  }

  private interface Counts<S> {
    Map<S, Long> take();
  }

  private static <T, S> Map<S, Long> counts(Stream<T> all, Function<T, S> state) {
    return all.collect(Collectors.groupingBy(state, Collectors.counting()));
  }

  /** Adds a gauge for each state; one look at what there is serves all of them. */
  private <S> void gauges(String name, S[] states, Counts<S> counts) {
    CachedGauge<Map<S, Long>> all =
        new CachedGauge<>(COUNTED_ANEW_MILLIS, TimeUnit.MILLISECONDS) {
          @Override
          protected Map<S, Long> loadValue() {
            return counts.take();
          }
        };
    for (S state : states) {
      registry.registerGauge(
          name + "." + state.toString().toLowerCase(Locale.ROOT),
          () -> all.getValue().getOrDefault(state, 0L));
    }
  }
}
