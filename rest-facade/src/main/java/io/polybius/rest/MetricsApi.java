package io.polybius.rest;

import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.jvm.ThreadDeadlockHealthCheck;
import com.codahale.metrics.json.HealthCheckModule;
import com.codahale.metrics.json.MetricsModule;
import com.codahale.metrics.jvm.ThreadDump;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undertow.util.StatusCodes;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The routes for those who look after a server: those of Livy's, which are Dropwizard's. */
final class MetricsApi {

  private static final String MENU =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>Metrics</title></head>
      <body>
      <h1>Operational menu</h1>
      <ul>
      <li><a href="/metrics/metrics">Metrics</a></li>
      <li><a href="/metrics/ping">Ping</a></li>
      <li><a href="/metrics/threads">Threads</a></li>
      <li><a href="/metrics/healthcheck">Health check</a></li>
      </ul>
      </body>
      </html>
      """;

  private final ServerMetrics metrics;
  private final ObjectMapper mapper =
      JsonMapper.builder()
          .addModule(new MetricsModule(TimeUnit.SECONDS, TimeUnit.MILLISECONDS, false))
          .addModule(new HealthCheckModule())
          .build();

  MetricsApi(ServerMetrics metrics) {
    this.metrics = metrics;
  }

  /** There is no page for people yet but the menu. */
  Answer root(Request request) {
    return Answer.redirect("/metrics");
  }

  Answer menu(Request request) {
    return Answer.html(MENU);
  }

  Answer metrics(Request request) {
    return Answer.ok(mapper.<JsonNode>valueToTree(metrics.registry()));
  }

  Answer ping(Request request) {
    return Answer.text("pong");
  }

  Answer threads(Request request) {
    ByteArrayOutputStream dump = new ByteArrayOutputStream();
    new ThreadDump(ManagementFactory.getThreadMXBean()).dump(dump);
    return Answer.text(dump.toString(StandardCharsets.UTF_8));
  }

  Answer health(Request request) {
    HealthCheck.Result deadlocks = new ThreadDeadlockHealthCheck().execute();
    return Answer.json(
        deadlocks.isHealthy() ? StatusCodes.OK : StatusCodes.INTERNAL_SERVER_ERROR,
        mapper.<JsonNode>valueToTree(Map.of("deadlocks", deadlocks)));
  }
}
