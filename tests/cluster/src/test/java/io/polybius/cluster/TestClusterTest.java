package io.polybius.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TestClusterTest {

  @TempDir private Path empty;

  @Test
  void aStartThatFailsSaysWhyAndLeavesNothing() throws IOException {
    List<Path> before = clusters();
    assertThatThrownBy(() -> TestCluster.start(empty))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("hdfs has ended")
        .hasMessageContaining("NoClassDefFoundError");
    assertThat(clusters()).isEqualTo(before);
    assertThat(ProcessHandle.current().descendants()).isEmpty();
  }

  @Test
  void portsAreFreeAndDiffer() throws IOException {
    assertThat(Ports.free(20)).hasSize(20).doesNotHaveDuplicates();
  }

  private static List<Path> clusters() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("polybius-yarn-"))
          .sorted()
          .toList();
    }
  }
}
