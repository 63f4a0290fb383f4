package io.polybius.server.files;

import io.polybius.launch.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A folder that only its owner can enter, and that is gone when it is closed. */
public final class PrivateFolder implements AutoCloseable {

  private final Path path;

  /**
   * Makes a new one.
   *
   * @param parent where; made if it is missing; empty for the system's temporary folder
   */
  public PrivateFolder(Optional<Path> parent) throws IOException {
    // Temporary folders are made with mode 700 wherever a file system knows modes.
    if (parent.isPresent()) {
      Files.createDirectories(parent.get());
      path = Files.createTempDirectory(parent.get(), "server-");
    } else {
      path = Files.createTempDirectory("polybius-");
    }
  }

  /** Makes a folder inside of it. */
  public Path folder(String name) throws IOException {
    return Files.createDirectory(path.resolve(name));
  }

  @Override
  public void close() throws IOException {
    FileTree.delete(path);
  }
}
