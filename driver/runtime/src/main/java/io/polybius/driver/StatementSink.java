package io.polybius.driver;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Where one statement's output goes: joins small prints into fewer events, keeps everything in
 * order, and stops at a limit. Used by every thread that the statement's code prints from.
 */
final class StatementSink {

  /** Text waits at most this long for more text. */
  private static final long FLUSH_MILLIS = 20;

  private static final int FLUSH_CHARS = 16 << 10;
  private static final int OVERHEAD_BYTES = 64;

  /** What stays to be seen of displays, pages and next inputs; each has 8 MiB at most. */
  private static final long MAX_SHOWN_BYTES = 32L << 20;

  /** More of a line than this is no prompt. */
  private static final int MAX_PROMPT_CHARS = 1000;

  private final int statementId;
  private final long maxChars;
  private final Consumer<DriverEvent> events;
  private final ScheduledExecutorService timer;

  // Guarded by this:
  private final Map<StreamName, CharsetDecoder> decoders = new EnumMap<>(StreamName.class);
  private final Map<StreamName, ByteBuffer> undecoded = new EnumMap<>(StreamName.class);
  private final StringBuilder pending = new StringBuilder();
  private final StringBuilder unfinishedLine = new StringBuilder();
  private StreamName pendingStream = StreamName.STDOUT;
  private boolean flushScheduled;
  private long chars;
  private boolean full;
  private final Map<String, Long> updates = new HashMap<>();
  private long shownBytes;
  private boolean shownFull;

  /**
   * @param statementId whose output it is
   * @param maxChars how much printed text is passed on
   * @param events takes the output
   * @param timer flushes text that no more text follows
   */
  StatementSink(
      int statementId,
      long maxChars,
      Consumer<DriverEvent> events,
      ScheduledExecutorService timer) {
    this.statementId = statementId;
    this.maxChars = maxChars;
    this.events = events;
    this.timer = timer;
    for (StreamName stream : StreamName.values()) {
      decoders.put(
          stream,
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPLACE)
              .onUnmappableCharacter(CodingErrorAction.REPLACE));
      undecoded.put(stream, ByteBuffer.allocate(8));
    }
  }

  /** Takes UTF-8 bytes, which may end within a character. */
  synchronized void print(StreamName stream, byte[] bytes, int offset, int length) {
    if (full) {
      return;
    }
    ByteBuffer rest = undecoded.get(stream).flip();
    ByteBuffer in = ByteBuffer.allocate(rest.remaining() + length);
    in.put(rest).put(bytes, offset, length).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoders.get(stream).decode(in, out, false);
    rest.clear().put(in);
    out.flip();
    append(stream, out);
  }

  /** Takes an echo, a value or a display, after the text that was printed before. */
  synchronized void put(StatementOutput asked) {
    OutputLimits.Limited limited = OutputLimits.limit(asked);
    if (!limited.note().isEmpty()) {
      sendOut(new StreamText(StreamName.STDERR, limited.note()));
    }
    StatementOutput output = limited.output();
    if (output instanceof StatementOutput.Clear) {
      shownBytes = updates.values().stream().mapToLong(bytes -> bytes).sum();
    }
    long bytes = shownBytes(output);
    if (bytes > 0) {
      if (shownFull) {
        return;
      }
      long replaced =
          output instanceof StatementOutput.DisplayUpdate update
              ? updates.getOrDefault(update.displayId(), 0L)
              : 0;
      if (shownBytes - replaced + bytes > MAX_SHOWN_BYTES) {
        shownFull = true;
        sendOut(
            new StreamText(
                StreamName.STDERR,
                "\n[What this statement shows is larger than "
                    + MAX_SHOWN_BYTES
                    + " bytes; the rest was dropped.]\n"));
        return;
      }
      shownBytes += bytes - replaced;
      if (output instanceof StatementOutput.DisplayUpdate update) {
        updates.put(update.displayId(), bytes);
      }
    }
    sendOut(output);
  }

  private void sendOut(StatementOutput output) {
    send(new DriverEvent.StatementPutOut(statementId, output));
  }

  /** Returns how much is kept of what is shown on purpose; a server keeps each form for long. */
  private static long shownBytes(StatementOutput output) {
    long bytes = NotebookFrontEnd.bytes(output);
    return bytes == 0 ? 0 : bytes + OVERHEAD_BYTES;
  }

  /** Sends an event after the text that was printed before. */
  synchronized void send(DriverEvent event) {
    flush();
    unfinishedLine.setLength(0);
    events.accept(event);
  }

  /** Returns the end of what was printed, if it is only the beginning of a line, else nothing. */
  synchronized String unfinishedLine() {
    return unfinishedLine.toString();
  }

  /** Sends what waits. */
  synchronized void flush() {
    flushScheduled = false;
    if (pending.length() > 0) {
      events.accept(
          new DriverEvent.StatementPutOut(
              statementId, new StreamText(pendingStream, pending.toString())));
      pending.setLength(0);
    }
  }

  private void append(StreamName stream, CharSequence text) {
    if (text.isEmpty()) {
      return;
    }
    if (stream != pendingStream) {
      flush();
      pendingStream = stream;
    }
    rememberLine(text.toString());
    chars += text.length();
    if (chars <= maxChars) {
      pending.append(text);
    } else {
      full = true;
      pending.append(text, 0, (int) (text.length() - (chars - maxChars)));
      flush();
      pendingStream = StreamName.STDERR;
      pending.append(
          "\n[The output of this statement is longer than "
              + maxChars
              + " characters; the rest was dropped.]\n");
    }
    if (pending.length() >= FLUSH_CHARS || full) {
      flush();
    } else if (!flushScheduled) {
      flushScheduled = true;
      timer.schedule(this::flush, FLUSH_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void rememberLine(String text) {
    int lineStart = text.lastIndexOf('\n') + 1;
    if (lineStart > 0) {
      unfinishedLine.setLength(0);
    }
    unfinishedLine.append(text, lineStart, text.length());
    if (unfinishedLine.length() > MAX_PROMPT_CHARS) {
      unfinishedLine.setLength(0);
    }
  }
}
