package io.polybius.driver.interpreter.process;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One standard stream of a process, which a thread reads to its end. The process can mark a place
 * in it, so that whoever hears of something else can wait until all that was printed before is
 * passed on.
 */
public final class MarkedStream {

  private static final Logger log = LoggerFactory.getLogger(MarkedStream.class);
  private static final int CHUNK_BYTES = 16 << 10;

  private final byte[] mark;
  private final Printer printer;
  private byte[] rest = new byte[0];

  // Guarded by this:
  private int lastMark;
  private boolean ended;

  /** Takes what is printed. */
  public interface Printer {
    /** Takes some bytes; must be quick. */
    void print(byte[] bytes, int offset, int length);
  }

  /**
   * Begins to read.
   *
   * @param name of the thread that does
   * @param mark begins each mark; a number and a line feed follow
   */
  public MarkedStream(String name, InputStream in, String mark, Printer printer) {
    this.mark = mark.getBytes(StandardCharsets.US_ASCII);
    this.printer = printer;
    Thread thread = new Thread(() -> readAll(in), name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits until a mark has been read, or the stream has ended; returns whether it has been. */
  public synchronized boolean await(int number, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (lastMark < number && !ended) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return lastMark >= number;
  }

  private void readAll(InputStream in) {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (in) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        take(chunk, count);
      }
    } catch (IOException e) {
      log.debug("a stream of a process broke", e);
    } finally {
      printer.print(rest, 0, rest.length);
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private void take(byte[] chunk, int count) {
    byte[] all = Arrays.copyOf(rest, rest.length + count);
    System.arraycopy(chunk, 0, all, rest.length, count);
    int from = 0;
    int at = find(all, from);
    while (at < all.length) {
      print(all, from, at);
      int lineEnd = at + mark.length;
      while (lineEnd < all.length && all[lineEnd] != '\n') {
        lineEnd++;
      }
      from = at;
      if (lineEnd >= all.length) {
        break;
      }
      reached(all, at + mark.length, lineEnd);
      from = lineEnd + 1;
      at = find(all, from);
    }
    if (at >= all.length) {
      print(all, from, all.length);
      from = all.length;
    }
    rest = Arrays.copyOfRange(all, from, all.length);
  }

  /** Returns where the next mark begins, or the beginning of one; the end if there is none. */
  private int find(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      int length = Math.min(mark.length, bytes.length - i);
      if (Arrays.equals(bytes, i, i + length, mark, 0, length)) {
        return i;
      }
    }
    return bytes.length;
  }

  private void print(byte[] bytes, int from, int to) {
    if (to > from) {
      printer.print(bytes, from, to - from);
    }
  }

  private void reached(byte[] bytes, int from, int to) {
    int number = Integer.parseInt(new String(bytes, from, to - from, StandardCharsets.US_ASCII));
    synchronized (this) {
      lastMark = Math.max(lastMark, number);
      notifyAll();
    }
  }
}
