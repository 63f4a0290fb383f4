package io.polybius.yarn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.launch.cluster.ClusterManager;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Publishing to a file system of Hadoop: the local one, with the embedded Spark's Hadoop. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PublishedFilesTest {

  /** Nothing listens there, and nothing has to. */
  private static final int NO_PORT = 1;

  private static final int PUBLISHERS = 4;

  @TempDir private Path configuration;
  @TempDir private Path folder;
  @TempDir private Path local;

  @Test
  void fileIsReadableForAllUsersUnderItsOwnName() throws IOException {
    Path jar = write("polybius-driver.jar", "the driver");
    try (ClusterManager client = client()) {
      Path published = Path.of(URI.create(client.publish(jar)));

      assertThat(published).startsWith(published()).hasFileName("polybius-driver.jar");
      assertThat(published).hasContent("the driver");
      assertThat(permissions(published)).isEqualTo("rw-r--r--");
      assertThat(permissions(published.getParent())).isEqualTo("rwxr-xr-x");
      assertThat(permissions(published())).isEqualTo("rwxr-xr-x");
    }
  }

  @Test
  void sameContentIsWrittenOnce() throws IOException {
    Path jar = write("polybius-driver.jar", "the driver");
    String first;
    Path published;
    FileTime longAgo = FileTime.from(Instant.EPOCH);
    try (ClusterManager client = client()) {
      first = client.publish(jar);
      published = Path.of(URI.create(first));
      Files.setLastModifiedTime(published, longAgo);

      assertThat(client.publish(jar)).isEqualTo(first);
    }
    try (ClusterManager another = client()) {
      assertThat(another.publish(jar)).isEqualTo(first);
    }
    assertThat(Files.getLastModifiedTime(published)).isEqualTo(longAgo);
  }

  @Test
  void otherContentIsAnotherFile() throws IOException {
    try (ClusterManager client = client()) {
      String first = client.publish(write("polybius-driver.jar", "the driver"));
      String second = client.publish(write("polybius-driver.jar", "a newer driver"));

      assertThat(second).isNotEqualTo(first).endsWith("/polybius-driver.jar");
      assertThat(Path.of(URI.create(first))).hasContent("the driver");
      assertThat(Path.of(URI.create(second))).hasContent("a newer driver");
    }
  }

  @Test
  void fileThatSomebodyHasCutOffIsWrittenAgain() throws IOException {
    Path jar = write("polybius-driver.jar", "the driver");
    try (ClusterManager client = client()) {
      Path published = Path.of(URI.create(client.publish(jar)));
      Files.writeString(published, "the");

      client.publish(jar);

      assertThat(published).hasContent("the driver");
    }
  }

  @Test
  void publishersAtTheSameTimeLeaveOneWholeFile() throws Exception {
    Path jar = write("polybius-driver.jar", "the driver ".repeat(100_000));
    ExecutorService publishers = Executors.newFixedThreadPool(PUBLISHERS);
    try (ClusterManager client = client()) {
      List<Future<String>> addresses = new ArrayList<>();
      for (int i = 0; i < PUBLISHERS; i++) {
        addresses.add(publishers.submit(() -> client.publish(jar)));
      }
      for (Future<String> address : addresses) {
        assertThat(Path.of(URI.create(address.get()))).hasSameBinaryContentAs(jar);
      }
      try (Stream<Path> all = Files.walk(published())) {
        assertThat(all.filter(Files::isRegularFile)).hasSize(1);
      }
    } finally {
      publishers.shutdownNow();
    }
  }

  @Test
  void fileSystemThatCannotBeWrittenIsSaid() throws IOException {
    Path jar = write("polybius-driver.jar", "the driver");
    Files.writeString(published(), "a file where the folder should be");
    try (ClusterManager client = client()) {
      assertThatThrownBy(() -> client.publish(jar)).isInstanceOf(IOException.class);
    }
  }

  private ClusterManager client() throws IOException {
    return Client.open(configuration, NO_PORT, published());
  }

  private Path published() {
    return folder.resolve("published");
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(local.resolve(name), content);
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
