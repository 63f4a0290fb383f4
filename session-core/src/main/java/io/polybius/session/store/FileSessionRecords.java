package io.polybius.session.store;

import io.polybius.session.spi.SessionRecords;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One file, in which each record has before it its length, a checksum of that, and one of its
 * content. A server that is killed leaves the beginning of a record at most: all else that does not
 * fit is damage, of which nothing is cut off.
 */
final class FileSessionRecords implements SessionRecords {

  private static final Logger logger = LoggerFactory.getLogger(FileSessionRecords.class);
  private static final int HEAD_BYTES = 3 * Integer.BYTES;

  private final int sessionId;
  private final Path folder;
  private final Path file;
  private FileChannel channel;

  /** Where the next record goes. */
  private long end;

  FileSessionRecords(int sessionId, Path folder) {
    this.sessionId = sessionId;
    this.folder = folder;
    this.file = folder.resolve("journal");
  }

  @Override
  public int sessionId() {
    return sessionId;
  }

  @Override
  public Path folder() {
    return folder;
  }

  @Override
  public void read(Consumer<byte[]> each) throws IOException {
    if (Files.notExists(file)) {
      return;
    }
    try (FileChannel reading = FileChannel.open(file, StandardOpenOption.READ);
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(Channels.newInputStream(reading)))) {
      long size = reading.size();
      end = 0;
      while (size - end >= HEAD_BYTES) {
        int length = in.readInt();
        int lengthChecksum = in.readInt();
        int checksum = in.readInt();
        if (checksum(length) != lengthChecksum) {
          throw damaged();
        }
        long next = end + HEAD_BYTES + length;
        if (next > size) {
          break;
        }
        byte[] content = in.readNBytes(length);
        if (checksum(content) != checksum) {
          throw damaged();
        }
        each.accept(content);
        end = next;
      }
      if (end < size) {
        logger.info("the last record of {} was only half written, and is left out", file);
      }
    }
    open().truncate(end);
  }

  private IOException damaged() {
    return new IOException(file + " is damaged at byte " + end);
  }

  private static int checksum(int length) {
    return checksum(ByteBuffer.allocate(Integer.BYTES).putInt(length).array());
  }

  private static int checksum(byte[] content) {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    return (int) checksum.getValue();
  }

  @Override
  public void append(byte[] content) throws IOException {
    end = write(open(), content, end);
  }

  private static long write(FileChannel to, byte[] content, long at) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(HEAD_BYTES + content.length)
            .putInt(content.length)
            .putInt(checksum(content.length))
            .putInt(checksum(content))
            .put(content)
            .flip();
    long next = at;
    while (bytes.hasRemaining()) {
      next += to.write(bytes, next);
    }
    return next;
  }

  private FileChannel open() throws IOException {
    if (channel == null) {
      channel = open(file);
    }
    return channel;
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  @Override
  public void replaceAll(Iterator<byte[]> contents) throws IOException {
    Path next = next();
    Files.deleteIfExists(next);
    long nextEnd = 0;
    try (FileChannel to = open(next)) {
      while (contents.hasNext()) {
        nextEnd = write(to, contents.next(), nextEnd);
      }
    }
    release();
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    end = nextEnd;
  }

  private Path next() {
    return folder.resolve("journal.new");
  }

  @Override
  public long bytes() {
    return end;
  }

  @Override
  public void release() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        logger.warn("{} could not be closed: {}", file, e.toString());
      }
      channel = null;
    }
  }

  @Override
  public void abandon() {
    release();
    try {
      Files.deleteIfExists(file);
      Files.deleteIfExists(next());
    } catch (IOException e) {
      logger.warn("{} could not be deleted: {}", file, e.toString());
    }
  }

  @Override
  public void delete() {
    release();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        Files.deleteIfExists(entry);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      logger.warn("{} could not be deleted: {}", folder, e.toString());
    }
  }
}
