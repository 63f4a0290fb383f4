package io.polybius.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/** A form with one file, which is read from the disk as the server takes it. */
final class Upload {

  /** What a server waits for a session that still starts. */
  private static final Duration LEAST_TIME = Duration.ofMinutes(6);

  /** A server takes uploads that are at least as fast. */
  private static final long BYTES_PER_SECOND = 1 << 10;

  private final Path file;
  private final long fileBytes;
  private final String boundary = "polybius-" + UUID.randomUUID();
  private final byte[] head;
  private final byte[] tail;

  /**
   * @param part the field that has the file
   * @throws IllegalArgumentException if there is no such file
   */
  Upload(String part, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("There is no file " + file + " to upload.");
    }
    this.file = file;
    try {
      this.fileBytes = Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read.", e);
    }
    String name = file.getFileName().toString().replace("\\", "\\\\").replace("\"", "%22");
    this.head =
        ("--"
                + boundary
                + "\r\nContent-Disposition: form-data; name=\""
                + part
                + "\"; filename=\""
                + name.replace('\r', '_').replace('\n', '_')
                + "\"\r\nContent-Type: application/octet-stream\r\n\r\n")
            .getBytes(StandardCharsets.UTF_8);
    this.tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  String contentType() {
    return "multipart/form-data; boundary=" + boundary;
  }

  BodyPublisher body() {
    return BodyPublishers.fromPublisher(
        BodyPublishers.ofInputStream(this::open), head.length + fileBytes + tail.length);
  }

  private InputStream open() {
    try {
      return new SequenceInputStream(
          Collections.enumeration(
              List.of(
                  new ByteArrayInputStream(head),
                  Files.newInputStream(file),
                  new ByteArrayInputStream(tail))));
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read.", e);
    }
  }

  /** Returns how long it can take. */
  Duration limit() {
    return LEAST_TIME.plusSeconds(fileBytes / BYTES_PER_SECOND);
  }
}
