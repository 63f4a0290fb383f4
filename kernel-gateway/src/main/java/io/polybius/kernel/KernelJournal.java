package io.polybius.kernel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.files.KeptFolder;
import io.polybius.kernel.files.OwnerOnly;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of one kernel: what it is, its requests that are not answered, and how far it has
 * told its clients of what happens in its session. If the disk takes no more, the kernel goes on
 * and ends with the server. Safe for use by many threads.
 */
public final class KernelJournal {

  private static final V1WebSocketCodec CODEC = new V1WebSocketCodec();

  /** How far the file of requests grows until it is written anew, with the open ones only. */
  private static final long MOST_BYTES = 1 << 16;

  private static final String KERNEL = "kernel.json";

  /**
   * What a kernel is.
   *
   * @param id its UUID
   * @param name the name of its kernelspec
   * @param sessionId its session
   * @param ownsSession whether the session ends with it
   * @param headerSession the id that its messages carry
   * @param lastStatementBefore the last statement that was there before it, -1 for none
   * @param relay whether it ends with its relay
   */
  public record Identity(
      String id,
      String name,
      int sessionId,
      boolean ownsSession,
      String headerSession,
      int lastStatementBefore,
      boolean relay) {

    Identity withHeaderSession(String other) {
      return new Identity(id, name, sessionId, ownsSession, other, lastStatementBefore, relay);
    }

    Identity ofRelay() {
      return new Identity(
          id, name, sessionId, ownsSession, headerSession, lastStatementBefore, true);
    }
  }

  /**
   * A request that is not answered.
   *
   * @param message what the client sent
   * @param client the name under which its connection is kept; empty if it is not
   */
  record Open(JupyterMessage message, String client) {}

  private final Map<String, Open> open = new LinkedHashMap<>();
  private final KeptFolder folder;
  private Optional<Identity> identity = Optional.empty();
  private Optional<FileChannel> requests = Optional.empty();
  private Optional<FileChannel> position = Optional.empty();
  private long told;

  /** The size of what was open when the file was written anew. */
  private long openBytes;

  private KernelJournal(KeptFolder folder) {
    this.folder = folder;
  }

  /** Returns one that keeps nothing. */
  static KernelJournal none() {
    return new KernelJournal(KeptFolder.none());
  }

  /** Opens the journal in a folder, which need not be there. */
  KernelJournal(Path folder) {
    this(KeptFolder.at(folder));
    if (Files.exists(folder.resolve(KERNEL))) {
      this.folder.use(this::read);
    }
  }

  private void read(Path from) throws IOException {
    try {
      ObjectNode kernel = JupyterJson.readObject(Files.readAllBytes(from.resolve(KERNEL)));
      identity = Optional.of(JupyterJson.convert(kernel, Identity.class));
      readRequests(from.resolve("requests"));
    } catch (MalformedMessageException e) {
      throw new IOException(e);
    }
    openFiles(from);
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    told = position.orElseThrow().read(number, 0) == Long.BYTES ? number.flip().getLong() : 0;
  }

  private void readRequests(Path file) throws IOException, MalformedMessageException {
    String all;
    try {
      all = Files.readString(file);
    } catch (NoSuchFileException e) {
      return;
    }
    // What follows the last line end was only half written.
    for (String line : all.substring(0, all.lastIndexOf('\n') + 1).lines().toList()) {
      ObjectNode entry = JupyterJson.readObject(line.getBytes(StandardCharsets.UTF_8));
      String key = entry.path("key").asText();
      JsonNode message = entry.path("message");
      if (message.isMissingNode()) {
        open.remove(key);
      } else {
        open.put(key, new Open(decode(message.asText()), entry.path("client").asText()));
      }
    }
  }

  private static JupyterMessage decode(String text) throws MalformedMessageException {
    try {
      return CODEC.decode(ByteBuffer.wrap(Base64.getDecoder().decode(text)));
    } catch (WireException | IllegalArgumentException e) {
      throw new MalformedMessageException(String.valueOf(e.getMessage()));
    }
  }

  private void openFiles(Path in) throws IOException {
    requests = Optional.of(folder.keepOpen(in.resolve("requests")));
    position = Optional.of(folder.keepOpen(in.resolve("told")));
  }

