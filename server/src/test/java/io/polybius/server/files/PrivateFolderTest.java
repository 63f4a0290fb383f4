package io.polybius.server.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {

  @TempDir private Path place;

  @Test
  void isItsOwnersAloneAndGoneWhenClosed() throws IOException {
    try (PrivateFolder folder = new PrivateFolder(Optional.of(place.resolve("new/state")))) {
      Path inside = Files.writeString(folder.folder("kernels").resolve("kernel.json"), "{}");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(owned(inside))))
          .isEqualTo("rwx------");
    }
    assertThat(place.resolve("new/state")).isEmptyDirectory();
  }

  @Test
  void oneThatIsInUseStays() throws IOException {
    try (PrivateFolder first = new PrivateFolder(Optional.of(place));
        PrivateFolder second = new PrivateFolder(Optional.of(place))) {
      assertThat(first.folder("here")).exists();
      assertThat(second.folder("here")).exists();
    }
  }

  @Test
  void oneThatWasLeftBehindIsRemovedUnlessDriversStillUseIt() throws IOException {
    Path left = leave("polybius-1");
    Files.writeString(left.resolve("kernel.json"), "{}");
    Path inUse = leave("polybius-2");
    Files.createDirectories(inUse.resolve("drivers/session-0-1"));
    Path unrelated = Files.createDirectory(place.resolve("polybius-notes"));
    Path other = Files.createDirectory(place.resolve("other"));
    Files.createFile(other.resolve("lock"));

    new PrivateFolder(Optional.of(place)).close();

    assertThat(list()).containsExactlyInAnyOrder(inUse, unrelated, other);
  }

  private Path leave(String name) throws IOException {
    Path folder = Files.createDirectory(place.resolve(name));
    Files.createFile(folder.resolve("lock"));
    return folder;
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> files = Files.list(place)) {
      return files.toList();
    }
  }

  /** Returns the folder itself of a file in one of its folders. */
  private static Path owned(Path file) {
    return file.getParent().getParent();
  }
}
