package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where uploaded files are kept, and what they may be called. */
@Timeout(20)
class StagedFilesTest {

  @TempDir Path staging;

  private StagedFiles files(int session) {
    return new StagedFiles(Optional.of(staging), session);
  }

  @ParameterizedTest
  @CsvSource({
    "x.jar, x.jar",
    "/etc/passwd, passwd",
    "../../x.jar, x.jar",
    "C:\\fakepath\\x.jar, x.jar",
    "a/b\\c, c",
    "two words.txt, two words.txt",
    ".hidden, .hidden",
    "...,...",
    "q?#%41.jar, q?#%41.jar"
  })
  void namesLoseTheirFolders(String given, String kept) {
    Path file = files(0).create(given);

    assertThat(file.getFileName()).hasToString(kept);
    assertThat(file.toAbsolutePath().normalize()).startsWith(staging).isEmptyFile();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", ".", "..", "x/", "a/..", "..\\..", "a\nb", "nul\0", "\u0085", "a\u2028b"})
  void namesThatAreNoneAreRefused(String name) throws IOException {
    assertThatThrownBy(() -> files(0).create(name))
        .isInstanceOfSatisfying(
            SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_RESOURCE))
        .hasMessageContaining("cannot be used")
        .message()
        .doesNotContainPattern("\\p{Cc}");
    assertThat(staging).isEmptyDirectory();
  }

  @Test
  void namesAreAsLongAsFileSystemsTakeThem() {
    assertThat(files(0).create("x".repeat(255))).exists();
    assertThatThrownBy(() -> files(0).create("x".repeat(256))).hasMessageContaining("255 bytes");
    assertThatThrownBy(() -> files(0).create("\u00e9".repeat(128)))
        .hasMessageContaining("255 bytes");
  }

  @Test
  void filesOfTheSameNameHaveFoldersOfTheirOwnWhichOthersCannotEnter() throws IOException {
    StagedFiles files = files(3);
    Path one = files.create("x.jar");
    Path two = files.create("x.jar");

    assertThat(one).isNotEqualTo(two);
    for (Path folder : Set.of(one.getParent(), two.getParent(), one.getParent().getParent())) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
          .isEqualTo("rwx------");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
        .isEqualTo("rw-------");

    files.discard(one);
    assertThat(one.getParent()).doesNotExist();
    assertThat(two).exists();
  }

  @Test
  void closedFilesAreGoneAndNoneIsMadeAnyMore() {
    StagedFiles files = files(3);
    Path file = files.create("x.jar");
    files.close();
    files.close();

    assertThat(file.getParent().getParent()).doesNotExist();
    files.discard(file);
    assertThatThrownBy(() -> files.create("y.jar")).hasMessageContaining("isn't active");
    assertThat(staging).isEmptyDirectory();
  }

  @Test
  void whatIsLeftOfOtherSessionsIsRemoved() throws IOException {
    Path kept = files(1).create("x.jar");
    Path left = files(2).create("x.jar");
    Files.createDirectory(staging.resolve("other"));

    StagedFiles.removeAllBut(staging, Set.of(1));

    assertThat(kept).exists();
    assertThat(left.getParent().getParent()).doesNotExist();
    assertThat(staging.resolve("other")).exists();
    StagedFiles.removeAllBut(staging.resolve("missing"), Set.of());
  }

  @Test
  void aDiskThatTakesNothingIsNamedWithoutThePath() throws IOException {
    Path notAFolder = Files.createFile(staging.resolve("file"));

    assertThatThrownBy(() -> new StagedFiles(Optional.of(notAFolder), 0).create("x.jar"))
        .isInstanceOfSatisfying(
            SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STAGING_FAILED))
        .hasMessageStartingWith("The server cannot store the file: ")
        .message()
        .doesNotContain(staging.toString());
    assertThatThrownBy(() -> new StagedFiles(Optional.empty(), 0).create("x.jar"))
        .hasMessage("This server has no place for uploaded files.");
  }
}
