package io.polybius.kernel.wire;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/**
 * Remembers the newest signatures. Eight bytes of each are enough: nobody without the key can make
 * two messages agree in them, and by chance it does not happen. Not safe for use by many threads.
 */
final class SignatureMemory {

  private final int capacity;
  private final Set<Long> known = new HashSet<>();
  private final Queue<Long> inOrder = new ArrayDeque<>();

  SignatureMemory(int capacity) {
    this.capacity = capacity;
  }

  /** Remembers a signature and returns whether it was unknown. */
  boolean add(byte[] signature) {
    Long start = ByteBuffer.wrap(signature).getLong();
    if (!known.add(start)) {
      return false;
    }
    if (inOrder.size() == capacity) {
      known.remove(inOrder.remove());
    }
    inOrder.add(start);
    return true;
  }
}
