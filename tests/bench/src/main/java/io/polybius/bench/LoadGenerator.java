package io.polybius.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * Asks a server for the same things over and over, on many connections that stay open and from one
 * thread, each connection asking again as soon as it has its answer.
 */
final class LoadGenerator {

  private static final Duration STUCK = Duration.ofSeconds(20);

  private LoadGenerator() {}

  /**
   * Runs for a time, and prints how many requests were answered in a second and how long they took.
   *
   * @param name what is measured
   * @param paths what is asked for; connections begin with different ones
   */
  static void run(String name, URI server, List<String> paths, int connections, Duration time)
      throws IOException {
    Samples samples = new Samples(name);
    long begin = System.nanoTime();
    long end = begin + time.toNanos();
    try (Selector selector = Selector.open()) {
      List<Connection> all = new ArrayList<>();
      try {
        for (int i = 0; i < connections; i++) {
          all.add(new Connection(server, selector, paths, i, samples));
        }
        while (System.nanoTime() < end) {
          if (selector.select(STUCK.toMillis()) == 0) {
            throw new IOException(name + ": no answer within " + STUCK.toSeconds() + " s");
          }
          Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
          while (ready.hasNext()) {
            SelectionKey key = ready.next();
            ready.remove();
            ((Connection) key.attachment()).read();
          }
        }
      } finally {
        for (Connection connection : all) {
          connection.channel.close();
        }
      }
    }
    samples.print();
    System.out.printf(
        Locale.ROOT,
        "%-62s %5s %10.0f requests/s%n",
        "",
        "",
        samples.count() / ((System.nanoTime() - begin) / 1e9));
  }

  private static final class Connection {

    private final SocketChannel channel;
    private final List<byte[]> requests;
    private final Samples samples;
    private final ByteBuffer buffer = ByteBuffer.allocate(256 << 10);
    private int next;
    private long asked;

    Connection(URI server, Selector selector, List<String> paths, int first, Samples samples)
        throws IOException {
      this.samples = samples;
      this.next = first;
      this.requests =
          paths.stream()
              .map(
                  path ->
                      "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(path, server.getAuthority()))
              .map(request -> request.getBytes(StandardCharsets.US_ASCII))
              .toList();
      channel = SocketChannel.open(new InetSocketAddress(server.getHost(), server.getPort()));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, this);
      ask();
    }

    private void ask() throws IOException {
      asked = System.nanoTime();
      ByteBuffer request = ByteBuffer.wrap(requests.get(next++ % requests.size()));
      while (request.hasRemaining()) {
        channel.write(request);
      }
    }

    /** Takes what has come, and asks again if that is a whole answer. */
    void read() throws IOException {
      if (channel.read(buffer) < 0) {
        throw new IOException("the server has closed a connection");
      }
      String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
      int head = text.indexOf("\r\n\r\n");
      if (head < 0 || text.length() < head + 4 + bodyLength(text.substring(0, head))) {
        return;
      }
      if (!text.startsWith("HTTP/1.1 200 ")) {
        throw new IOException("the server answered " + text.substring(0, head));
      }
      samples.add(System.nanoTime() - asked);
      buffer.clear();
      ask();
    }

    private static int bodyLength(String head) throws IOException {
      String lowerCase = head.toLowerCase(Locale.ROOT);
      int begin = lowerCase.indexOf("content-length: ");
      if (begin < 0) {
        throw new IOException("an answer without Content-Length: " + head);
      }
      begin += "content-length: ".length();
      int end = lowerCase.indexOf('\r', begin);
      return Integer.parseInt(lowerCase.substring(begin, end < 0 ? lowerCase.length() : end));
    }
  }
}
