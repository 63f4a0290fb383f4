package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FileTreeTest {

  @TempDir private Path folder;

  @Test
  void linksAreDeletedAndNotFollowed() throws Exception {
    Path kept = Files.createFile(Files.createDirectory(folder.resolve("kept")).resolve("a"));
    Path tree = Files.createDirectories(folder.resolve("tree/b")).getParent();
    Files.createSymbolicLink(tree.resolve("b/link"), kept.getParent());
    Files.createSymbolicLink(tree.resolve("nowhere"), folder.resolve("none"));
    FileTree.delete(tree);
    assertThat(tree).doesNotExist();
    assertThat(kept).exists();
    FileTree.delete(tree);
  }

  /** An administrator may delete them anyway; all others must open them first. */
  @ParameterizedTest
  @ValueSource(strings = {"---------", "r--------", "r-x------", "-wx------"})
  void foldersThatTheirOwnerHasClosedAreDeleted(String permissions) throws Exception {
    Path closed = Files.createDirectories(folder.resolve("tree/closed/below"));
    Files.createFile(closed.resolve("a"));
    for (Path each : new Path[] {closed, closed.getParent()}) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString(permissions));
    }
    Files.createFile(folder.resolve("tree/open"));
    FileTree.delete(folder.resolve("tree"));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatCannotBeDeletedIsSkipped() throws Exception {
    Path tree = Files.createDirectories(folder.resolve("tree/other")).getParent();
    Files.createFile(tree.resolve("other/a"));
    // Its whole path is longer than a path may be.
    String name = "d".repeat(250);
    shell("cd tree; for i in $(seq 20); do mkdir -p %s; cd -P %s; done".formatted(name, name));
    try {
      assertThatThrownBy(() -> FileTree.delete(tree))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("1 files are left");
      assertThat(tree.resolve("other")).doesNotExist();
      assertThat(tree.resolve(name)).exists();
    } finally {
      shell("rm -rf tree");
    }
  }

  private void shell(String script) throws Exception {
    Process shell =
        new ProcessBuilder("sh", "-c", script).directory(folder.toFile()).inheritIO().start();
    assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(shell.exitValue()).isZero();
  }
}
