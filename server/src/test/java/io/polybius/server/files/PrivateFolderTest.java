package io.polybius.server.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
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

  /** Returns the folder itself of a file in one of its folders. */
  private static Path owned(Path file) {
    return file.getParent().getParent();
  }
}
