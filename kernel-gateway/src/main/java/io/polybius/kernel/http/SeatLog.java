package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelJournal;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is kept of one client's place: who the client is, what is sent to it until it has that, and
 * how far its own messages have been served. Messages are numbered from 1 in both directions. If
 * the disk takes no more, the place goes on without being kept. Used under its seat's lock.
 */
final class SeatLog {

  private static final Logger log = LoggerFactory.getLogger(SeatLog.class);
  private static final V1WebSocketCodec CODEC = new V1WebSocketCodec();
  private static final int HEAD_BYTES = Long.BYTES + Integer.BYTES;

  /** When the client has everything and the file is larger, it is emptied. */
  private static final long MOST_BYTES = 1 << 20;

  // Where the numbers are in their file:
  private static final long DELIVERED = 0;
  private static final long SERVED = Long.BYTES;
  private static final long LAST = 2 * Long.BYTES;

  /**
   * A message that the client may not have.
   *
   * @param number its number
   */
  record Kept(long number, JupyterMessage message) {}

  private Optional<Path> folder;
  private Optional<FileChannel> messages = Optional.empty();
  private Optional<FileChannel> numbers = Optional.empty();
  private ObjectNode client = JupyterJson.object();
  private long last;
  private long delivered;
  private long served;

  private SeatLog(Optional<Path> folder) {
    this.folder = folder;
  }

  /** Returns one that keeps nothing. */
  static SeatLog none() {
    return new SeatLog(Optional.empty());
  }

  /**
   * Begins one.
   *
   * @param folder a new folder
   * @param client what says who the client is
   */
  static SeatLog begin(Path folder, ObjectNode client) {
    SeatLog begun = new SeatLog(Optional.of(folder));
    begun.client = client;
    begun.write(
        in -> {
          Files.createDirectory(
              in,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
          begun.openFiles(in);
          try (FileChannel file = open(in.resolve("client.json"))) {
            file.write(ByteBuffer.wrap(JupyterJson.write(client)));
          }
        });
    return begun;
  }

  /** Opens one that an earlier server has left. */
  private static SeatLog left(Path folder) {
    SeatLog found = new SeatLog(Optional.of(folder));
    found.write(
        in -> {
          try {
            found.client = JupyterJson.readObject(Files.readAllBytes(in.resolve("client.json")));
          } catch (MalformedMessageException e) {
            throw new IOException(e);
          }
          found.openFiles(in);
          found.delivered = found.number(DELIVERED);
          found.served = found.number(SERVED);
          found.last = Math.max(found.number(LAST), found.delivered);
        });
    return found;
  }

  /** Opens all that an earlier server has left in a folder. */
  static List<SeatLog> leftIn(Optional<Path> folder) {
    List<SeatLog> found = new ArrayList<>();
    if (folder.isPresent()) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder.get())) {
        for (Path entry : entries) {
          found.add(left(entry));
        }
      } catch (IOException e) {
        log.error("the clients of a kernel cannot be found", e);
      }
    }
    found.removeIf(seatLog -> !seatLog.isKept());
    return found;
  }

  private void openFiles(Path in) throws IOException {
    messages = Optional.of(open(in.resolve("messages")));
    numbers = Optional.of(open(in.resolve("numbers")));
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private long number(long at) throws IOException {
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    return numbers.orElseThrow().read(number, at) == Long.BYTES ? number.flip().getLong() : 0;
  }

  private void write(long number, long at) throws IOException {
    numbers.orElseThrow().write(ByteBuffer.allocate(Long.BYTES).putLong(number).flip(), at);
  }

  /** Returns whether anything is kept. */
  boolean isKept() {
    return folder.isPresent();
  }

  /** Returns what says who the client is. */
  ObjectNode client() {
    return client;
  }

  /** Returns the name under which the place is kept; empty if it is not. */
  String name() {
    return folder.map(in -> in.getFileName().toString()).orElse("");
  }

  /** Returns the number of the last message that was sent. */
  long last() {
    return last;
  }

  /** Returns the number of the client's last message that was served. */
  long served() {
    return served;
  }

  /** Returns what an earlier server has sent, and the client may not have. */
  List<Kept> undelivered() {
    List<Kept> kept = new ArrayList<>();
    write(
        in -> {
          FileChannel file = messages.orElseThrow();
          ByteBuffer all = ByteBuffer.allocate((int) file.size());
          while (all.hasRemaining() && file.read(all, all.position()) >= 0) {
            // Reads on.
          }
          all.flip();
          int end = 0;
          while (all.remaining() >= HEAD_BYTES) {
            long number = all.getLong();
            int length = all.getInt();
            if (length < 0 || length > all.remaining()) {
              break;
            }
            ByteBuffer frame = all.slice().limit(length);
            all.position(all.position() + length);
            end = all.position();
            last = Math.max(last, number);
            if (number > delivered) {
              kept.add(new Kept(number, decode(frame)));
            }
          }
          // One that was only half written goes.
          file.truncate(end);
        });
    return kept;
  }

  private static JupyterMessage decode(ByteBuffer frame) throws IOException {
    try {
      return CODEC.decode(frame);
    } catch (WireException e) {
      throw new IOException(e);
    }
  }

  /** Keeps a message that is sent, and returns its number. */
  long sent(JupyterMessage message) {
    long number = ++last;
    write(
        in -> {
          ByteBuffer frame = CODEC.encode(message);
          ByteBuffer record =
              ByteBuffer.allocate(HEAD_BYTES + frame.remaining())
                  .putLong(number)
                  .putInt(frame.remaining())
                  .put(frame)
                  .flip();
          FileChannel file = messages.orElseThrow();
          long at = file.size();
          while (record.hasRemaining()) {
            at += file.write(record, at);
          }
        });
    return number;
  }

  /** The client has all messages up to a number. */
  void delivered(long number) {
    if (number <= delivered) {
      return;
    }
    delivered = number;
    write(
        in -> {
          write(number, DELIVERED);
          if (delivered == last && messages.orElseThrow().size() > MOST_BYTES) {
            write(last, LAST);
            messages.orElseThrow().truncate(0);
          }
        });
  }

  /** The client's messages up to a number have been served. */
  void served(long number) {
    if (number > served) {
      served = number;
      write(in -> write(number, SERVED));
    }
  }

  /** Another client is here, whose messages begin with 1. */
  void serveFromStart() {
    served = 0;
    write(in -> write(0, SERVED));
  }

  /** Does something with the folder. */
  private interface Work {
    void in(Path folder) throws IOException;
  }

  private void write(Work work) {
    if (folder.isEmpty()) {
      return;
    }
    try {
      work.in(folder.get());
    } catch (IOException | RuntimeException e) {
      log.error("what is kept in {} cannot be used, and is given up", folder.get(), e);
      delete();
    }
  }

  /** Frees what is open; nothing is kept any more. */
  void close() {
    try {
      if (messages.isPresent()) {
        messages.get().close();
      }
      if (numbers.isPresent()) {
        numbers.get().close();
      }
    } catch (IOException e) {
      log.warn("files of a client could not be closed: {}", e.toString());
    }
    folder = Optional.empty();
  }

  /** Removes what is kept, for good. */
  void delete() {
    Optional<Path> gone = folder;
    close();
    gone.ifPresent(KernelJournal::delete);
  }
}
