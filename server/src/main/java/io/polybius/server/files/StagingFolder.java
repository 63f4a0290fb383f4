package io.polybius.server.files;

import io.polybius.launch.FileTree;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a server keeps the files that clients upload: a folder of its own, which only its owner can
 * enter, in one that servers may share. It is gone when it is closed. What a server that was killed
 * has left is removed by the next one; a lock beside each folder tells whether its server runs. The
 * folder of a server whose sessions outlive it stays, for the server that goes on with them.
 */
public final class StagingFolder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StagingFolder.class);

  private static final FileAttribute<Set<PosixFilePermission>> OWNER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final String PASSING = "server-";
  private static final String LASTING = "recovery-";
  private static final String LOCK = ".lock";

  /** How often it is begun anew when another server that ends has removed the shared folder. */
  private static final int ATTEMPTS = 3;

  private final Path shared;
  private final boolean madeShared;
  private final Path path;

  /** Beside a folder that goes with the server; the folder of recovery has its own lock. */
  private final Optional<Lock> lock;

  private record Lock(Path file, FileChannel channel) {}

  /**
   * Makes the folder, or takes possession of it.
   *
   * @param shared made if it is missing
   * @param recovery the folder of sessions that outlive the server, if any do; the server has it to
   *     itself
   * @throws IOException if that is not possible; the message is a sentence for the operator
   */
  public StagingFolder(Path shared, Optional<Path> recovery) throws IOException {
    this.shared = shared;
    this.madeShared = !Files.exists(shared);
    try {
      if (recovery.isPresent()) {
        Files.createDirectories(shared, OWNER);
        removeWhatIsLeft();
        lock = Optional.empty();
        path = shared.resolve(LASTING + nameOf(recovery.get().toRealPath()));
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectory(path, OWNER);
        }
        refuseFolderOfOthers(path);
      } else {
        String name = PASSING + UUID.randomUUID();
        // First the lock, so that no other server takes the folder for one that was left.
        lock = Optional.of(locked(name + LOCK));
        removeWhatIsLeft();
        path = Files.createDirectory(shared.resolve(name), OWNER);
      }
    } catch (IOException e) {
      throw new IOException(
          "The folder "
              + shared
              + " for uploaded files cannot be used ("
              + e
              + "); choose another one with livy.session.staging-dir.",
          e);
    }
  }

  /** Returns the folder. */
  public Path path() {
    return path;
  }

  /** One that was there may be another's, or have been looked into by others. */
  private static void refuseFolderOfOthers(Path folder) throws IOException {
    UserPrincipal owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(self(folder))) {
      throw new IOException(
          folder + " belongs to " + owner.getName() + ", and not to the server's user");
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    if (!OWNER.value().containsAll(permissions)) {
      throw new IOException("others may enter " + folder + "; run: chmod 700 " + folder);
    }
  }

  /** Returns the user as whom this process makes files, in a container that has no names too. */
  private static UserPrincipal self(Path folder) throws IOException {
    Path probe = Files.createTempFile(folder, "owner-", "");
    try {
      return Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
    } finally {
      Files.delete(probe);
    }
  }

  private static String nameOf(Path recovery) {
    return UUID.nameUUIDFromBytes(recovery.toString().getBytes(StandardCharsets.UTF_8)).toString();
  }

  private Lock locked(String name) throws IOException {
    for (int attempt = 1; ; attempt++) {
      Files.createDirectories(shared, OWNER);
      Path file = shared.resolve(name);
      try {
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
          channel.close();
          throw new IOException("no lock on " + file);
        }
        return new Lock(file, channel);
      } catch (NoSuchFileException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private void removeWhatIsLeft() throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(shared, PASSING + "*")) {
      for (Path each : all) {
        if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
          removeUnlessInUse(each);
        }
      }
    }
  }

  private static void removeUnlessInUse(Path folder) {
    Path file = folder.resolveSibling(folder.getFileName() + LOCK);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.tryLock() != null) {
        FileTree.delete(folder);
        Files.deleteIfExists(file);
      }
    } catch (OverlappingFileLockException usedByThisProcess) {
      // It is another server of this process.
    } catch (NoSuchFileException halfRemoved) {
      deleteOrWarn(folder);
    } catch (IOException e) {
      log.warn("uploaded files of an earlier server are left in {}", folder, e);
    }
  }

  private static void deleteOrWarn(Path folder) {
    try {
      FileTree.delete(folder);
    } catch (IOException e) {
      log.warn("uploaded files are left in {}", folder, e);
    }
  }

  private static void removeIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException usedByOthers) {
      // The last of them may remove it.
    }
  }

  /** Removes the folder, or leaves it to a later server. */
  @Override
  public void close() throws IOException {
    if (lock.isPresent()) {
      deleteOrWarn(path);
      Files.deleteIfExists(lock.get().file());
      lock.get().channel().close();
      if (madeShared) {
        removeIfEmpty(shared);
      }
    }
  }
}
