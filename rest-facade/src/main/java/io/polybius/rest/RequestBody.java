package io.polybius.rest;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/**
 * The body of a request, read only by routes that have one. Its {@code Content-Type} does not
 * matter: {@code curl -d} says that JSON is a form, others that it is plain text.
 */
final class RequestBody {

  private final byte[] received;
  private final Optional<String> contentEncoding;
  private final long maxBytes;
  private final Json json;

  RequestBody(byte[] received, Optional<String> contentEncoding, long maxBytes, Json json) {
    this.received = received;
    this.contentEncoding = contentEncoding;
    this.maxBytes = maxBytes;
    this.json = json;
  }

  /** Returns the JSON object that the body is. */
  <T> T as(Class<T> type) {
    return json.decode(decompressed(), type);
  }

  /** Undoes the encodings that are known; Livy's Java clients name others and mean none. */
  private byte[] decompressed() {
    if (received.length == 0) {
      return received;
    }
    return switch (contentEncoding.orElse("").trim().toLowerCase(Locale.ROOT)) {
      case "gzip", "x-gzip" -> bounded(GZIPInputStream::new);
      case "deflate" -> bounded(InflaterInputStream::new);
      default -> received;
    };
  }

  private byte[] bounded(Decompressor decompressor) {
    try (InputStream in = decompressor.open(new ByteArrayInputStream(received))) {
      byte[] bytes = in.readNBytes((int) maxBytes);
      if (in.read() >= 0) {
        throw RejectedRequestException.bodyTooLarge(maxBytes);
      }
      return bytes;
    } catch (IOException e) {
      throw RejectedRequestException.bad(
          "The body is not encoded as its Content-Encoding says: " + e.getMessage());
    }
  }

  private interface Decompressor {
    InputStream open(InputStream compressed) throws IOException;
  }
}
