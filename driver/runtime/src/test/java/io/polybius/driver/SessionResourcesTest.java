package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.interpreter.SessionResources;
import io.polybius.driver.protocol.DriverCommand.AddFilePart;
import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.FilePartTaken;
import io.polybius.driver.protocol.DriverEvent.ResourceAdded;
import io.polybius.driver.protocol.ResourceKind;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Adding files when what they are on does not answer, or their client goes away. */
@Timeout(120)
class SessionResourcesTest {

  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofMillis(500);
  private static final int MORE_THAN_A_FEW = 7;
  private static final String PYTHON_FILES = "spark.submit.pyFiles";

  /** Spark goes on with what it was given, also in the tests of others. */
  @TempDir(cleanup = CleanupMode.NEVER)
  private Path folder;

  private final BlockingQueue<DriverEvent> answers = new LinkedBlockingQueue<>();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private Optional<String> pythonsAnswer = Optional.empty();

  /** A file system that does not answer, as one whose network is gone. */
  public static final class Hanging extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "hanging";
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path file) throws InterruptedIOException {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException("interrupted");
      }
      throw new IllegalStateException();
    }
  }

  @BeforeEach
  void mountWhatHangs() throws Exception {
    StatementDesk.shared()
        .spark()
        .context()
        .hadoopConfiguration()
        .setClass("fs.hanging.impl", Hanging.class, org.apache.hadoop.fs.FileSystem.class);
  }

  @AfterEach
  void endTimer() {
    timer.shutdownNow();
  }

  private Path uploads() {
    return folder.resolve("uploads");
  }

  private SessionResources resources(Duration patience) throws Exception {
    return new SessionResources(
        StatementDesk.shared().spark(),
        uploads(),
        uri -> pythonsAnswer,
        answers::add,
        timer,
        patience);
  }

  private ResourceAdded added() throws InterruptedException {
    return (ResourceAdded) answers.poll(60, TimeUnit.SECONDS);
  }

  private String upload(SessionResources resources, String uploadFolder, String name)
      throws InterruptedException {
    resources.take(new AddFilePart(1, uploadFolder, name, new byte[] {1, 2, 3}));
    return ((FilePartTaken) answers.poll(60, TimeUnit.SECONDS)).uri();
  }

  @Test
  void filesOnAFileSystemThatHangsDoNotKeepOthersWaiting() throws Exception {
    try (SessionResources resources = resources(LONG)) {
      for (int i = 0; i < MORE_THAN_A_FEW; i++) {
        resources.add(new AddResource(i, ResourceKind.FILE, "hanging:///data-" + i));
      }
      Path file = Files.writeString(folder.resolve("beside-" + folder.getFileName()), "a");
      resources.add(new AddResource(99, ResourceKind.FILE, file.toUri().toString()));
      assertThat(added()).isEqualTo(new ResourceAdded(99, ""));
    }
  }

  @Test
  void whatHangsFailsAfterAWhile() throws Exception {
    try (SessionResources resources = resources(SHORT)) {
      resources.add(new AddResource(4, ResourceKind.FILE, "hanging:///data"));
      ResourceAdded answer = added();
      assertThat(answer.requestId()).isEqualTo(4);
      assertThat(answer.error()).contains("hanging:///data", "was not added within");
      Path file = Files.writeString(folder.resolve("after-" + folder.getFileName()), "a");
      resources.add(new AddResource(5, ResourceKind.FILE, file.toUri().toString()));
      assertThat(added()).isEqualTo(new ResourceAdded(5, ""));
    }
  }

  @Test
  void whatWasUploadedHalfIsRemovedAfterAWhile() throws Exception {
    try (SessionResources resources = resources(SHORT)) {
      String kept = "kept-" + folder.getFileName();
      String uri = upload(resources, "whole", kept);
      resources.add(new AddResource(1, ResourceKind.FILE, uri));
      assertThat(added().error()).isEmpty();
      upload(resources, "half", "half.txt");
      assertThat(uploads().resolve("half/half.txt")).exists();
      await().atMost(20, TimeUnit.SECONDS).until(() -> Files.notExists(uploads().resolve("half")));
      assertThat(uploads().resolve("whole").resolve(kept)).exists();
    }
  }

  @Test
  void uploadThatCannotBeAddedIsRemoved() throws Exception {
    try (SessionResources resources = resources(LONG)) {
      String uri = upload(resources, "no-jar", "no.jar");
      resources.add(new AddResource(1, ResourceKind.JAR, uri));
      assertThat(added().error()).contains("no.jar is no jar");
      assertThat(uploads()).isEmptyDirectory();
    }
  }

  @Test
  void whatPythonSaysOfAFileIsTheAnswer() throws Exception {
    SparkConf settings = StatementDesk.shared().spark().context().conf();
    String before = settings.get(PYTHON_FILES, "");
    try (SessionResources resources = resources(LONG)) {
      Path file = Files.writeString(folder.resolve("module-" + folder.getFileName() + ".py"), "a");
      AddResource add = new AddResource(1, ResourceKind.PYTHON_FILE, file.toUri().toString());
      pythonsAnswer = Optional.of("OSError: no");
      resources.add(add);
      assertThat(added().error()).contains("cannot be added: OSError: no");
      // It is not kept from being tried again.
      resources.add(add);
      assertThat(added().error()).contains("OSError");
      assertThat(settings.get(PYTHON_FILES, "")).isEqualTo(before);
      pythonsAnswer = Optional.empty();
      resources.add(add);
      assertThat(added().error()).isEmpty();
      assertThat(settings.get(PYTHON_FILES)).contains("module-");
    } finally {
      settings.set(PYTHON_FILES, before);
    }
  }
}
