package io.polybius.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Large uploads: how fast they go, and what memory the server takes for them. */
final class UploadBenchmarks {

  private static final int MEGABYTE = 1_000_000;
  private static final int MEGABYTES = 100;

  /** What is uploaded stays on the disk until its session ends. */
  private static final int UPLOADS_OF_A_SESSION = 5;

  private static final int SESSIONS = 4;
  private static final long SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final String BOUNDARY = "benchmark";

  private final Path home;
  private final Path folder;
  private final byte[] piece = new byte[MEGABYTE];

  UploadBenchmarks(Path home, Path folder) {
    this.home = home;
    this.folder = folder;
    new Random(1).nextBytes(piece);
  }

  /** Measures, and prints what it finds. */
  void run() throws Exception {
    Map<String, String> settings = Map.of("polybius.server.prespawned-drivers", "0");
    try (ChildProcess server = Benchmarks.server(home, folder, settings)) {
      LivyClient rest = new LivyClient(Benchmarks.readyAddress(server));
      Samples samples = new Samples("REST upload-file of 100 MB");
      long before = 0;
      long peak = 0;
      for (int session = 0; session < SESSIONS; session++) {
        int id = rest.openSession();
        // The first session's are for the JVM to compile what it takes.
        boolean counts = session > 0;
        if (counts && before == 0) {
          before = server.residentBytes().orElse(0);
        }
        for (int upload = 0; upload < UPLOADS_OF_A_SESSION; upload++) {
          int number = upload;
          try (Watch memory = new Watch(server)) {
            long nanos = Samples.nanos(() -> upload(rest.server(), id, "file-" + number));
            if (counts) {
              samples.add(nanos);
              peak = Math.max(peak, memory.peak());
            }
          }
        }
        rest.call("DELETE", "/sessions/" + id, null);
      }
      samples.print();
      System.out.printf(
          Locale.ROOT,
          "%-62s %5d %10.0f %10.0f%n",
          "the same in MB/s",
          samples.count(),
          MEGABYTES / samples.millis(0.5) * 1000,
          MEGABYTES / samples.millis(0.99) * 1000);
      System.out.printf(
          Locale.ROOT,
          "%-62s %5s %10d %10d%n",
          "server's memory in MB: before, and at most while it goes on",
          "",
          before >> 20,
          peak >> 20);
    }
  }

  /** Looks again and again how much memory a process has. */
  private static final class Watch implements AutoCloseable {

    private final AtomicLong peak = new AtomicLong();
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread;

    Watch(ChildProcess process) {
      thread =
          new Thread(
              () -> {
                while (!over.get()) {
                  process.residentBytes().ifPresent(now -> peak.accumulateAndGet(now, Math::max));
                  LockSupport.parkNanos(SAMPLE_NANOS);
                }
              },
              "memory");
      thread.setDaemon(true);
      thread.start();
    }

    long peak() {
      return peak.get();
    }

    @Override
    public void close() throws InterruptedException {
      over.set(true);
      thread.join();
    }
  }

  private void upload(URI server, int session, String name) throws IOException {
    byte[] head =
        ascii(
            "--"
                + BOUNDARY
                + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
                + name
                + "\"\r\n\r\n");
    byte[] end = ascii("\r\n--" + BOUNDARY + "--\r\n");
    long length = head.length + (long) MEGABYTES * piece.length + end.length;
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout((int) TimeUnit.MINUTES.toMillis(1));
      OutputStream out = socket.getOutputStream();
      out.write(
          ascii(
              "POST /sessions/"
                  + session
                  + "/upload-file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  + "Content-Type: multipart/form-data; boundary="
                  + BOUNDARY
                  + "\r\nContent-Length: "
                  + length
                  + "\r\n\r\n"));
      out.write(head);
      for (int i = 0; i < MEGABYTES; i++) {
        out.write(piece);
      }
      out.write(end);
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      if (!answer.startsWith("HTTP/1.1 200")) {
        throw new IOException("the upload was answered with " + answer);
      }
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
