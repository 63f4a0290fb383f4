package io.polybius.server.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class StagingFolderTest {

  @TempDir Path parent;

  @Test
  void folderIsTheServersOnlyAndGoesWithIt() throws IOException {
    Path shared = parent.resolve("a/staging");
    StagingFolder folder = new StagingFolder(shared, Optional.empty());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.path())))
        .isEqualTo("rwx------");
    assertThat(folder.path().getParent()).isEqualTo(shared);
    Files.createFile(Files.createDirectory(folder.path().resolve("session-0")).resolve("x.jar"));

    folder.close();

    assertThat(shared).doesNotExist();
    Path operators = Files.createDirectory(parent.resolve("operators"));
    new StagingFolder(operators, Optional.empty()).close();
    assertThat(operators).isEmptyDirectory();
  }

  @Test
  void whatAKilledServerHasLeftIsRemovedAndWhatOthersUseIsNot() throws IOException {
    Path left = Files.createDirectory(parent.resolve("server-1"));
    Files.createFile(parent.resolve("server-1.lock"));
    Files.createFile(left.resolve("x.jar"));
    Path halfRemoved = Files.createDirectory(parent.resolve("server-2"));
    Path others = Files.createDirectory(parent.resolve("precious"));

    try (StagingFolder first = new StagingFolder(parent, Optional.empty());
        StagingFolder second = new StagingFolder(parent, Optional.empty())) {
      assertThat(first.path()).exists().isNotEqualTo(second.path());
      assertThat(second.path()).exists();
      assertThat(left).doesNotExist();
      assertThat(parent.resolve("server-1.lock")).doesNotExist();
      assertThat(halfRemoved).doesNotExist();
    }
    assertThat(others).exists();
  }

  @Test
  void whatOutlivesTheServerIsFoundAgain() throws IOException {
    Path recovery = Files.createDirectory(parent.resolve("recovery"));
    Path shared = parent.resolve("staging");
    Path file;
    try (StagingFolder folder = new StagingFolder(shared, Optional.of(recovery))) {
      file = Files.createFile(folder.path().resolve("x.jar"));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.path())))
          .isEqualTo("rwx------");
    }
    new StagingFolder(shared, Optional.empty()).close();
    try (StagingFolder again = new StagingFolder(shared, Optional.of(recovery))) {
      assertThat(file).exists().hasParent(again.path());
    }
    Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxr-x---"));
    assertThatThrownBy(() -> new StagingFolder(shared, Optional.of(recovery)))
        .hasMessageContaining("chmod 700 " + file.getParent());
    Path other = Files.createDirectory(parent.resolve("other"));
    try (StagingFolder another = new StagingFolder(shared, Optional.of(other))) {
      assertThat(another.path()).isEmptyDirectory();
    }
  }

  @Test
  void folderOfSomebodyElseIsRefused() throws IOException {
    Path shared = parent.resolve("shared");
    Path recovery = Files.createDirectory(parent.resolve("recovered"));
    Path own;
    try (StagingFolder folder = new StagingFolder(shared, Optional.of(recovery))) {
      own = folder.path();
    }
    // Only root can give something away.
    Assumptions.assumeTrue(
        Files.getOwner(own).getName().equals("root"), "files can be given to others");
    Files.setOwner(
        own, own.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
    assertThatThrownBy(() -> new StagingFolder(shared, Optional.of(recovery)))
        .hasMessageContaining("belongs to nobody");
    assertThat(own).isEmptyDirectory();
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.createFile(parent.resolve("file"));

    assertThatThrownBy(() -> new StagingFolder(file.resolve("staging"), Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("livy.session.staging-dir");
  }
}
