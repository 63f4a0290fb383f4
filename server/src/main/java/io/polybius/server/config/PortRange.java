package io.polybius.server.config;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Some ports, one after the other.
 *
 * @param first the lowest of them
 * @param last the highest of them
 */
public record PortRange(int first, int last) {

  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if the last one comes before the first one
   */
  public PortRange {
    if (first > last) {
      throw new IllegalArgumentException("no port at all");
    }
  }

  /** Returns all of them, in ascending order. */
  public List<Integer> ports() {
    return IntStream.rangeClosed(first, last).boxed().toList();
  }
}
