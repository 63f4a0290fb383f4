package io.polybius.server;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** A folder that only its owner can enter, and that is gone when it is closed. */
final class PrivateFolder implements AutoCloseable {

  private final Path path;

  /**
   * Makes a new one.
   *
   * @param parent where; made if it is missing; empty for the system's temporary folder
   */
  PrivateFolder(Optional<Path> parent) throws IOException {
    // Temporary folders are made with mode 700 wherever a file system knows modes.
    if (parent.isPresent()) {
      Files.createDirectories(parent.get());
      path = Files.createTempDirectory(parent.get(), "server-");
    } else {
      path = Files.createTempDirectory("polybius-");
    }
  }

  /** Returns a folder inside of it, which is made. */
  Path folder(String name) throws IOException {
    return Files.createDirectory(path.resolve(name));
  }

  @Override
  public void close() throws IOException {
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
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              // Its owner has just removed it.
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
