package io.polybius.kernel.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder in which something is kept for a later server. If the disk takes no more, or what is
 * there cannot be used, the folder is removed, and whoever it belongs to goes on without being
 * kept. Used under its owner's lock.
 */
public final class KeptFolder {

  private static final Logger log = LoggerFactory.getLogger(KeptFolder.class);

  private final List<FileChannel> files = new ArrayList<>();
  private Optional<Path> folder;

  /** Something to do with a folder. */
  public interface Work {
    /** Does it. */
    void in(Path folder) throws IOException;
  }

  private KeptFolder(Optional<Path> folder) {
    this.folder = folder;
  }

  /** Returns one that keeps nothing. */
  public static KeptFolder none() {
    return new KeptFolder(Optional.empty());
  }

  /** Returns the one at a path, which need not be there yet. */
  public static KeptFolder at(Path path) {
    return new KeptFolder(Optional.of(path));
  }

  /** Returns where it is; nothing when nothing is kept, or no longer. */
  public Optional<Path> path() {
    return folder;
  }

  /** Does something with the folder, if there is one, and gives it up if that fails. */
  public void use(Work work) {
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

  /** Opens a file of the folder, which is made if it is not there; it is closed with this. */
  public FileChannel keepOpen(Path file) throws IOException {
    FileChannel opened = open(file);
    files.add(opened);
    return opened;
  }

  /** Closes a file that was kept open. */
  public void release(FileChannel file) throws IOException {
    files.remove(file);
    file.close();
  }

  /** Opens a file for its owner only, which is made if it is not there. */
  public static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
        OwnerOnly.file());
  }

  /** Frees what is open and leaves everything to a later server. */
  public void close() {
    folder = Optional.empty();
    for (FileChannel file : files) {
      try {
        file.close();
      } catch (IOException e) {
        log.warn("a file that was kept could not be closed: {}", e.toString());
      }
    }
    files.clear();
  }

  /** Removes what is kept, for good. */
  public void delete() {
    Optional<Path> gone = folder;
    close();
    gone.ifPresent(KeptFolder::delete);
  }

  /** Removes a folder with what is in it, as far as that is possible. */
  private static void delete(Path path) {
    try {
      Files.walkFileTree(
          path,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure)
                throws IOException {
              Files.deleteIfExists(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} could not be deleted: {}", path, e.toString());
    }
  }
}
