package io.polybius.rest;

import io.polybius.session.Job;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * A {@link JobStatusJson} with a large result, as the client takes it. The result is in memory
 * once, for all clients and as bytes; only a little of it is there in base64.
 */
final class JobStream extends StreamedAnswer {

  /** A result from this size on is sent like this. */
  static final int LARGE = 256 << 10;

  /** Without a rest in base64. */
  private static final int BYTES_AT_A_TIME = 3 << 14;

  private static final byte[] NOTHING = new byte[0];

  private final byte[] result;
  private final byte[] head;

  // Used by the one thread that writes:
  private int written;
  private boolean headIsWritten;
  private boolean tailIsWritten;

  private volatile boolean closed;

  /**
   * @param job has succeeded
   * @param result what it has returned
   */
  JobStream(HttpServerExchange exchange, Job job, byte[] result) {
    super(exchange);
    this.result = result;
    this.head =
        utf8("{\"id\":" + job.id() + ",\"state\":\"" + job.state().name() + "\",\"result\":\"");
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, Answer.JSON_TYPE);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  byte[] next() {
    if (!headIsWritten) {
      headIsWritten = true;
      return head;
    }
    if (written < result.length) {
      int end = Math.min(result.length, written + BYTES_AT_A_TIME);
      byte[] bytes = Arrays.copyOfRange(result, written, end);
      written = end;
      return Base64.getEncoder().encode(bytes);
    }
    if (!tailIsWritten) {
      tailIsWritten = true;
      return utf8("\",\"error\":null}");
    }
    return NOTHING;
  }

  @Override
  boolean isOver() {
    return closed || tailIsWritten;
  }

  @Override
  boolean isWhole() {
    return tailIsWritten;
  }

  @Override
  void open() {}

  @Override
  void close() {
    closed = true;
  }

  @Override
  void beat(boolean clientTakes) {}
}
