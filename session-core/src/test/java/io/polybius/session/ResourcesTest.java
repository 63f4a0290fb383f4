package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverCommand.AddFilePart;
import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent.FilePartTaken;
import io.polybius.driver.protocol.DriverEvent.ResourceAdded;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.session.store.FileSessionStore;
import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jars and files on their way from clients to a driver. */
@Timeout(60)
class ResourcesTest {

  /** What the tests answer by hand. */
  private static final Script BY_HAND =
      (driver, command) -> {
        if (!(command instanceof AddResource || command instanceof AddFilePart)) {
          Script.TINY.onCommand(driver, command);
        }
      };

  @TempDir Path folder;
  private ScriptedLauncher launcher = ScriptedLauncher.ready(BY_HAND);
  private SessionService service;
  private ScriptedDriver driver;

  @AfterEach
  void stop() {
    if (service != null) {
      service.close();
    }
  }

  private Path staging() {
    return folder.resolve("staging");
  }

  private CoreSettings settings() {
    return CoreSettings.of(SessionLimits.DEFAULT).withStagingFolder(staging());
  }

  private void serve(CoreSettings settings, Clock clock) {
    service = new SessionService(launcher, settings, clock);
  }

  private void open() throws Exception {
    serve(settings(), Clock.systemUTC());
    openIdle();
  }

  private void openIdle() throws Exception {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    driver = launcher.nextDriver();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(15, TimeUnit.SECONDS);
  }

  private <T extends DriverCommand> T next(Class<T> type) throws InterruptedException {
    return driver.nextCommand(type);
  }

