package io.polybius.driver;

import io.polybius.driver.protocol.DriverEvent.ResultPart;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Bytes in pieces of equal size, but for the last. */
final class PartStream extends OutputStream {

  /** Takes the pieces. */
  interface Receiver {
    /** Takes the next one, and may wait before it does. */
    void take(byte[] part) throws IOException;
  }

  private final Receiver receiver;
  private final byte[] part = new byte[ResultPart.MAX_BYTES];
  private int size;
  private long count;

  PartStream(Receiver receiver) {
    this.receiver = receiver;
  }

  /** Returns how many bytes were written. */
  long count() {
    return count;
  }

  @Override
  public void write(int oneByte) throws IOException {
    write(new byte[] {(byte) oneByte}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    count += length;
    int next = offset;
    int rest = length;
    while (rest > 0) {
      int fitting = Math.min(rest, part.length - size);
      System.arraycopy(bytes, next, part, size, fitting);
      size += fitting;
      next += fitting;
      rest -= fitting;
      if (size == part.length) {
        pass();
      }
    }
  }

  private void pass() throws IOException {
    byte[] full = Arrays.copyOf(part, size);
    size = 0;
    receiver.take(full);
  }

  /** Passes the last piece on. */
  @Override
  public void close() throws IOException {
    if (size > 0) {
      pass();
    }
  }
}
