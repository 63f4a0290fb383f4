package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Where a kernel is to listen, on the loopback address, and the key that signs its messages.
 *
 * @param kernelName the name of the kernel
 * @param key only the kernel and its client know it
 * @param ports the ports of the channels
 * @param heartbeatPort the port of the heartbeat, which nobody listens to: the kernel is a process
 *     of this machine, whose end is noticed at once
 */
record ConnectionFile(
    String kernelName, String key, Map<Channel, Integer> ports, int heartbeatPort) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ADDRESS = "127.0.0.1";

  /** Copies the map. */
  ConnectionFile {
    ports = Map.copyOf(ports);
  }

  /**
   * Makes one with ports that are free. As with Jupyter, another program may take one before the
   * kernel does; then the kernel does not start.
   */
  static ConnectionFile onLoopback(String kernelName, String key) throws IOException {
    List<ServerSocket> taken = new ArrayList<>();
    try {
      Map<Channel, Integer> ports = new EnumMap<>(Channel.class);
      for (Channel channel : Channel.values()) {
        ports.put(channel, take(taken));
      }
      return new ConnectionFile(kernelName, key, ports, take(taken));
    } finally {
      for (ServerSocket socket : taken) {
        socket.close();
      }
    }
  }

  private static int take(List<ServerSocket> taken) throws IOException {
    ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(ADDRESS));
    taken.add(socket);
    return socket.getLocalPort();
  }

  /** Writes it into a folder, so that only its owner can read it, and returns the file. */
  Path write(Path directory) throws IOException {
    ObjectNode fields =
        JSON.createObjectNode()
            .put("transport", "tcp")
            .put("ip", ADDRESS)
            .put("hb_port", heartbeatPort)
            .put("key", key)
            .put("signature_scheme", MessageCodec.SCHEME)
            .put("kernel_name", kernelName);
    ports.forEach((channel, port) -> fields.put(channel.portName(), port));
    Files.createDirectories(directory);
    Path file =
        Files.createTempFile(
            directory,
            "kernel-",
            ".json",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(file, JSON.writeValueAsBytes(fields));
    return file.toAbsolutePath();
  }

  /** Keeps the key out of logs. */
  @Override
  public String toString() {
    return "ConnectionFile[" + kernelName + ", " + ports + "]";
  }
}