  /** Begins with a kernel that has told nothing. */
  synchronized void begin(Identity kernel) {
    folder.use(
        in -> {
          Files.createDirectories(in.resolve("seats"), OwnerOnly.folder());
          openFiles(in);
          keep(kernel);
        });
  }

  private void keep(Identity kernel) {
    identity = Optional.of(kernel);
    folder.use(
        in -> {
          Path next = in.resolve(KERNEL + ".new");
          Files.deleteIfExists(next);
          try (FileChannel file = KeptFolder.open(next)) {
            file.write(ByteBuffer.wrap(JupyterJson.write(JupyterJson.toObject(kernel))));
          }
          Files.move(next, in.resolve(KERNEL), StandardCopyOption.ATOMIC_MOVE);
        });
  }

  /** Returns whether there is a kernel in it. */
  synchronized boolean isReadable() {
    return folder.path().isPresent() && identity.isPresent();
  }

  /** Returns whether the kernel outlives the server. */
  public synchronized boolean isKept() {
    return folder.path().isPresent();
  }

  /** Returns what the kernel is. */
  public synchronized Identity identity() {
    return identity.orElseThrow();
  }

  /** The kernel's messages carry another id from now on. */
  synchronized void headerSession(String session) {
    identity.ifPresent(kernel -> keep(kernel.withHeaderSession(session)));
  }

  /** The kernel ends with its relay. */
  public synchronized void ofRelay() {
    identity.ifPresent(kernel -> keep(kernel.ofRelay()));
  }

  /** Returns the folder for what is kept of the kernel's clients, if anything is. */
  public synchronized Optional<Path> seats() {
    return folder.path().map(in -> in.resolve("seats"));
  }

  /** A request was received; it is kept until {@link #answered}. */
  synchronized void received(String key, Request request) {
    if (isKept()) {
      Open kept = new Open(request.message(), request.from().keptName());
      open.put(key, kept);
      append(entry(key, kept));
    }
  }

  /** A request was answered. */
  synchronized void answered(String key) {
    if (open.remove(key) != null) {
      append(JupyterJson.object().put("key", key));
    }
  }

  private void append(ObjectNode entry) {
    folder.use(
        in -> {
          FileChannel file = requests.orElseThrow();
          if (file.size() > MOST_BYTES + 2 * openBytes) {
            rewrite(in);
          } else {
            write(entry, file);
          }
        });
  }

  /** Leaves out what is answered. */
  private void rewrite(Path in) throws IOException {
    Path next = in.resolve("requests.new");
    Files.deleteIfExists(next);
    try (FileChannel file = KeptFolder.open(next)) {
      for (Map.Entry<String, Open> kept : open.entrySet()) {
        write(entry(kept.getKey(), kept.getValue()), file);
      }
      openBytes = file.size();
    }
    Files.move(next, in.resolve("requests"), StandardCopyOption.ATOMIC_MOVE);
    folder.release(requests.orElseThrow());
    requests = Optional.of(folder.keepOpen(in.resolve("requests")));
  }

  private static ObjectNode entry(String key, Open kept) {
    byte[] message = CODEC.encode(kept.message()).array();
    return JupyterJson.object()
        .put("key", key)
        .put("client", kept.client())
        .put("message", Base64.getEncoder().encodeToString(message));
  }

  private static void write(ObjectNode entry, FileChannel file) throws IOException {
    ByteBuffer line =
        ByteBuffer.wrap(
            (new String(JupyterJson.write(entry), StandardCharsets.UTF_8) + "\n")
                .getBytes(StandardCharsets.UTF_8));
    long at = file.size();
    while (line.hasRemaining()) {
      at += file.write(line, at);
    }
  }

  /** Returns the requests that are not answered, by their keys, oldest first. */
  synchronized Map<String, Open> open() {
    return new LinkedHashMap<>(open);
  }

  /** All that follows from the session's event of that number has been told to the clients. */
  synchronized void told(long sequence) {
    if (isKept()) {
      told = sequence;
      folder.use(
          in ->
              position
                  .orElseThrow()
                  .write(ByteBuffer.allocate(Long.BYTES).putLong(sequence).flip(), 0));
    }
  }

  /** Returns the number of the last event that the clients have been told of. */
  synchronized long told() {
    return told;
  }

  /** Frees what is open and leaves everything to a later server. */
  synchronized void leave() {
    folder.close();
  }

  /** Removes what is kept, for good. */
  synchronized void delete() {
    folder.delete();
  }
}
