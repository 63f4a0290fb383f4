package io.polybius.kernel.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns messages into binary frames of the WebSocket subprotocol {@value #SUBPROTOCOL} and back:
 * the number of offsets, the offsets, then channel, header, parent header, metadata, content and
 * buffers. The last offset is the length of the frame. Numbers are 64 bits, little-endian.
 */
public final class V1WebSocketCodec {

  /** The name under which clients ask for this encoding. */
  public static final String SUBPROTOCOL = "v1.kernel.websocket.jupyter.org";

  private static final int FIXED_PARTS = 5;

  /** Returns the frame of a message, which goes out as one binary WebSocket message. */
  public ByteBuffer encode(JupyterMessage message) {
    List<byte[]> parts = new ArrayList<>(FIXED_PARTS + message.buffers().size());
    parts.add(message.channel().wireName().getBytes(StandardCharsets.US_ASCII));
    parts.add(JupyterJson.write(message.header().fields()));
    parts.add(JupyterJson.write(message.parentHeader().fields()));
    parts.add(JupyterJson.write(message.metadata()));
    parts.add(JupyterJson.write(message.content()));
    parts.addAll(message.buffers());

    int offsets = parts.size() + 1;
    int start = Long.BYTES * (1 + offsets);
    int size = start + parts.stream().mapToInt(part -> part.length).sum();
    ByteBuffer frame = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(offsets);
    long offset = start;
    frame.putLong(offset);
    for (byte[] part : parts) {
      offset += part.length;
      frame.putLong(offset);
    }
    parts.forEach(frame::put);
    // Java's own WebSocket masks the bytes of buffers in another order wrongly.
    return frame.flip().order(ByteOrder.BIG_ENDIAN);
  }

  /**
   * Returns the message that a frame holds.
   *
   * @throws WireException if it is no message
   */
  public JupyterMessage decode(ByteBuffer received) throws WireException {
    ByteBuffer frame = received.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (frame.remaining() < Long.BYTES) {
      throw new WireException("too short");
    }
    long offsets = frame.getLong();
    if (offsets < FIXED_PARTS + 1 || offsets > frame.remaining() / Long.BYTES) {
      throw new WireException("wrong number of offsets");
    }
    List<byte[]> parts = new ArrayList<>();
    long from = frame.getLong();
    for (long i = 1; i < offsets; i++) {
      long to = frame.getLong();
      if (from < 0 || to < from || to > frame.limit()) {
        throw new WireException("wrong offsets");
      }
      byte[] part = new byte[(int) (to - from)];
      frame.get((int) from, part);
      parts.add(part);
      from = to;
    }
    Channel channel =
        Channel.find(new String(parts.get(0), StandardCharsets.UTF_8))
            .orElseThrow(() -> new WireException("unknown channel"));
    try {
      return new JupyterMessage(
          channel,
          List.of(),
          new Header(JupyterJson.readObject(parts.get(1))),
          new Header(JupyterJson.readObject(parts.get(2))),
          JupyterJson.readObject(parts.get(3)),
          JupyterJson.readObject(parts.get(4)),
          parts.subList(FIXED_PARTS, parts.size()));
    } catch (MalformedMessageException e) {
      throw new WireException(e.getMessage());
    }
  }
}
