package io.polybius.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A kernel of its own behind a gateway or a Jupyter Server, and a client of it that speaks as these
 * speak to each other.
 */
final class WebSocketKernel implements AutoCloseable, WebSocket.Listener {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final LivyClient http;
  private final String path;
  private final BlockingQueue<JsonNode> heard = new LinkedBlockingQueue<>();
  private final StringBuilder part = new StringBuilder();
  private final WebSocket socket;

  WebSocketKernel(URI server) throws Exception {
    http = new LivyClient(server);
    path =
        "/api/kernels/"
            + http.call("POST", "/api/kernels", Map.of("name", "polybius-scala"))
                .get("id")
                .asText();
    URI channels = server.resolve(path + "/channels?session_id=" + UUID.randomUUID());
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create(channels.toString().replaceFirst("http", "ws")), this)
            .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Sends a request and waits for its reply. */
  void reply(String type, ObjectNode content) throws Exception {
    await(send(type, content), false, message -> {});
  }

  /** Sends a request and waits for its reply and for the kernel to be idle again. */
  void whole(String type, ObjectNode content, Consumer<JsonNode> listener) throws Exception {
    await(send(type, content), true, listener);
  }

  private String send(String type, ObjectNode content) throws Exception {
    String id = UUID.randomUUID().toString();
    ObjectNode message = JSON.createObjectNode().put("channel", "shell");
    message
        .putObject("header")
        .put("msg_id", id)
        .put("msg_type", type)
        .put("session", "bench")
        .put("username", "bench")
        .put("date", "2026-01-01T00:00:00.000000Z")
        .put("version", "5.4");
    message.putObject("parent_header");
    message.putObject("metadata");
    message.set("content", content);
    message.putArray("buffers");
    socket
        .sendText(JSON.writeValueAsString(message), true)
        .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    return id;
  }

  private void await(String id, boolean untilIdle, Consumer<JsonNode> listener) throws Exception {
    boolean replied = false;
    boolean idle = !untilIdle;
    while (!replied || !idle) {
      JsonNode message = heard.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      if (message == null) {
        throw new TimeoutException("the kernel did not answer in time");
      }
      if (message.at("/parent_header/msg_id").asText().equals(id)) {
        listener.accept(message);
        replied |= message.path("channel").asText().equals("shell");
        idle |= message.at("/content/execution_state").asText().equals("idle");
      }
    }
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
    part.append(text);
    if (last) {
      try {
        heard.add(JSON.readTree(part.toString()));
      } catch (java.io.IOException e) {
        throw new IllegalStateException("a message that is no JSON", e);
      }
      part.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public void close() throws Exception {
    socket.abort();
    http.call("DELETE", path, null);
  }
}