  private static void assertRefused(CompletionStage<?> stage, ErrorCode code, String message) {
    assertThatThrownBy(() -> get(stage))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(SessionException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private ResourceUpload begin(ResourceKind kind, String name) throws Exception {
    ResourceUpload upload = get(service.upload("0", kind));
    upload.begin(name);
    return upload;
  }

  private CompletionStage<Void> send(ResourceKind kind, String name, byte[] content)
      throws Exception {
    ResourceUpload upload = begin(kind, name);
    upload.write(ByteBuffer.wrap(content));
    return upload.finish();
  }

  private List<Path> stagedFiles() throws IOException {
    if (!Files.exists(staging())) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(staging())) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  // ---- URIs

  @Test
  void uriGoesToTheDriverWhoseAnswerIsTheClients() throws Exception {
    open();
    CompletableFuture<Void> added =
        service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar").toCompletableFuture();

    AddResource asked = next(AddResource.class);
    assertThat(asked.kind()).isEqualTo(ResourceKind.JAR);
    assertThat(asked.uri()).isEqualTo("hdfs://nn/x.jar");
    assertThat(added).isNotDone();
    driver.say(new ResourceAdded(asked.requestId(), ""));
    get(added);

    CompletionStage<Void> other = service.addResource("0", ResourceKind.FILE, "hdfs://nn/none");
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), "There is no such file."));
    assertRefused(other, ErrorCode.RESOURCE_FAILED, "There is no such file.");
  }

  @Test
  void urisObeyTheRulesOfSubmissions() throws Exception {
    Path allowed = Files.createDirectory(folder.resolve("allowed"));
    serve(
        settings()
            .withRules(
                new SubmissionRules(
                    new SubmissionRules.Options(
                        Set.of(),
                        List.of(allowed),
                        "hdfs://nn:8020",
                        List.of(),
                        false,
                        Set.of(),
                        LaunchProfiles.NONE))),
        Clock.systemUTC());
    openIdle();

    CompletionStage<Void> plain = service.addResource("0", ResourceKind.JAR, "/jars/x.jar");
    AddResource first = next(AddResource.class);
    assertThat(first.uri()).isEqualTo("hdfs://nn:8020/jars/x.jar");
    driver.say(new ResourceAdded(first.requestId(), ""));
    get(plain);
    CompletionStage<Void> local =
        service.addResource("0", ResourceKind.JAR, "file:" + allowed.resolve("x.jar"));
    AddResource second = next(AddResource.class);
    assertThat(second.uri()).isEqualTo("file://" + allowed.toRealPath().resolve("x.jar"));
    driver.say(new ResourceAdded(second.requestId(), ""));
    get(local);

    assertRefused(
        service.addResource("0", ResourceKind.JAR, "file:/etc/passwd"),
        ErrorCode.BAD_RESOURCE,
        "requirement failed: Local path /etc/passwd cannot be added to user sessions.");
    assertRefused(
        service.addResource("0", ResourceKind.JAR, "x.jar"),
        ErrorCode.BAD_RESOURCE,
        "requirement failed: Path 'x.jar' is not absolute.");
    assertThat(driver.commandIfAny()).isNull();
  }

  @Test
  void whatComesEarlyWaitsForTheDriver() throws Exception {
    launcher = ScriptedLauncher.slow(BY_HAND);
    serve(settings(), Clock.systemUTC());
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    driver = launcher.nextDriver();
    CompletionStage<Void> uri = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar");
    CompletionStage<Void> file = send(ResourceKind.FILE, "data.csv", bytes(10));
    assertThat(driver.commandIfAny()).isNull();

    driver.ready();

    AddResource first = next(AddResource.class);
    AddResource second = next(AddResource.class);
    assertThat(List.of(first.kind(), second.kind()))
        .containsExactly(ResourceKind.JAR, ResourceKind.FILE);
    driver.say(new ResourceAdded(second.requestId(), ""));
    driver.say(new ResourceAdded(first.requestId(), ""));
    get(uri);
    get(file);
  }

  @Test
  void whatWaitsForADriverThatFailsIsRefused() throws Exception {
    launcher = ScriptedLauncher.slow(BY_HAND);
    serve(settings(), Clock.systemUTC());
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    driver = launcher.nextDriver();
    CompletionStage<Void> uri = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar");
    CompletionStage<Void> file = send(ResourceKind.FILE, "data.csv", bytes(10));
    driver.exit("exit code 1");

    assertRefused(uri, ErrorCode.RESOURCE_FAILED, "exit code 1");
    assertRefused(file, ErrorCode.RESOURCE_FAILED, "exit code 1");
    await().until(() -> stagedFiles().isEmpty());
    assertRefused(
        service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar"),
        ErrorCode.NOT_ACTIVE,
        "requirement failed: Session isn't active.");
    assertRefused(
        service.upload("0", ResourceKind.JAR),
        ErrorCode.NOT_ACTIVE,
        "requirement failed: Session isn't active.");
  }

  @Test
  void aFullSessionTakesNoMore() throws Exception {
    open();
    for (int i = 0; i < Resources.MOST - 1; i++) {
      CompletionStage<Void> unused = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar");
    }
    ResourceUpload last = get(service.upload("0", ResourceKind.JAR));

    assertRefused(
        service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar"),
        ErrorCode.TOO_MANY_WAITING,
        "Too many files");
    assertRefused(
        service.upload("0", ResourceKind.JAR), ErrorCode.TOO_MANY_WAITING, "Too many files");
    last.close();
    get(service.upload("0", ResourceKind.JAR)).close();
  }

  // ---- uploads to a driver of this machine

  @Test
  void aDriverOfThisMachineReadsTheFileItself() throws Exception {
    open();
    byte[] content = bytes(100_000);
    ResourceUpload upload = begin(ResourceKind.PYTHON_FILE, "../a b.py");
    upload.write(ByteBuffer.wrap(content, 0, 30_000));
    upload.write(ByteBuffer.wrap(content, 30_000, 70_000));
    assertThat(driver.commandIfAny()).isNull();
    CompletionStage<Void> added = upload.finish();
    upload.close();

    AddResource asked = next(AddResource.class);
    assertThat(asked.kind()).isEqualTo(ResourceKind.PYTHON_FILE);
    assertThat(asked.uri()).startsWith("file:///").endsWith("/a%20b.py");
    Path file = Path.of(URI.create(asked.uri()));
    assertThat(file).startsWith(staging().resolve("session-0")).hasBinaryContent(content);
    driver.say(new ResourceAdded(asked.requestId(), ""));
    get(added);
    assertThat(file).exists();

    get(service.delete("0"));
    await().until(() -> !Files.exists(staging().resolve("session-0")));
  }

  @Test
  void whatTheDriverDoesNotTakeIsNotKept() throws Exception {
    open();
    CompletionStage<Void> added = send(ResourceKind.JAR, "x.jar", bytes(10));
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), "It is no jar."));

    assertRefused(added, ErrorCode.RESOURCE_FAILED, "It is no jar.");
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void halfAFileIsNotKept() throws Exception {
    open();
    ResourceUpload upload = begin(ResourceKind.JAR, "x.jar");
    upload.write(ByteBuffer.wrap(bytes(10)));
    assertThat(stagedFiles()).hasSize(1);
    upload.close();
    upload.close();

    assertThat(stagedFiles()).isEmpty();
    assertThat(driver.commandIfAny()).isNull();
  }

  @Test
  void aFullDiskIsAClearErrorAndLeavesNothing() throws Exception {
    // Every file system is full in the same way; this device always is.
    ResourceUpload failing = uploadTo(Path.of("/dev/full"));
    failing.begin("x.jar");

    assertThatThrownBy(() -> failing.write(ByteBuffer.wrap(bytes(10))))
        .isInstanceOfSatisfying(
            SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STAGING_FAILED))
        .hasMessage("The server cannot store the file: No space left on device");
    failing.close();
    assertThat(staging().resolve("session-7")).isEmptyDirectory();
  }

  private ResourceUpload uploadTo(Path device) {
    StagedFiles toDevice =
        new StagedFiles(Optional.of(staging()), 7) {
          @Override
          Path create(String name) {
            Path made = super.create(name);
            try {
              Files.delete(made);
              return Files.createSymbolicLink(made, device);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    return new ResourceUpload(
        toDevice, whole -> CompletableFuture.completedFuture(null), over -> {});
  }

  @Test
  void anUploadIsEndedWithoutWaitingForTheDisk() throws Exception {
    // A disk that takes a little, and then no more for a while.
    Path pipe = staging().resolveSibling("slow-disk");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    ResourceUpload upload = uploadTo(pipe);
    CompletableFuture<InputStream> opened =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return new FileInputStream(pipe.toFile());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    upload.begin("x.jar");
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(() -> upload.write(ByteBuffer.wrap(bytes(1 << 20))));
    try (InputStream disk = get(opened)) {
      await().until(() -> disk.available() > 0);
      CompletableFuture<Void> ended =
          CompletableFuture.runAsync(() -> upload.end(SessionException.notActive()));
      get(ended);
      assertThat(written).isNotDone();
      assertThat(upload.failure()).isPresent();
      new DataInputStream(disk).readFully(new byte[1 << 20]);
      get(written);
    }
    assertThatThrownBy(() -> upload.write(ByteBuffer.wrap(bytes(1))))
        .isInstanceOf(SessionException.class);
    upload.close();
  }

  @Test
  void endedSessionsEndTheirUploads() throws Exception {
    open();
    ResourceUpload upload = begin(ResourceKind.JAR, "x.jar");
    upload.write(ByteBuffer.wrap(bytes(10)));
    CompletableFuture<Void> told = new CompletableFuture<>();
    upload.setListener(() -> told.complete(null));
    CompletionStage<Void> waiting = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x");

    get(service.delete("0"));

    get(told);
    assertThat(upload.failure().orElseThrow().code()).isEqualTo(ErrorCode.NOT_ACTIVE);
    assertThatThrownBy(() -> upload.write(ByteBuffer.wrap(bytes(10))))
        .hasMessageContaining("isn't active");
    assertThatThrownBy(upload::finish).hasMessageContaining("isn't active");
    assertRefused(waiting, ErrorCode.NOT_ACTIVE, "isn't active");
    upload.close();
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void uploadsAndAddsAreUseOfASession() throws Exception {
    ManualClock clock = new ManualClock();
    serve(
        settings()
            .withLifetimes(
                new Lifetimes(
                    Optional.of(Duration.ofMinutes(10)),
                    Optional.empty(),
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(10))),
        clock);
    openIdle();
    ResourceUpload upload = begin(ResourceKind.JAR, "x.jar");
    for (int i = 0; i < 3; i++) {
      clock.advance(Duration.ofMinutes(9));
      Thread.sleep(600);
    }
    assertThat(service.session("0").state()).isEqualTo(SessionState.IDLE);
    CompletionStage<Void> added = upload.finish();
    AddResource asked = next(AddResource.class);
    for (int i = 0; i < 3; i++) {
      clock.advance(Duration.ofMinutes(9));
      Thread.sleep(600);
    }
    driver.say(new ResourceAdded(asked.requestId(), ""));
    get(added);
    clock.advance(Duration.ofMinutes(11));
    await().until(() -> service.sessions().isEmpty());
  }

  @Test
  void restartEndsWhatIsUnderWay() throws Exception {
    open();
    CompletionStage<Void> added = send(ResourceKind.JAR, "x.jar", bytes(10));
    next(AddResource.class);
    get(service.restart("0"));

    assertRefused(added, ErrorCode.RESOURCE_FAILED, "The session was restarted.");
    await().until(() -> stagedFiles().isEmpty());
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    driver = launcher.nextDriver();
    CompletionStage<Void> again = send(ResourceKind.JAR, "x.jar", bytes(10));
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), ""));
    get(again);
  }

  // ---- uploads to a driver elsewhere

  private void openElsewhere() throws Exception {
    open();
    driver.isElsewhere();
  }

  private void take(AddFilePart part) {
    driver.say(
        new FilePartTaken(
            part.requestId(), "file:/there/" + part.folder() + "/" + part.name(), ""));
  }

  /** Takes a whole file, as a driver would, and has it added. */
  private byte[] takeFile(int pieces, String name) throws Exception {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    String uri = "";
    for (int i = 0; i < pieces; i++) {
      AddFilePart part = next(AddFilePart.class);
      assertThat(part.name()).isEqualTo(name);
      content.writeBytes(part.bytes());
      uri = "file:/there/" + part.folder() + "/" + part.name();
      take(part);
    }
    AddResource asked = next(AddResource.class);
    assertThat(asked.uri()).isEqualTo(uri);
    driver.say(new ResourceAdded(asked.requestId(), ""));
    return content.toByteArray();
  }

  @Test
  void aDriverElsewhereGetsTheFileInPieces() throws Exception {
    openElsewhere();
    for (int size : List.of(0, 1, AddFilePart.MAX_BYTES, 3 * AddFilePart.MAX_BYTES + 5)) {
      byte[] content = bytes(size);
      CompletionStage<Void> added = send(ResourceKind.FILE, "data.bin", content);
      int pieces = Math.max(1, (size + AddFilePart.MAX_BYTES - 1) / AddFilePart.MAX_BYTES);
      assertThat(takeFile(pieces, "data.bin")).isEqualTo(content);
      get(added);
      await().until(() -> stagedFiles().isEmpty());
    }
    assertThat(driver.commandIfAny()).isNull();
  }

  @Test
  void onlyAFewPiecesAreSentAhead() throws Exception {
    openElsewhere();
    int pieces = Resources.PIECES_AHEAD + 3;
    CompletionStage<Void> added =
        send(ResourceKind.FILE, "data.bin", bytes(pieces * AddFilePart.MAX_BYTES));
    List<AddFilePart> first = new ArrayList<>();
    for (int i = 0; i < Resources.PIECES_AHEAD; i++) {
      first.add(next(AddFilePart.class));
    }
    Thread.sleep(200);
    assertThat(driver.commandIfAny()).isNull();

    take(first.get(0));
    AddFilePart fifth = next(AddFilePart.class);
    Thread.sleep(200);
    assertThat(driver.commandIfAny()).isNull();
    first.stream().skip(1).forEach(this::take);
    take(fifth);
    take(next(AddFilePart.class));
    take(next(AddFilePart.class));
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), ""));
    get(added);
  }

  @Test
  void filesForADriverElsewhereGoOneAfterTheOther() throws Exception {
    openElsewhere();
    List<CompletionStage<Void>> added = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      added.add(send(ResourceKind.FILE, "data" + i, bytes(AddFilePart.MAX_BYTES + i)));
    }
    // What is there already need not wait for them.
    CompletionStage<Void> uri = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar");
    List<String> names = new ArrayList<>();
    // Five pieces, and four things to add.
    for (int i = 0; i < 9; i++) {
      DriverCommand command = driver.nextCommand();
      if (command instanceof AddFilePart part) {
        names.add(part.name());
        take(part);
      } else if (command instanceof AddResource asked) {
        driver.say(new ResourceAdded(asked.requestId(), ""));
      }
    }
    for (CompletionStage<Void> each : added) {
      get(each);
    }
    get(uri);
    // The first is a whole piece, and the others one and a bit.
    assertThat(names).containsExactly("data0", "data1", "data1", "data2", "data2");
  }

  @Test
  void aPieceThatTheDriverCannotWriteEndsOnlyItsFile() throws Exception {
    openElsewhere();
    CompletionStage<Void> first = send(ResourceKind.FILE, "one", bytes(6 * AddFilePart.MAX_BYTES));
    CompletionStage<Void> second = send(ResourceKind.FILE, "two", bytes(10));
    driver.say(
        new FilePartTaken(next(AddFilePart.class).requestId(), "", "No space left on device"));

    assertRefused(first, ErrorCode.RESOURCE_FAILED, "No space left on device");
    AddFilePart part = next(AddFilePart.class);
    while (part.name().equals("one")) {
      part = next(AddFilePart.class);
    }
    assertThat(part.bytes()).isEqualTo(bytes(10));
    take(part);
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), ""));
    get(second);
    await().until(() -> stagedFiles().isEmpty());
  }

  @Test
  void aDriverThatIsLostInTheMiddleEndsAllOfThem() throws Exception {
    openElsewhere();
    CompletionStage<Void> first = send(ResourceKind.FILE, "one", bytes(6 * AddFilePart.MAX_BYTES));
    CompletionStage<Void> second = send(ResourceKind.FILE, "two", bytes(10));
    take(next(AddFilePart.class));
    driver.cut("no sign of life");

    assertRefused(first, ErrorCode.RESOURCE_FAILED, "no sign of life");
    assertRefused(second, ErrorCode.RESOURCE_FAILED, "no sign of life");
    driver.exit("exit code 0");
    await().until(() -> !Files.exists(staging().resolve("session-0")));
  }

  // ---- recovery

  @Test
  void piecesAreNotInTheJournalButAreCounted() throws Exception {
    Path recovery = folder.resolve("recovery");
    CoreSettings kept = settings().withStore(new FileSessionStore(recovery));
    serve(kept, Clock.systemUTC());
    openIdle();
    driver.isElsewhere();
    int pieces = 3;
    CompletionStage<Void> added =
        send(ResourceKind.FILE, "data.bin", bytes(pieces * AddFilePart.MAX_BYTES));
    takeFile(pieces, "data.bin");
    get(added);
    CompletionStage<Void> unfinished =
        send(ResourceKind.FILE, "more.bin", bytes(pieces * AddFilePart.MAX_BYTES));
    next(AddFilePart.class);
    next(AddFilePart.class);
    next(AddFilePart.class);
    long received = driver.connection().sent();
    service.close();
    assertRefused(unfinished, ErrorCode.SHUTTING_DOWN, "shutting down");
    try (Stream<Path> files = Files.walk(recovery)) {
      assertThat(files.filter(Files::isRegularFile).mapToLong(ResourcesTest::size).sum())
          .isLessThan(AddFilePart.MAX_BYTES);
    }

    serve(kept, Clock.systemUTC());
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    CompletionStage<Void> uri = service.addResource("0", ResourceKind.JAR, "hdfs://nn/x.jar");
    AddResource asked = next(AddResource.class);
    assertThat(asked.uri()).isEqualTo("hdfs://nn/x.jar");
    assertThat(driver.connection().sent()).isEqualTo(received + 1);
    driver.say(new ResourceAdded(asked.requestId(), ""));
    get(uri);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void filesOfSessionsThatGoOnOutliveTheServerAndOthersDoNot() throws Exception {
    CoreSettings kept = settings().withStore(new FileSessionStore(folder.resolve("recovery")));
    serve(kept, Clock.systemUTC());
    openIdle();
    CompletionStage<Void> added = send(ResourceKind.JAR, "x.jar", bytes(10));
    driver.say(new ResourceAdded(next(AddResource.class).requestId(), ""));
    get(added);
    service.close();
    Path left = Files.createDirectories(staging().resolve("session-9/upload-1"));
    Files.createFile(left.resolve("y.jar"));

    serve(kept, Clock.systemUTC());

    assertThat(stagedFiles())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("x.jar");
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    get(service.stop("0"));
    await().until(() -> stagedFiles().isEmpty());
  }
}
