package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client that follows a stream of events, as a browser would. */
final class EventReader implements AutoCloseable {

  /** One event. */
  record Event(long id, String name, JsonNode data) {

    /** Returns the name with what tells this event from others of that name. */
    String summary() {
      if (name.equals("gap")) {
        return "gap " + data.get("from") + "-" + data.get("to");
      } else if (data.has("state")) {
        return name + " " + data.get("id") + " " + data.get("state").asText();
      }
      return name + " " + data.get("statement") + " " + content();
    }

    private String content() {
      return data.has("text")
          ? data.get("stream").asText() + " " + data.get("text").asText().trim()
          : data.get("data").toString();
    }
  }

  private final HttpResponse<InputStream> response;
  private final BufferedReader lines;
  private int heartbeats;

  EventReader(TestingRestServer server, HttpRequest.Builder request) {
    response = server.send(request.GET(), BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  static EventReader of(TestingRestServer server, String path) {
    return new EventReader(server, server.to(path));
  }

  static EventReader after(TestingRestServer server, String path, long lastEventId) {
    return new EventReader(
        server, server.to(path).header("Last-Event-ID", String.valueOf(lastEventId)));
  }

  HttpResponse<InputStream> response() {
    return response;
  }

  /** Returns the next event, or null at the end of the stream. */
  Event next() throws IOException {
    String id = "";
    String name = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("id: ")) {
        id = line.substring("id: ".length());
      } else if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("data: ")) {
        JsonNode data = TestingRestServer.json(line.substring("data: ".length()));
        assertThat(lines.readLine()).isEmpty();
        return new Event(Long.parseLong(id), name, data);
      } else if (line.equals(":")) {
        heartbeats++;
      } else {
        assertThat(line).isIn("", "retry: 1000");
      }
    }
    return null;
  }

  /** Returns so many of the next events. */
  List<Event> next(int count) throws IOException {
    List<Event> events = new ArrayList<>();
    while (events.size() < count) {
      Event event = next();
      assertThat(event).as("after " + events).isNotNull();
      events.add(event);
    }
    return events;
  }

  /** Returns all events to the end of the stream. */
  List<Event> rest() throws IOException {
    List<Event> events = new ArrayList<>();
    for (Event event = next(); event != null; event = next()) {
      events.add(event);
    }
    return events;
  }

  /** Reads until so many heartbeats have come, and no event. */
  void awaitHeartbeats(int count) throws IOException {
    int begin = heartbeats;
    while (heartbeats < begin + count) {
      String line = lines.readLine();
      assertThat(line).isIn(":", "", "retry: 1000");
      heartbeats += line.equals(":") ? 1 : 0;
    }
  }

  @Override
  public void close() throws IOException {
    response.body().close();
  }
}
