package io.polybius.kernel.link;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.WireException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What the ends of a link tell each other about the link itself. The server speaks first, with
 * {@link Seat}; the relay answers with {@link Resume} or {@link Begin}; then messages may go.
 */
public sealed interface LinkNote {

  /**
   * The server's greeting.
   *
   * @param seat names the relay's place at the kernel; it is new when the server is
   * @param received the last message that has arrived there
   */
  record Seat(String seat, long received) implements LinkNote {

    @Override
    public ObjectNode toJson() {
      return JupyterJson.object().put("seat", seat).put("received", received);
    }
  }

  /**
   * The answer of a relay that has had this place before.
   *
   * @param received the last message that it has from there
   */
  record Resume(long received) implements LinkNote {

    @Override
    public ObjectNode toJson() {
      return JupyterJson.object().put("resume", received);
    }
  }

  /**
   * The answer of a relay that has not had this place before.
   *
   * @param open requests that had arrived at another place and were not answered
   */
  record Begin(List<String> open) implements LinkNote {

    /** Copies the list. */
    public Begin {
      open = List.copyOf(open);
    }

    @Override
    public ObjectNode toJson() {
      ObjectNode json = JupyterJson.object();
      ArrayNode ids = json.putArray("begin");
      open.forEach(ids::add);
      return json;
    }
  }

  /**
   * Lets the other end forget what has arrived.
   *
   * @param number the last message that has
   */
  record Received(long number) implements LinkNote {

    @Override
    public ObjectNode toJson() {
      return JupyterJson.object().put("received", number);
    }
  }

  /**
   * The server's word on a request of {@link Begin} that nobody there works on.
   *
   * @param request its id
   */
  record Unknown(String request) implements LinkNote {

    @Override
    public ObjectNode toJson() {
      return JupyterJson.object().put("unknown", request);
    }
  }

  /** Returns the note as it is sent. */
  ObjectNode toJson();

  /** Returns the text of the note. */
  default byte[] write() {
    return JupyterJson.write(toJson());
  }

  /**
   * Returns the note that was sent as that text.
   *
   * @throws WireException if it is none
   */
  static LinkNote read(String text) throws WireException {
    ObjectNode json;
    try {
      json = JupyterJson.readObject(text.getBytes(StandardCharsets.UTF_8));
    } catch (MalformedMessageException e) {
      throw new WireException(e.getMessage());
    }
    if (json.path("seat").isTextual()) {
      return new Seat(json.path("seat").asText(), json.path("received").asLong());
    }
    if (json.path("received").isIntegralNumber()) {
      return new Received(json.path("received").asLong());
    }
    if (json.path("resume").isIntegralNumber()) {
      return new Resume(json.path("resume").asLong());
    }
    if (json.path("unknown").isTextual()) {
      return new Unknown(json.path("unknown").asText());
    }
    if (json.path("begin").isArray()) {
      List<String> open = new ArrayList<>();
      json.path("begin").forEach((JsonNode id) -> open.add(id.asText()));
      return new Begin(open);
    }
    throw new WireException("an unknown note");
  }
}
