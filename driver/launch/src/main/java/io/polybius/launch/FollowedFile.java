package io.polybius.launch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a process writes to a file, as a stream that goes on until the process has ended. How far it
 * was read is kept in a second file, so that a later server reads on from there. Read by one
 * thread.
 */
final class FollowedFile extends InputStream {

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** When all of such a file has been read, it is emptied. */
  private static final long LARGE_BYTES = 16L << 20;

  private final FileChannel file;
  private final FileChannel positionFile;
  private long position;
  private long keptPosition;
  private volatile boolean complete;
  private volatile boolean left;

  /** Opens a file that the process appends to; makes it if it is not there. */
  FollowedFile(Path path) throws IOException {
    file = open(path);
    positionFile = open(positionOf(path));
    ByteBuffer kept = ByteBuffer.allocate(Long.BYTES);
    position = positionFile.read(kept, 0) == Long.BYTES ? kept.flip().getLong() : 0;
    if (position > file.size()) {
      // It was emptied, and that could not be noted any more.
      position = 0;
    }
    keptPosition = position;
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static Path positionOf(Path path) {
    return path.resolveSibling(path.getFileName() + ".read");
  }

  /** Removes a file, and what is kept about it. */
  static void delete(Path path) throws IOException {
    Files.deleteIfExists(path);
    Files.deleteIfExists(positionOf(path));
  }

  /** The process has ended: what is there now is all. */
  void finish() {
    complete = true;
  }

  /** Lets the stream end here; what follows is for a later server. */
  void leave() {
    left = true;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    keepPosition();
    while (!left) {
      boolean last = complete;
      int count = file.read(ByteBuffer.wrap(into, offset, length), position);
      if (count > 0) {
        position += count;
        return count;
      }
      if (last) {
        break;
      }
      if (position > LARGE_BYTES) {
        // What the process writes in this very moment is lost; else the file would grow for ever.
        file.truncate(0);
        position = 0;
        keepPosition();
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return -1;
  }

  /** What was read before has been dealt with when more is asked for. */
  private void keepPosition() throws IOException {
    if (position != keptPosition) {
      positionFile.write(ByteBuffer.allocate(Long.BYTES).putLong(position).flip(), 0);
      keptPosition = position;
    }
  }

  @Override
  public void close() throws IOException {
    try (FileChannel one = file;
        FileChannel other = positionFile) {
      left = true;
    }
  }
}
