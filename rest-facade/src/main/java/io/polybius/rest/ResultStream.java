package io.polybius.rest;

import io.polybius.session.ResultDownload;
import io.polybius.session.SessionException;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.channels.StreamSourceChannel;

/**
 * A statement's whole table, as it comes from the driver. If it does not come to its end, the
 * connection is closed before the answer's own end, so that the client knows.
 */
final class ResultStream extends StreamedAnswer {

  private static final Logger log = LoggerFactory.getLogger(ResultStream.class);

  /** A slow client must take so much in the time after which it is given up. */
  private static final int BYTES_AT_A_TIME = 32 << 10;

  /** Those that an error does not have. */
  private static final List<HttpString> HEADERS =
      List.of(
          Headers.CONTENT_TYPE,
          Headers.CACHE_CONTROL,
          Headers.CONTENT_DISPOSITION,
          Headers.TRANSFER_ENCODING);

  private static final byte[] NOTHING = new byte[0];

  private final HttpServerExchange exchange;
  private final ResultDownload download;
  private final Json json;

  // Used by the one thread that writes:
  private byte[] part = NOTHING;
  private int written;

  ResultStream(HttpServerExchange exchange, Answer.ResultContent result, Json json) {
    super(exchange);
    this.exchange = exchange;
    this.download = result.download();
    this.json = json;
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, result.form().type());
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    exchange
        .getResponseHeaders()
        .put(Headers.CONTENT_DISPOSITION, "attachment; filename=\"" + result.fileName() + "\"");
  }

  /** Returns whether an answer is a table as text. What else comes has a length, or no end. */
  static boolean isText(HttpServerExchange exchange) {
    // Programs read Arrow's format from the connection, without what an HTTP library makes of it.
    return exchange.getResponseHeaders().contains(Headers.CONTENT_DISPOSITION)
        && !exchange
            .getResponseHeaders()
            .getFirst(Headers.CONTENT_TYPE)
            .equals(ResultsApi.Form.ARROW.type());
  }

  @Override
  void open() {
    download.setReader(this::proceed);
    exchange.getIoThread().execute(this::watchClient);
  }

  /** A client that goes away while the first rows are computed is seen by its connection's end. */
  private void watchClient() {
    if (exchange.getConnection() instanceof HttpServerConnection connection) {
      StreamSourceChannel source = connection.getChannel().getSourceChannel();
      source.getReadSetter().set(this::readNothing);
      source.resumeReads();
    }
  }

  private void readNothing(StreamSourceChannel source) {
    // What else a client may send is not read as a request: the connection ends with this answer.
    ByteBuffer ignored = ByteBuffer.allocate(1024);
    try {
      int count = source.read(ignored);
      while (count > 0) {
        count = source.read(ignored.clear());
      }
      if (count < 0) {
        source.suspendReads();
        breakOff();
      }
    } catch (IOException clientIsGone) {
      breakOff();
    }
  }

  @Override
  void close() {
    download.close();
  }

  @Override
  byte[] next() {
    if (written == part.length) {
      part = download.next().orElse(NOTHING);
      written = 0;
    }
    int end = Math.min(part.length, written + BYTES_AT_A_TIME);
    byte[] bytes = Arrays.copyOfRange(part, written, end);
    written = end;
    return bytes;
  }

  @Override
  boolean isOver() {
    return download.isOver();
  }

  @Override
  boolean isWhole() {
    return download.isWhole();
  }

  /** As long as nothing has been sent, the client can be told why. */
  @Override
  void endUnfinished() {
    Optional<SessionException> failure = download.failure();
    if (failure.isPresent() && !exchange.isResponseStarted()) {
      HEADERS.forEach(exchange.getResponseHeaders()::remove);
      ErrorMapper.answer(failure.get(), "-").send(exchange, json);
      return;
    }
    log.info("a result was broken off before its end");
    failure.ifPresent(why -> log.debug("because: {}", why.getMessage()));
    breakOff();
  }

  @Override
  void beat(boolean clientTakes) {}
}
