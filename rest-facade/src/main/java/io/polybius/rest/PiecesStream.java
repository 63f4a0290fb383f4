package io.polybius.rest;

import java.io.InputStream;
import java.util.Objects;
import java.util.Queue;

/** Reads what came in pieces, and lets go of each piece when it has been read. */
final class PiecesStream extends InputStream {

  private final Queue<byte[]> pieces;
  private byte[] piece = new byte[0];
  private int position;

  /**
   * @param pieces are taken out of there
   */
  PiecesStream(Queue<byte[]> pieces) {
    this.pieces = pieces;
  }

  @Override
  public int read() {
    return isAtEnd() ? -1 : piece[position++] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, to.length);
    if (length == 0) {
      return 0;
    }
    if (isAtEnd()) {
      return -1;
    }
    int count = Math.min(length, piece.length - position);
    System.arraycopy(piece, position, to, offset, count);
    position += count;
    return count;
  }

  private boolean isAtEnd() {
    while (position == piece.length) {
      byte[] next = pieces.poll();
      if (next == null) {
        return true;
      }
      piece = next;
      position = 0;
    }
    return false;
  }
}
