package io.polybius.session.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;

/** A server that is killed, as the one that follows it sees it: as what it has left on the disk. */
public final class KilledServer {

  private KilledServer() {}

  /**
   * Returns a copy, beside it, of what a server's folder holds in this moment. The server goes on,
   * but not for whoever uses the copy.
   */
  public static Path leaves(Path folder) throws IOException {
    Path copy = folder.resolveSibling("left-" + UUID.randomUUID());
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(folder.relativize(file).toString()));
      }
    }
    return copy;
  }
}
