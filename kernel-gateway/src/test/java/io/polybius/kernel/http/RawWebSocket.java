package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A WebSocket that sends and shows frames as they are, also those that no library would let
 * through. It speaks the form without a subprotocol.
 */
final class RawWebSocket implements AutoCloseable {

  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int SHORT = 126;
  private static final int LONG = 127;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final String head;

  /** A whole message of a WebSocket. */
  record Frame(int opcode, byte[] bytes) {

    ObjectNode json() throws MalformedMessageException {
      return JupyterJson.readObject(bytes);
    }
  }

  /**
   * Opens one.
   *
   * @param headers more lines of the request's head
   */
  RawWebSocket(TestingGateway gateway, String kernelId, String session, String... headers)
      throws IOException {
    socket = new Socket("127.0.0.1", gateway.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
    out = socket.getOutputStream();
    List<String> lines = new ArrayList<>();
    lines.add("GET /api/kernels/" + kernelId + "/channels?session_id=" + session + " HTTP/1.1");
    lines.add("Host: 127.0.0.1:" + gateway.port());
    lines.add("Upgrade: websocket");
    lines.add("Connection: Upgrade");
    lines.add("Sec-WebSocket-Version: 13");
    lines.add("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    lines.addAll(List.of(headers));
    out.write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    while (!answer.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
      answer.write(in.readByte());
    }
    head = answer.toString(StandardCharsets.US_ASCII);
  }

  /** Returns the head of the server's answer. */
  String head() {
    return head;
  }

  void send(int opcode, byte[] bytes) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(14 + bytes.length);
    frame.put((byte) (0x80 | opcode));
    if (bytes.length < SHORT) {
      frame.put((byte) (0x80 | bytes.length));
    } else if (bytes.length < 1 << 16) {
      frame.put((byte) (0x80 | SHORT)).putShort((short) bytes.length);
    } else {
      frame.put((byte) (0x80 | LONG)).putLong(bytes.length);
    }
    byte[] mask = {1, 2, 3, 4};
    frame.put(mask);
    for (int i = 0; i < bytes.length; i++) {
      frame.put((byte) (bytes[i] ^ mask[i % 4]));
    }
    out.write(frame.array(), 0, frame.position());
  }

  /** Sends a request as text and returns its id. */
  String request(String type, ObjectNode content) throws IOException {
    ObjectNode message = message(type, content);
    send(TEXT, JupyterJson.write(message));
    return message.at("/header/msg_id").asText();
  }

  String cell(String code) throws IOException {
    return request("execute_request", JupyterJson.object().put("code", code));
  }

  /** Makes a request as a Jupyter server writes it. */
  static ObjectNode message(String type, ObjectNode content) {
    ObjectNode message = JupyterJson.object();
    message
        .putObject("header")
        .put("msg_id", UUID.randomUUID().toString())
        .put("msg_type", type)
        .put("session", "raw")
        .put("username", "")
        .put("date", "2026-01-01T00:00:00.000000Z")
        .put("version", "5.3");
    message.putObject("parent_header");
    message.putObject("metadata");
    message.set("content", content);
    return message;
  }

  /** Returns the next message, and answers pings before it. */
  Frame next() throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    int type = 0;
    while (true) {
      int first = in.readUnsignedByte();
      long length = in.readUnsignedByte();
      if (length == SHORT) {
        length = in.readUnsignedShort();
      } else if (length == LONG) {
        length = in.readLong();
      }
      byte[] bytes = in.readNBytes((int) length);
      int opcode = first & 0x0F;
      if (opcode == PING) {
        send(PONG, bytes);
      } else if (opcode == CLOSE) {
        return new Frame(CLOSE, bytes);
      } else if (opcode != PONG) {
        type = opcode == 0 ? type : opcode;
        message.writeBytes(bytes);
        if ((first & 0x80) != 0) {
          return new Frame(type, message.toByteArray());
        }
      }
    }
  }

  /** Returns all text that belongs to a request, up to idle. */
  List<ObjectNode> trace(String requestId) throws IOException, MalformedMessageException {
    List<ObjectNode> trace = new ArrayList<>();
    while (trace.isEmpty() || !isIdle(trace.get(trace.size() - 1))) {
      Frame frame = next();
      if (frame.opcode() != TEXT) {
        throw new AssertionError("a frame of type " + frame.opcode() + " came");
      }
      ObjectNode message = frame.json();
      if (message.at("/parent_header/msg_id").asText().equals(requestId)) {
        trace.add(message);
      }
    }
    return trace;
  }

  /** Returns the types of messages, and of statuses what they say. */
  static List<String> types(List<ObjectNode> messages) {
    return messages.stream()
        .map(
            message ->
                message.path("msg_type").asText().equals("status")
                    ? message.at("/content/execution_state").asText()
                    : message.path("msg_type").asText())
        .toList();
  }

  private static boolean isIdle(ObjectNode message) {
    return message.at("/content/execution_state").asText().equals("idle");
  }

  /** Returns whether the server has ended the connection, waiting for what it sends before. */
  boolean isClosed() throws IOException {
    try {
      while (true) {
        next();
      }
    } catch (EOFException | java.net.SocketException e) {
      return true;
    }
  }

  /** Cuts the connection without a word. */
  void kill() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
