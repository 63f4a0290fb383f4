package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.files.KeptFolder;
import io.polybius.kernel.files.OwnerOnly;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

  /** A file that is larger is written anew, with what the client still needs. */
  private static final long LARGE_BYTES = 128L << 20;

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

  private final KeptFolder folder;
  private Optional<FileChannel> messages = Optional.empty();
  private Optional<FileChannel> numbers = Optional.empty();

  /** How large the file of messages is, and how large it may become. */
  private long bytes;

  private long mostBytes = LARGE_BYTES;
  private ObjectNode client = JupyterJson.object();
  private long last;
  private long delivered;
  private long served;

  private SeatLog(KeptFolder folder) {
    this.folder = folder;
  }

  /** Returns one that keeps nothing. */
  static SeatLog none() {
    return new SeatLog(KeptFolder.none());
  }

  /**
   * Begins one.
   *
   * @param folder a new folder
   * @param client what says who the client is
   */
  static SeatLog begin(Path folder, ObjectNode client) {
    SeatLog begun = new SeatLog(KeptFolder.at(folder));
    begun.client = client;
    begun.folder.use(
        in -> {
          Files.createDirectory(in, OwnerOnly.folder());
          begun.openFiles(in);
          try (FileChannel file = KeptFolder.open(in.resolve("client.json"))) {
            file.write(ByteBuffer.wrap(JupyterJson.write(client)));
          }
        });
    return begun;
  }

  /** Opens one that an earlier server has left. */
  private static SeatLog left(Path folder) {
    SeatLog found = new SeatLog(KeptFolder.at(folder));
    found.folder.use(
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
    messages = Optional.of(folder.keepOpen(in.resolve("messages")));
    numbers = Optional.of(folder.keepOpen(in.resolve("numbers")));
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
    return folder.path().isPresent();
  }

  /** Returns what says who the client is. */
  ObjectNode client() {
    return client;
  }

  /** Returns the name under which the place is kept; empty if it is not. */
  String name() {
    return folder.path().map(in -> in.getFileName().toString()).orElse("");
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
    folder.use(
        in -> {
          FileChannel file = messages.orElseThrow();
          bytes =
              forEach(
                  file,
                  (number, frame) -> {
                    last = Math.max(last, number);
                    if (number > delivered) {
                      kept.add(new Kept(number, decode(frame)));
                    }
                  });
          // One that was only half written goes.
          file.truncate(bytes);
        });
    return kept;
  }

  /** Does something with a message of the file. */
  private interface Reader {
    void read(long number, ByteBuffer frame) throws IOException;
  }

  /** Reads a file of messages and returns where the last whole one ends. */
  private static long forEach(FileChannel file, Reader reader) throws IOException {
    long end = 0;
    long size = file.size();
    while (size - end >= HEAD_BYTES) {
      ByteBuffer head = read(file, end, HEAD_BYTES);
      long number = head.getLong();
      int length = head.getInt();
      if (length < 0 || length > size - end - HEAD_BYTES) {
        break;
      }
      reader.read(number, read(file, end + HEAD_BYTES, length));
      end += HEAD_BYTES + length;
    }
    return end;
  }

  private static ByteBuffer read(FileChannel file, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, at + bytes.position()) < 0) {
        throw new EOFException("the file has become shorter");
      }
    }
    return bytes.flip();
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
    folder.use(in -> bytes += append(messages.orElseThrow(), bytes, number, CODEC.encode(message)));
    return number;
  }

  /** Writes a message into a file and returns how many bytes it takes there. */
  private static long append(FileChannel file, long at, long number, ByteBuffer frame)
      throws IOException {
    ByteBuffer record =
        ByteBuffer.allocate(HEAD_BYTES + frame.remaining())
            .putLong(number)
            .putInt(frame.remaining())
            .put(frame)
            .flip();
    while (record.hasRemaining()) {
      file.write(record, at + record.position());
    }
    return record.limit();
  }

  /** Returns whether so much is kept that {@link #keepOnly} is worth its while. */
  boolean isLarge() {
    return isKept() && bytes > mostBytes;
  }

  /**
   * Forgets what the client has, and what it will never get.
   *
   * @param needed the numbers of the messages that it will be sent, or sent again
   */
  void keepOnly(Set<Long> needed) {
    folder.use(
        in -> {
          // The numbers go on, also if the last message is one of those that go.
          write(last, LAST);
          Path path = in.resolve("messages.new");
          Files.deleteIfExists(path);
          FileChannel old = messages.orElseThrow();
          FileChannel fresh = folder.keepOpen(path);
          bytes = 0;
          forEach(
              old,
              (number, frame) -> {
                if (needed.contains(number)) {
                  bytes += append(fresh, bytes, number, frame);
                }
              });
          Files.move(path, in.resolve("messages"), StandardCopyOption.ATOMIC_MOVE);
          messages = Optional.of(fresh);
          folder.release(old);
          mostBytes = Math.max(LARGE_BYTES, 2 * bytes);
        });
  }

  /** The client has all messages up to a number. */
  void delivered(long number) {
    if (number <= delivered) {
      return;
    }
    delivered = number;
    folder.use(
        in -> {
          write(number, DELIVERED);
          if (delivered == last && bytes > MOST_BYTES) {
            write(last, LAST);
            messages.orElseThrow().truncate(0);
            bytes = 0;
          }
        });
  }

  /** The client's messages up to a number have been served. */
  void served(long number) {
    if (number > served) {
      served = number;
      folder.use(in -> write(number, SERVED));
    }
  }

  /** Another client is here, whose messages begin with 1. */
  void serveFromStart() {
    served = 0;
    folder.use(in -> write(0, SERVED));
  }

  /** Frees what is open; nothing is kept any more. */
  void close() {
    folder.close();
  }

  /** Removes what is kept, for good. */
  void delete() {
    folder.delete();
  }
}
