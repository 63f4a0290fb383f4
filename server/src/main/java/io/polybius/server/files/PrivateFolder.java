package io.polybius.server.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that only its owner can enter, and that is gone when it is closed. One that was left by
 * a process which could not close it is removed when another is made beside it: a lock, which the
 * system frees with the process, tells them apart.
 */
public final class PrivateFolder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PrivateFolder.class);
  private static final String PREFIX = "polybius-";
  private static final String LOCK = "lock";

  private final Path path;
  private final FileLock lock;

  /**
   * Makes a new one.
   *
   * @param parent where; made if it is missing; empty for the system's temporary folder
   */
  public PrivateFolder(Optional<Path> parent) throws IOException {
    Path place = parent.orElse(Path.of(System.getProperty("java.io.tmpdir")));
    Files.createDirectories(place);
    // Temporary folders are made with mode 700 wherever a file system knows modes.
    path = Files.createTempDirectory(place, PREFIX);
    FileChannel file =
        FileChannel.open(
            path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    lock = file.lock();
    removeAbandoned(place);
  }

  /** Makes a folder inside of it. */
  public Path folder(String name) throws IOException {
    return Files.createDirectory(path.resolve(name));
  }

  @Override
  public void close() throws IOException {
    lock.channel().close();
    FileTree.delete(path);
  }

  private static void removeAbandoned(Path place) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(place, PREFIX + "*")) {
      for (Path folder : folders) {
        removeIfAbandoned(folder);
      }
    } catch (IOException | DirectoryIteratorException e) {
      log.debug("{} could not be tidied up", place, e);
    }
  }

  private static void removeIfAbandoned(Path folder) throws IOException {
    Path file = folder.resolve(LOCK);
    if (!Files.isReadable(file) || !Files.isWritable(file) || hasDrivers(folder)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock taken = channel.tryLock()) {
      if (taken != null) {
        log.info("removing {}, which a server that was killed has left", folder);
        FileTree.delete(folder);
      }
    } catch (OverlappingFileLockException e) {
      log.trace("{} belongs to this process", folder);
    }
  }

  /** Drivers outlive a killed server for a while, and remove their own files. */
  private static boolean hasDrivers(Path folder) throws IOException {
    Path drivers = folder.resolve("drivers");
    if (!Files.isDirectory(drivers)) {
      return false;
    }
    try (Stream<Path> living = Files.list(drivers)) {
      return living.findAny().isPresent();
    }
  }
}
