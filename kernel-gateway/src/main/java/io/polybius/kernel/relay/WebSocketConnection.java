package io.polybius.kernel.relay;

import io.polybius.kernel.link.LinkEnd;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The client's end of a WebSocket (RFC 6455), for one thread that reads and any that write. Both
 * wait for the network.
 */
final class WebSocketConnection implements Closeable {

  private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  /** The server asks for a sign of life every half minute. */
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(90);

  private static final int KEY_BYTES = 16;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;
  private static final int LAST = 0x80;
  private static final int MASKED = 0x80;
  private static final int OPCODE = 0x0f;
  private static final int LENGTH = 0x7f;
  private static final int LENGTH_16_BITS = 126;
  private static final int LENGTH_64_BITS = 127;
  private static final int MAX_16_BITS = 0xffff;
  private static final int MAX_HEADER_BYTES = 14;
  private static final int MASK_BYTES = 4;

  private final HttpConnection connection;
  private final DataInputStream in;

  /** What the reading thread gets. */
  interface Reader {
    /** A binary message. */
    void onBinary(ByteBuffer message);

    /** A text message. */
    void onText(String message);
  }

  private WebSocketConnection(HttpConnection connection) {
    this.connection = connection;
    this.in = new DataInputStream(connection.in());
  }

  /**
   * Makes a WebSocket of a connection, which it closes if that cannot be.
   *
   * @param target path and query
   * @param headers more fields of the request
   * @param subprotocol what the server has to speak
   * @throws IOException if it does not
   */
  static WebSocketConnection upgrade(
      HttpConnection connection, String target, Map<String, String> headers, String subprotocol)
      throws IOException {
    byte[] random = new byte[KEY_BYTES];
    ThreadLocalRandom.current().nextBytes(random);
    String key = Base64.getEncoder().encodeToString(random);
    Map<String, String> all = new HashMap<>(headers);
    all.put("Connection", "Upgrade");
    all.put("Upgrade", "websocket");
    all.put("Sec-WebSocket-Version", "13");
    all.put("Sec-WebSocket-Key", key);
    all.put("Sec-WebSocket-Protocol", subprotocol);
    try {
      HttpConnection.Answer answer = connection.exchange("GET", target, all, new byte[0]);
      if (answer.status() != SWITCHING_PROTOCOLS
          || !accept(key).equals(answer.headers().get("sec-websocket-accept"))
          || !subprotocol.equals(answer.headers().get("sec-websocket-protocol"))) {
        throw new IOException("no WebSocket, but status " + answer.status());
      }
      connection.setTimeout(SILENCE_LIMIT);
      return new WebSocketConnection(connection);
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static String accept(String key) {
    try {
      // What the protocol asks for; nothing depends on its strength.
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      return Base64.getEncoder()
          .encodeToString(digest.digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /** Writes a binary message. */
  void sendBinary(ByteBuffer message) throws IOException {
    send(BINARY, message);
  }

  /** Writes a text message. */
  void sendText(byte[] utf8) throws IOException {
    send(TEXT, ByteBuffer.wrap(utf8));
  }

  private void send(int opcode, ByteBuffer payload) throws IOException {
    int size = payload.remaining();
    ByteBuffer frame = ByteBuffer.allocate(MAX_HEADER_BYTES + size);
    frame.put((byte) (LAST | opcode));
    if (size < LENGTH_16_BITS) {
      frame.put((byte) (MASKED | size));
    } else if (size <= MAX_16_BITS) {
      frame.put((byte) (MASKED | LENGTH_16_BITS)).putShort((short) size);
    } else {
      frame.put((byte) (MASKED | LENGTH_64_BITS)).putLong(size);
    }
    byte[] mask = new byte[MASK_BYTES];
    ThreadLocalRandom.current().nextBytes(mask);
    frame.put(mask);
    int from = frame.position();
    frame.put(payload);
    byte[] bytes = frame.array();
    for (int i = 0; i < size; i++) {
      bytes[from + i] ^= mask[i % MASK_BYTES];
    }
    synchronized (this) {
      connection.out().write(bytes, 0, frame.position());
      connection.out().flush();
    }
  }

  /**
   * Reads until the other end closes the WebSocket.
   *
   * @throws IOException if the connection ends otherwise, or is silent for too long
   */
  void read(Reader reader) throws IOException {
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    int type = BINARY;
    while (true) {
      int first = in.readUnsignedByte();
      int opcode = first & OPCODE;
      byte[] payload = payload();
      switch (opcode) {
        case PING -> send(PONG, ByteBuffer.wrap(payload));
        case PONG -> {}
        case CLOSE -> {
          send(CLOSE, ByteBuffer.wrap(payload));
          return;
        }
        case CONTINUATION, TEXT, BINARY -> {
          boolean last = (first & LAST) != 0;
          type = opcode == CONTINUATION ? type : opcode;
          byte[] whole = payload;
          if (!last || parts.size() > 0) {
            parts.writeBytes(payload);
            whole = last ? parts.toByteArray() : whole;
          }
          if (last) {
            parts.reset();
            deliver(type, whole, reader);
          } else if (parts.size() > LinkEnd.MAX_MESSAGE_BYTES) {
            throw new IOException("a message is too large");
          }
        }
        default -> throw new IOException("a frame of unknown type " + opcode);
      }
    }
  }

  private static void deliver(int type, byte[] payload, Reader reader) {
    if (type == TEXT) {
      reader.onText(new String(payload, StandardCharsets.UTF_8));
    } else {
      reader.onBinary(ByteBuffer.wrap(payload));
    }
  }

  private byte[] payload() throws IOException {
    int second = in.readUnsignedByte();
    long length = second & LENGTH;
    if (length == LENGTH_16_BITS) {
      length = in.readUnsignedShort();
    } else if (length == LENGTH_64_BITS) {
      length = in.readLong();
    }
    if ((second & MASKED) != 0 || length < 0 || length > LinkEnd.MAX_MESSAGE_BYTES) {
      throw new IOException("a frame that a server does not send");
    }
    byte[] payload = new byte[(int) length];
    in.readFully(payload);
    return payload;
  }

  /** Ends the connection. */
  @Override
  public void close() throws IOException {
    connection.close();
  }
}
