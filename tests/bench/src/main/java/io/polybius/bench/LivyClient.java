package io.polybius.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A client of the REST API that asks again every millisecond, as impatient clients do. */
final class LivyClient {

  private static final Set<String> STARTING = Set.of("not_started", "starting");
  private static final Set<String> UNFINISHED = Set.of("waiting", "running", "cancelling");
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long TIMEOUT_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI server;

  LivyClient(URI server) {
    this.server = server;
  }

  /** Returns where the server is. */
  URI server() {
    return server;
  }

  /** Sends a request that must succeed. */
  JsonNode call(String method, String path, Object body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve(path))
            .timeout(Duration.ofMinutes(2))
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)))
            .build();
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    JsonNode answer = json.readTree(response.body());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(
          method + " " + path + " answered " + response.statusCode() + " " + answer);
    }
    return answer;
  }

  /** Opens a Scala session and waits until it is idle; returns its id. */
  int openSession() throws IOException, InterruptedException {
    return openSession("spark");
  }

  /** Opens a session of a kind and waits until it is idle; returns its id. */
  int openSession(String kind) throws IOException, InterruptedException {
    return openSession(Map.of("kind", kind));
  }

  /** Opens a session and waits until it is idle; returns its id. */
  int openSession(Map<String, Object> request) throws IOException, InterruptedException {
    int id = call("POST", "/sessions", request).get("id").asInt();
    long deadline = System.nanoTime() + TIMEOUT_NANOS;
    while (System.nanoTime() < deadline) {
      String state = call("GET", "/sessions/" + id + "/state", null).get("state").asText();
      if (!STARTING.contains(state)) {
        if (!state.equals("idle")) {
          throw new IOException("the session is " + state);
        }
        return id;
      }
      LockSupport.parkNanos(10 * POLL_NANOS);
    }
    throw new IOException("the session did not start");
  }

  /** Runs a statement, and asks to be told of its end; returns it. */
  JsonNode runWaiting(int session, String code) throws IOException, InterruptedException {
    String path = "/sessions/" + session + "/statements";
    int id = call("POST", path, Map.of("code", code)).get("id").asInt();
    return call("GET", path + "/" + id + "?wait=1m", null);
  }

  /** Runs a statement to its end. */
  void run(int session, String code) throws IOException, InterruptedException {
    String path = "/sessions/" + session + "/statements";
    JsonNode statement = call("POST", path, Map.of("code", code));
    path += "/" + statement.get("id").asInt();
    long deadline = System.nanoTime() + TIMEOUT_NANOS;
    while (UNFINISHED.contains(statement.get("state").asText())) {
      if (System.nanoTime() > deadline) {
        throw new IOException("the statement did not end");
      }
      LockSupport.parkNanos(POLL_NANOS);
      statement = call("GET", path, null);
    }
    if (!statement.at("/output/status").asText().equals("ok")) {
      throw new IOException("the statement failed: " + statement);
    }
  }
}
