package io.polybius.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Finds ports for daemons that must be told theirs before they start. */
final class Ports {

  /**
   * Systems give ports above these to whoever asks for any: one of those would be free now, but
   * perhaps not a moment later.
   */
  private static final int FIRST = 12_000;

  private static final int END = 32_000;
  private static final int ATTEMPTS = 1_000;

  private Ports() {}

  /** Returns ports of the loopback address that nobody listens on. */
  static List<Integer> free(int count) throws IOException {
    RandomGenerator random = RandomGenerator.getDefault();
    Set<Integer> ports = new LinkedHashSet<>();
    for (int i = 0; i < ATTEMPTS && ports.size() < count; i++) {
      int port = random.nextInt(FIRST, END);
      if (isFree(port)) {
        ports.add(port);
      }
    }
    if (ports.size() < count) {
      throw new IOException("there are no free ports between " + FIRST + " and " + END);
    }
    return List.copyOf(ports);
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
