package io.polybius.rest;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/**
 * The body of a request, read only by routes that have one. Its {@code Content-Type} does not
 * matter: {@code curl -d} says that JSON is a form, others that it is plain text.
 */
final class RequestBody {

  private final Queue<byte[]> received;
  private final Optional<String> contentEncoding;
  private final long maxBytes;
  private final Json json;

  /**
   * @param received the body in pieces; they are taken out of there when it is read
   */
  RequestBody(Queue<byte[]> received, Optional<String> contentEncoding, long maxBytes, Json json) {
    this.received = received;
    this.contentEncoding = contentEncoding;
    this.maxBytes = maxBytes;
    this.json = json;
  }

  /** Returns the JSON object that the body is; it can be read once. */
  <T> T as(Class<T> type) {
    return json.decode(decompressed(), type);
  }

  /** Undoes the encodings that are known; Livy's Java clients name others and mean none. */
  private InputStream decompressed() {
    InputStream bytes = new PiecesStream(received);
    if (received.stream().allMatch(piece -> piece.length == 0)) {
      return bytes;
    }
    return switch (contentEncoding.orElse("").trim().toLowerCase(Locale.ROOT)) {
      case "gzip", "x-gzip" -> bounded(bytes, GZIPInputStream::new);
      case "deflate" -> bounded(bytes, InflaterInputStream::new);
      default -> bytes;
    };
  }

  private InputStream bounded(InputStream compressed, Decompressor decompressor) {
    try (InputStream in = decompressor.open(compressed)) {
      byte[] bytes = in.readNBytes((int) maxBytes);
      if (in.read() >= 0) {
        throw RejectedRequestException.bodyTooLarge(maxBytes);
      }
      return new ByteArrayInputStream(bytes);
    } catch (IOException e) {
      throw RejectedRequestException.bad(
          "The body is not encoded as its Content-Encoding says: " + e.getMessage());
    }
  }

  private interface Decompressor {
    InputStream open(InputStream compressed) throws IOException;
  }
}
