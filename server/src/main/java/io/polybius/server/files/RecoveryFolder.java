package io.polybius.server.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The folder of what outlives a server, for one server at a time. Only its owner can enter it. */
public final class RecoveryFolder implements AutoCloseable {

  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private final Path path;
  private final FileChannel lockFile;

  /**
   * Takes possession of a folder, which is made if it is missing.
   *
   * @throws IOException if that is not possible; the message is a sentence for the operator
   */
  public RecoveryFolder(Path path) throws IOException {
    this.path = path;
    Files.createDirectories(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    refuseOpenFolder();
    this.lockFile =
        FileChannel.open(
            path.resolve("lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    if (!isLocked()) {
      lockFile.close();
      throw new IOException(
          "Another server keeps its sessions in "
              + path
              + ". End it, or give this one a folder of its own with"
              + " livy.server.recovery.state-store.url.");
    }
  }

  /** One that was there may be another's, or have been looked into by others. */
  private void refuseOpenFolder() throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
    if (!OWNER.containsAll(permissions)) {
      throw new IOException(
          "Others may enter the folder %s of sessions (its mode is %s); run: chmod 700 %s"
              .formatted(path, PosixFilePermissions.toString(permissions), path));
    }
  }

  /** The lock goes with the channel, or with the process. */
  private boolean isLocked() throws IOException {
    try {
      FileLock lock = lockFile.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // It is another server of this process.
      return false;
    }
  }

  /** Returns the path of the folder. */
  public Path path() {
    return path;
  }

  /** Returns the path of a folder inside of it, which need not be there. */
  public Path folder(String name) {
    return path.resolve(name);
  }

  /** Leaves the folder to a later server. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
