package io.polybius.kernel.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Turns messages into frames of WebSockets without a subprotocol and back. A message is one JSON
 * object with its channel. One with buffers is a binary frame: the number of parts, the offset of
 * each, the JSON, the buffers. Numbers are 32 bits, big-endian.
 */
public final class LegacyWebSocketCodec {

  private static final Set<String> CONTROL_TYPES =
      Set.of(
          "shutdown_request",
          "interrupt_request",
          "debug_request",
          "create_subshell_request",
          "delete_subshell_request",
          "list_subshell_request");

  /** Returns the text of a message, without its buffers. */
  public ByteBuffer encodeText(JupyterMessage message) {
    ObjectNode json = json(message);
    json.putArray("buffers");
    return ByteBuffer.wrap(JupyterJson.write(json));
  }

  /** Returns the binary frame of a message. */
  public ByteBuffer encodeBinary(JupyterMessage message) {
    List<byte[]> parts = new ArrayList<>(1 + message.buffers().size());
    parts.add(JupyterJson.write(json(message)));
    parts.addAll(message.buffers());
    int offset = Integer.BYTES * (1 + parts.size());
    ByteBuffer frame =
        ByteBuffer.allocate(offset + parts.stream().mapToInt(part -> part.length).sum());
    frame.putInt(parts.size());
    for (byte[] part : parts) {
      frame.putInt(offset);
      offset += part.length;
    }
    parts.forEach(frame::put);
    return frame.flip();
  }

  private static ObjectNode json(JupyterMessage message) {
    ObjectNode json = JupyterJson.object();
    json.put("channel", message.channel().wireName())
        .put("msg_id", message.id())
        .put("msg_type", message.type());
    json.set("header", message.header().fields());
    json.set("parent_header", message.parentHeader().fields());
    json.set("metadata", message.metadata());
    json.set("content", message.content());
    return json;
  }

  /**
   * Returns the message that a frame holds, of whatever type the frame is: a Jupyter server passes
   * its clients' binary frames on as if they were text.
   *
   * @throws WireException if it is no message
   */
  public JupyterMessage decode(ByteBuffer received) throws WireException {
    ByteBuffer frame = received.slice();
    // A binary frame begins with a small number, whose first byte is zero.
    if (!frame.hasRemaining() || frame.get(0) != 0) {
      return message(bytes(frame, 0, frame.limit()), List.of());
    }
    List<byte[]> parts = parts(frame);
    return message(parts.get(0), parts.subList(1, parts.size()));
  }

  private static List<byte[]> parts(ByteBuffer frame) throws WireException {
    try {
      int count = frame.getInt();
      if (count < 1 || count > frame.remaining() / Integer.BYTES) {
        throw new WireException("wrong number of parts");
      }
      List<byte[]> parts = new ArrayList<>(count);
      int from = frame.getInt();
      int start = Integer.BYTES * (1 + count);
      for (int i = 1; i <= count; i++) {
        int to = i == count ? frame.limit() : frame.getInt();
        if (from < start || to < from || to > frame.limit()) {
          throw new WireException("wrong offsets");
        }
        parts.add(bytes(frame, from, to));
        from = to;
      }
      return parts;
    } catch (BufferUnderflowException e) {
      throw new WireException("too short");
    }
  }

  private static byte[] bytes(ByteBuffer frame, int from, int to) {
    byte[] bytes = new byte[to - from];
    frame.get(from, bytes);
    return bytes;
  }

  private static JupyterMessage message(byte[] json, List<byte[]> buffers) throws WireException {
    ObjectNode fields;
    try {
      fields = JupyterJson.readObject(json);
    } catch (MalformedMessageException e) {
      throw new WireException(e.getMessage());
    }
    Header header = new Header(object(fields, "header"));
    return new JupyterMessage(
        channel(fields, header.messageType()),
        List.of(),
        header,
        new Header(object(fields, "parent_header")),
        object(fields, "metadata"),
        object(fields, "content"),
        buffers);
  }

  /** Some clients do not say it, because for each type there is only one that makes sense. */
  private static Channel channel(ObjectNode fields, String type) throws WireException {
    JsonNode named = fields.get("channel");
    if (named != null && named.isTextual()) {
      return Channel.find(named.textValue())
          .orElseThrow(() -> new WireException("unknown channel"));
    }
    if (type.equals("input_reply")) {
      return Channel.STDIN;
    }
    return CONTROL_TYPES.contains(type) ? Channel.CONTROL : Channel.SHELL;
  }

  private static ObjectNode object(ObjectNode fields, String name) throws WireException {
    JsonNode value = fields.get(name);
    if (value == null || value.isNull()) {
      return JupyterJson.object();
    }
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw new WireException(name + " is not an object");
  }
}
