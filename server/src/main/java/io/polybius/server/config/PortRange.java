package io.polybius.server.config;

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
}
