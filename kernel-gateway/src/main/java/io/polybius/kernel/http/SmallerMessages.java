package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Makes a message that is too large for its client into ones that are not. A Jupyter server closes
 * the WebSocket when it gets a message of more than 10 MiB.
 */
final class SmallerMessages {

  /** The largest frame for a client. */
  static final int MAX_BYTES = 9 << 20;

  /** For the content alone, with room for the headers, which are those of the client's request. */
  private static final int MAX_CONTENT_BYTES = 8 << 20;

  /** Six bytes are the most that a character becomes in JSON. */
  private static final int STREAM_CHARS = MAX_CONTENT_BYTES / 6;

  private static final int SHORT_TEXT_CHARS = 64 << 10;
  private static final String PLAIN = "text/plain";
  private static final int BYTES_OF_A_MEBIBYTE = 1 << 20;

  private final MessageSource messages;

  /**
   * Makes one.
   *
   * @param messages makes the messages that take a large one's place
   */
  SmallerMessages(MessageSource messages) {
    this.messages = messages;
  }

  /** Returns what to send in place of a message: as much of it as possible, and what is missing. */
  List<JupyterMessage> of(JupyterMessage message) {
    ObjectNode content = message.content();
    if (message.type().equals("stream")) {
      return pieces(message);
    }
    if (content.path("data").isObject() && message.channel() == Channel.IOPUB) {
      return List.of(message.withContent(withFewerForms(content)));
    }
    ObjectNode shortened = (ObjectNode) shortened(content);
    if (message.buffers().isEmpty() && size(shortened) <= MAX_CONTENT_BYTES) {
      return List.of(message.withContent(shortened));
    }
    if (message.channel() == Channel.IOPUB) {
      return List.of(
          messages.publication(
              new PublishedContent.Stream(
                  "stderr",
                  "[A message of type %s was left out: it is too large.]\n"
                      .formatted(message.type())),
              message.parentHeader()));
    }
    return List.of(message.withContent(tooLarge(content)));
  }

  private List<JupyterMessage> pieces(JupyterMessage message) {
    String name = message.content().path("name").asText();
    String text = message.content().path("text").asText();
    List<JupyterMessage> pieces = new ArrayList<>();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + STREAM_CHARS);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to--;
      }
      pieces.add(
          messages.publication(
              new PublishedContent.Stream(name, text.substring(from, to)), message.parentHeader()));
      from = to;
    }
    return pieces;
  }

  /** Leaves out the largest forms of a display, and says so in its text. */
  private static ObjectNode withFewerForms(ObjectNode content) {
    ObjectNode data = ((ObjectNode) content.get("data")).deepCopy();
    StringBuilder notes = new StringBuilder();
    if (data.path(PLAIN).asText().length() > SHORT_TEXT_CHARS) {
      data.set(PLAIN, shortened(data.get(PLAIN)));
    }
    while (size(data) > MAX_CONTENT_BYTES) {
      String largest = "";
      int most = -1;
      for (Map.Entry<String, JsonNode> form : data.properties()) {
        int size = size(form.getValue());
        if (!form.getKey().equals(PLAIN) && size > most) {
          most = size;
          largest = form.getKey();
        }
      }
      data.remove(largest);
      notes.append(
          String.format(
              Locale.ROOT,
              "\n[%s was left out: %.1f MiB are more than Jupyter takes in one message.]",
              largest,
              (double) most / BYTES_OF_A_MEBIBYTE));
    }
    data.put(PLAIN, (data.path(PLAIN).asText() + notes).strip());
    ObjectNode smaller = content.deepCopy();
    smaller.set("data", data);
    return smaller;
  }

  /** Returns the same value with its long texts cut. */
  private static JsonNode shortened(JsonNode value) {
    if (value instanceof ObjectNode object) {
      ObjectNode copy = JupyterJson.object();
      object.properties().forEach(field -> copy.set(field.getKey(), shortened(field.getValue())));
      return copy;
    }
    if (value instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(element -> copy.add(shortened(element)));
      return copy;
    }
    String text = value.isTextual() ? value.textValue() : "";
    if (text.length() <= SHORT_TEXT_CHARS) {
      return value;
    }
    int end = SHORT_TEXT_CHARS;
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return TextNode.valueOf(
        "%s\n[%d more characters were left out.]"
            .formatted(text.substring(0, end), text.length() - end));
  }

  private static ObjectNode tooLarge(ObjectNode content) {
    String why = "The reply is larger than Jupyter takes in one message.";
    ObjectNode failed =
        JupyterJson.toObject(new ReplyContent.Failed("ReplyTooLarge", why, List.of(why)));
    if (content.has("execution_count")) {
      failed.set("execution_count", content.get("execution_count"));
    }
    return failed;
  }

  private static int size(JsonNode value) {
    return JupyterJson.write(value).length;
  }
}
