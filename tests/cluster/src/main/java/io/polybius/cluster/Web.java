package io.polybius.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Calls the web interfaces of daemons. */
final class Web {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int FIRST_ERROR = 400;

  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(Redirect.NORMAL)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
  private final ObjectMapper json = new ObjectMapper();

  /** Returns the JSON that is there. */
  JsonNode get(URI uri) throws IOException {
    return json.readTree(send(HttpRequest.newBuilder(uri).header("Accept", "application/json")));
  }

  /** Sends something with a method that changes things. */
  void send(String method, URI uri, String contentType, BodyPublisher body) throws IOException {
    send(HttpRequest.newBuilder(uri).header("Content-Type", contentType).method(method, body));
  }

  private String send(HttpRequest.Builder request) throws IOException {
    try {
      HttpResponse<String> response =
          client.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
      if (response.statusCode() >= FIRST_ERROR) {
        throw new IOException(
            response.uri() + " answered " + response.statusCode() + ": " + response.body());
      }
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
