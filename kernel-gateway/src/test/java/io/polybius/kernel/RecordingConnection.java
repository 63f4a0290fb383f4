package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A client of a kernel that remembers all that it is told. */
final class RecordingConnection implements KernelConnection {

  private final MessageSource messages;
  private final List<JupyterMessage> heard = new ArrayList<>();
  private boolean ended;

  RecordingConnection(String clientSession) {
    this.messages = new MessageSource(() -> clientSession, "tester", Clock.systemUTC());
  }

  /** Makes a request on shell. */
  JupyterMessage request(String type, ObjectNode content) {
    return request(Channel.SHELL, type, content);
  }

  /** Makes a request. */
  JupyterMessage request(Channel channel, String type, ObjectNode content) {
    return messages.message(channel, type, Header.NONE, JupyterJson.object(), content);
  }

  /** Makes a request to run code as a cell. */
  JupyterMessage cell(String code) {
    return request("execute_request", JupyterJson.object().put("code", code));
  }

  @Override
  public synchronized void send(JupyterMessage message) {
    heard.add(message);
  }

  @Override
  public synchronized void kernelEnded() {
    ended = true;
  }

  synchronized boolean isEnded() {
    return ended;
  }

  /** Returns all that was heard so far. */
  synchronized List<JupyterMessage> heard() {
    return List.copyOf(heard);
  }

  /** Returns all that belongs to a request, waiting until it is idle. */
  List<JupyterMessage> trace(JupyterMessage request) {
    Predicate<JupyterMessage> belongs =
        message -> message.parentHeader().messageId().equals(request.id());
    await(message -> belongs.test(message) && show(message).equals("status idle"));
    return heard().stream().filter(belongs).toList();
  }

  /** Waits for a message. */
  JupyterMessage await(Predicate<JupyterMessage> which) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .pollInterval(Duration.ofMillis(2))
        .until(() -> heard().stream().anyMatch(which));
    return heard().stream().filter(which).findFirst().orElseThrow();
  }

  /** Returns each message as its type and what is most telling in it. */
  static List<String> show(List<JupyterMessage> messages) {
    return messages.stream().map(RecordingConnection::show).toList();
  }

  static String show(JupyterMessage message) {
    ObjectNode content = message.content();
    return switch (message.type()) {
      case "status" -> "status " + content.path("execution_state").asText();
      case "stream" ->
          content.path("name").asText() + " " + content.path("text").asText().stripTrailing();
      case "execute_input" ->
          "input " + content.path("execution_count").asInt() + " " + content.path("code").asText();
      case "execute_result" ->
          "result "
              + content.path("execution_count").asInt()
              + " "
              + content.path("data").path("text/plain").asText();
      case "display_data" -> "display " + content.path("data");
      case "error" ->
          "error " + content.path("ename").asText() + ": " + content.path("evalue").asText();
      default ->
          message.type()
              + (content.has("status") ? " " + content.path("status").asText() : "")
              + (content.has("execution_count")
                  ? " " + content.path("execution_count").asInt()
                  : "");
    };
  }
}
