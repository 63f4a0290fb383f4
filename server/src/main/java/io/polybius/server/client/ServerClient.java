package io.polybius.server.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.polybius.kernel.relay.ServerToken;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Talks JSON with a server's REST door. All methods wait for the answer, 20 s at most, and throw an
 * {@link IOException} whose message is for the user when it is no success.
 */
public final class ServerClient {

  private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIME = Duration.ofSeconds(20);
  private static final int UNAUTHORIZED = 401;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIME).build();
  private final URI server;
  private final Optional<String> authorization;

  /** Makes a client of a server that asks for no token. */
  public ServerClient(URI server) {
    this(server, Optional.empty());
  }

  private ServerClient(URI server, Optional<String> authorization) {
    this.server = server;
    this.authorization = authorization;
  }

  /** Makes a client that shows the token of the user's environment, if there is one. */
  public static ServerClient fromEnvironment(URI server, Map<String, String> environment)
      throws IOException {
    return new ServerClient(server, ServerToken.of(environment).authorization());
  }

  /** Asks for something. */
  public JsonNode get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  /** Sends something. */
  public JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .header("X-Requested-By", "polybius")
            .POST(BodyPublishers.ofString(body.toString())));
  }

  /** Ends something. */
  public void delete(String path) throws IOException, InterruptedException {
    send(request(path).header("X-Requested-By", "polybius").DELETE());
  }

  private HttpRequest.Builder request(String path) throws IOException {
    String base = server.toString().replaceFirst("/+$", "");
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(base + path)).timeout(ANSWER_TIME);
      authorization.ifPresent(header -> request.header("Authorization", header));
      return request;
    } catch (IllegalArgumentException e) {
      throw new IOException(server + " is not the address of a server.", e);
    }
  }

  private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<String> response;
    try {
      response = http.send(request.build(), BodyHandlers.ofString());
    } catch (ConnectException e) {
      throw new IOException(
          "No server answers at " + server + "; start one with: polybius serve", e);
    } catch (IOException e) {
      throw new IOException("The server at " + server + " does not answer: " + e.getMessage(), e);
    }
    JsonNode answer = parse(response.body());
    if (response.statusCode() / 100 != 2) {
      String reason =
          answer.isTextual()
              ? answer.asText()
              : answer.path("msg").asText(answer.path("message").asText(response.body()));
      throw new IOException(
          "The server at %s answers: %s (HTTP status %d)"
                  .formatted(server, reason, response.statusCode())
              + (response.statusCode() == UNAUTHORIZED ? " " + ServerToken.ADVICE : ""));
    }
    return answer;
  }

  private static JsonNode parse(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
