package io.polybius.server.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class RecoveryFolderTest {

  @TempDir private Path parent;

  @Test
  void onlyItsOwnerCanEnterANewFolder() throws Exception {
    Path path = parent.resolve("new");
    try (RecoveryFolder folder = new RecoveryFolder(path)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rwx------");
      assertThat(folder.folder("sessions")).isEqualTo(path.resolve("sessions"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxr-x---", "rwx---r--", "rwx-w----", "rwx-----x"})
  void folderThatOthersCanUseIsRefused(String permissions) throws Exception {
    Path path = Files.createDirectory(parent.resolve("open"));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    assertThatThrownBy(() -> new RecoveryFolder(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 700");
    assertThat(path).isEmptyDirectory();
  }

  @Test
  void folderIsForOneServerAtATime() throws Exception {
    Path path = parent.resolve("new");
    try (RecoveryFolder folder = new RecoveryFolder(path)) {
      assertThatThrownBy(() -> new RecoveryFolder(folder.folder(".").normalize()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Another server");
    }
    new RecoveryFolder(path).close();
  }
}
