package io.polybius.driver.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageCodec;
import java.util.List;

/** Turns frames into length-prefixed Kryo bytes and back; one per transport. */
final class FrameCodec extends ByteToMessageCodec<LinkFrame> {

  /** The largest frame either end writes or reads, in bytes. */
  static final int MAX_FRAME_BYTES = 64 << 20;

  /** The largest message that fits into a frame, in bytes. */
  static final int MAX_MESSAGE_BYTES = MAX_FRAME_BYTES - 64;

  /** The largest frame from a peer that has not yet said who it is. */
  static final int MAX_GREETING_BYTES = 4096;

  private static final int PREFIX_BYTES = 4;

  private final WireTable table = new WireTable();
  private int maxFrameBytes = MAX_GREETING_BYTES;

  /** The peer is known: frames of full size may come. Called on the event loop. */
  void trustPeer() {
    maxFrameBytes = MAX_FRAME_BYTES;
  }

  @Override
  protected void encode(ChannelHandlerContext context, LinkFrame frame, ByteBuf out) {
    byte[] bytes = table.encode(frame);
    out.writeInt(bytes.length).writeBytes(bytes);
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws WireException {
    if (in.readableBytes() < PREFIX_BYTES) {
      return;
    }
    int length = in.getInt(in.readerIndex());
    if (length < 0 || length > maxFrameBytes) {
      in.skipBytes(in.readableBytes());
      throw new WireException("a frame of " + Integer.toUnsignedString(length) + " bytes");
    }
    if (in.readableBytes() < PREFIX_BYTES + length) {
      return;
    }
    byte[] bytes = new byte[length];
    in.skipBytes(PREFIX_BYTES).readBytes(bytes);
    out.add(table.decode(bytes, LinkFrame.class));
  }
}
