package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.SessionSettings;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens around the driver process; the process itself is tested with a real Spark. */
@Timeout(60)
class LocalLauncherTest {

  @TempDir private Path folder;

  private final DriverConnection.Receiver<DriverEvent> nobody =
      new DriverConnection.Receiver<>() {
        @Override
        public void received(long sequence, DriverEvent message) {}

        @Override
        public void closed(String reason) {}
      };

  @Test
  void aProcessThatEndsAtOnceLeavesNoFile() throws Exception {
    try (LocalLauncher launcher = launcher("local[1]")) {
      ProcessLog log = new ProcessLog();
      // The jars are empty files, so the JVM finds no main class.
      RunningDriver driver =
          launcher.launch(new LaunchSpec(0, 1, SessionSettings.of(Kind.SPARK)), nobody, log);
      assertThat(driver.exited().toCompletableFuture().get(20, TimeUnit.SECONDS))
          .isEqualTo("exit code 1");
      assertThat(log.page(0, -1).lines()).anyMatch(line -> line.contains("DriverMain"));
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void secretsAreInFilesThatOnlyTheOwnerCanRead() throws Exception {
    try (LocalLauncher launcher = launcher("local[1]")) {
      writeDriverThatWaits();
      SessionSettings settings =
          SessionSettings.of(Kind.SPARK)
              .withConf(
                  Map.of(
                      "spark.hadoop.secret.key", "hush-1",
                      "spark.driver.extraJavaOptions", "-Dpassword=hush-2"));
      ProcessLog log = new ProcessLog();
      RunningDriver driver = launcher.launch(new LaunchSpec(7, 1, settings), nobody, log);
      Awaitility.await().until(() -> log.page(0, -1).lines().contains("password hush-2"));
      assertThat(files()).hasSize(3);
      for (Path file : files()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .isEqualTo("rw-------");
      }
      assertThat(
              ProcessHandle.current()
                  .children()
                  .flatMap(child -> child.info().commandLine().stream()))
          .isNotEmpty()
          .noneMatch(line -> line.contains("hush"));
      driver.kill();
      driver.exited().toCompletableFuture().get(20, TimeUnit.SECONDS);
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void otherMastersThanLocalAreRefused() throws Exception {
    try (LocalLauncher launcher = launcher("yarn")) {
      assertThatThrownBy(
              () ->
                  launcher.launch(
                      new LaunchSpec(0, 1, SessionSettings.of(Kind.SPARK)),
                      nobody,
                      new ProcessLog()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("This needs a local master, not yarn");
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void sessionOfRIsRefusedWhereThereIsNoR() throws Exception {
    try (LocalLauncher launcher = launcher("local[1]")) {
      SessionSettings settings =
          SessionSettings.of(Kind.SPARKR).withConf(Map.of("spark.r.command", "/nowhere/R"));
      assertThatThrownBy(
              () -> launcher.launch(new LaunchSpec(0, 1, settings), nobody, new ProcessLog()))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining("/nowhere/R, which spark.r.command names")
          .hasMessageContaining("r-base-core")
          .hasMessageContaining("SPARKR_DRIVER_R");
      assertThat(files()).isEmpty();
    }
  }

  private LocalLauncher launcher(String master) throws Exception {
    Files.createFile(folder.resolve("driver.jar"));
    return new LocalLauncher(TestingSpark.in(folder).settings(master));
  }

  /** Replaces the driver by one that only tells the password that it was given. */
  private void writeDriverThatWaits() throws Exception {
    TestingSpark.writeJar(
        folder.resolve("driver.jar"),
        "io.polybius.driver.DriverMain",
        """
        package io.polybius.driver;
        class DriverMain {
          public static void main(String[] arguments) throws Exception {
            System.out.println("password " + System.getProperty("password"));
            Thread.sleep(60_000);
          }
        }
        """);
  }

  private List<Path> files() throws Exception {
    if (!Files.exists(folder.resolve("work"))) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder.resolve("work"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
