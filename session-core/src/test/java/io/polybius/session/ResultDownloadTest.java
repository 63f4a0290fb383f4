package io.polybius.session;

import static io.polybius.session.testing.Stages.assertRefused;
import static io.polybius.session.testing.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverCommand.SendMoreResult;
import io.polybius.driver.protocol.DriverCommand.SendResult;
import io.polybius.driver.protocol.DriverCommand.StopResult;
import io.polybius.driver.protocol.DriverEvent.ResultEnded;
import io.polybius.driver.protocol.DriverEvent.ResultFailed;
import io.polybius.driver.protocol.DriverEvent.ResultPart;
import io.polybius.driver.protocol.ResultFailure;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.session.store.FileSessionStore;
import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole results on their way from a driver to a client. */
@Timeout(60)
class ResultDownloadTest {

  /** What the tests send by hand. */
  private static final Script WITHOUT_RESULTS =
      (driver, command) -> {
        if (!(command instanceof SendResult)) {
          Script.TINY.onCommand(driver, command);
        }
      };

  private ScriptedLauncher launcher = ScriptedLauncher.ready(WITHOUT_RESULTS);
  private SessionService service =
      service(CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
  private ScriptedDriver driver;

  @AfterEach
  void stop() {
    service.close();
  }

  private SessionService service(CoreSettings settings, Clock clock) {
    return new SessionService(launcher, settings, clock);
  }

  private void open() throws Exception {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    driver = launcher.nextDriver();
  }

  private int run(String code) throws Exception {
    return get(service.execute(
            "0", new NewStatement(Kind.SPARK, code, Origin.REST, false, false, false)))
        .id();
  }

  private int runToEnd(String code) throws Exception {
    int id = run(code);
    await().until(() -> service.statement("0", id).state().isTerminal());
    return id;
  }

  private <T extends DriverCommand> T next(Class<T> type) throws InterruptedException {
    DriverCommand command = driver.nextCommand();
    while (!type.isInstance(command)) {
      command = driver.nextCommand();
    }
    return type.cast(command);
  }

  private static byte[] part(int size) {
    return new byte[size];
  }

  private static byte[] nextPart(ResultDownload download) {
    return await().until(download::next, Optional::isPresent).orElseThrow();
  }

  private CompletionStage<ResultDownload> asked(int statement) {
    return service.download("0", statement, ResultFormat.CSV);
  }

  @Test
  void piecesComeInTheirOrderAndTheEndAfterThem() throws Exception {
    launcher = ScriptedLauncher.ready(Script.TINY);
    service.close();
    service = service(CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
    open();
    int statement = runToEnd("value 1");

    try (ResultDownload download = get(service.download("0", statement, ResultFormat.JSON))) {
      assertThat(new String(nextPart(download), StandardCharsets.UTF_8))
          .isEqualTo("JSON of statement 0\n");
      await().until(download::isOver);
      assertThat(download.next()).isEmpty();
      assertThat(download.isOver()).isTrue();
      assertThat(download.isWhole()).isTrue();
      assertThat(download.failure()).isEmpty();
    }
  }

  @Test
  void driverIsAskedForMoreWhenPiecesWereTaken() throws Exception {
    open();
    int statement = runToEnd("value 1");
    CompletionStage<ResultDownload> asked = asked(statement);
    SendResult command = next(SendResult.class);
    assertThat(command)
        .isEqualTo(
            new SendResult(
                command.downloadId(),
                new ResultSource.OfStatement(statement),
                ResultFormat.CSV,
                ResultDownload.PARTS_AHEAD));
    for (int i = 0; i < command.parts(); i++) {
      driver.say(new ResultPart(command.downloadId(), part(i + 1)));
    }
    ResultDownload download = get(asked);
    AtomicInteger wakeUps = new AtomicInteger();
    download.setReader(wakeUps::incrementAndGet);

    assertThat(nextPart(download)).hasSize(1);
    assertThat(driver.commandIfAny()).isNull();
    assertThat(nextPart(download)).hasSize(2);
    assertThat(next(SendMoreResult.class)).isEqualTo(new SendMoreResult(command.downloadId(), 2));

    int before = wakeUps.get();
    driver.say(new ResultEnded(command.downloadId()));
    await().until(() -> wakeUps.get() > before);
    assertThat(download.isOver()).isFalse();
    download.close();
    assertThat(download.isWhole()).isFalse();
  }

  @Test
  void driverIsStoppedWhenTheClientWantsNoMore() throws Exception {
    open();
    CompletionStage<ResultDownload> asked = asked(runToEnd("value 1"));
    int number = next(SendResult.class).downloadId();
    driver.say(new ResultPart(number, part(1)));
    ResultDownload download = get(asked);
    download.close();

    assertThat(next(StopResult.class)).isEqualTo(new StopResult(number));
    assertThat(download.isOver()).isTrue();
    // What was on its way is for nobody, and the driver is told so once more.
    driver.say(new ResultPart(number, part(1)));
    assertThat(next(StopResult.class)).isEqualTo(new StopResult(number));
  }

  @Test
  void readerLearnsWhatTheDriverSaysAgainstIt() throws Exception {
    open();
    int statement = runToEnd("value 1");
    Map<ResultFailure, ErrorCode> codes =
        Map.of(
            ResultFailure.NO_RESULT, ErrorCode.NO_RESULT,
            ResultFailure.FORGOTTEN, ErrorCode.RESULT_GONE,
            ResultFailure.BUSY, ErrorCode.TOO_MANY_WAITING,
            ResultFailure.FAILED, ErrorCode.RESULT_FAILED,
            ResultFailure.NOT_SHARED, ErrorCode.NOT_SHARED);
    for (ResultFailure failure : ResultFailure.values()) {
      ResultDownload download = get(asked(statement));
      driver.say(new ResultFailed(next(SendResult.class).downloadId(), failure, "because"));
      await().until(download::isOver);

      assertThat(download.isWhole()).isFalse();
      assertThat(download.failure().orElseThrow().code()).isEqualTo(codes.get(failure));
      assertThat(download.failure().orElseThrow()).hasMessage("because");
    }
  }

  @Test
  void failureAfterTheFirstPieceIsSeenByTheReader() throws Exception {
    open();
    CompletionStage<ResultDownload> asked = asked(runToEnd("value 1"));
    int number = next(SendResult.class).downloadId();
    driver.say(new ResultPart(number, part(1)));
    ResultDownload download = get(asked);
    await().until(() -> download.next().isPresent());
    driver.say(new ResultFailed(number, ResultFailure.FAILED, "boom"));

    await().until(download::isOver);
    assertThat(download.isWhole()).isFalse();
    assertThat(download.failure().orElseThrow()).hasMessage("boom");
  }

  @Test
  void statementsThatAreUnknownOrRunHaveNoResult() throws Exception {
    open();
    assertRefused(asked(7), ErrorCode.STATEMENT_NOT_FOUND, "Statement not found");
    assertRefused(service.download("9", 0, ResultFormat.CSV), ErrorCode.SESSION_NOT_FOUND, "9");
    int running = run("wait");
    await().until(() -> service.statement("0", running).state() == StatementState.RUNNING);
    assertRefused(asked(running), ErrorCode.RESULT_NOT_READY, "Statement 0 is running");
  }

  @Test
  void resultEndsWithItsDriver() throws Exception {
    open();
    int statement = runToEnd("value 1");
    CompletionStage<ResultDownload> asked = asked(statement);
    driver.say(new ResultPart(next(SendResult.class).downloadId(), part(1)));
    ResultDownload download = get(asked);
    get(service.restart("0"));

    await().until(download::isOver);
    assertThat(download.isWhole()).isFalse();
    assertThat(download.failure().orElseThrow()).hasMessage("The session was restarted.");
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    assertRefused(asked(statement), ErrorCode.RESULT_GONE, "The driver that ran statement 0");

    launcher.newestDriver().exit("killed");
    await().until(() -> service.session("0").state() == SessionState.DEAD);
    assertRefused(asked(statement), ErrorCode.RESULT_GONE, "The driver that ran statement 0");
  }

  @Test
  void sessionIsNotIdleWhileSomebodyDownloads() throws Exception {
    service.close();
    ManualClock clock = new ManualClock();
    service = service(CoreSettings.of(SessionLimits.DEFAULT), clock);
    open();
    CompletionStage<ResultDownload> asked = asked(runToEnd("value 1"));
    driver.say(new ResultPart(next(SendResult.class).downloadId(), part(1)));
    ResultDownload download = get(asked);
    for (int i = 0; i < 3; i++) {
      clock.advance(Duration.ofMinutes(50));
      await()
          .during(Duration.ofMillis(600))
          .atMost(Duration.ofSeconds(15))
          .until(() -> service.sessions().size() == 1);
    }
    download.close();
    clock.advance(Duration.ofMinutes(70));

    await().until(() -> service.sessions().isEmpty());
  }

  @Test
  void piecesAreKeptNowhere(@TempDir Path folder) throws Exception {
    service.close();
    service =
        service(
            CoreSettings.of(SessionLimits.DEFAULT).withStore(new FileSessionStore(folder)),
            Clock.systemUTC());
    open();
    CompletionStage<ResultDownload> asked = asked(runToEnd("value 1"));
    int number = next(SendResult.class).downloadId();
    long before = bytes(folder);
    driver.say(new ResultPart(number, part(ResultPart.MAX_BYTES)));
    try (ResultDownload download = get(asked)) {
      for (int i = 0; i < 20; i++) {
        await().until(() -> download.next().isPresent());
        driver.say(new ResultPart(number, part(ResultPart.MAX_BYTES)));
      }
    }
    next(StopResult.class);

    assertThat(bytes(folder) - before).isLessThan(ResultPart.MAX_BYTES / 4);
    AtomicInteger told = new AtomicInteger();
    try (Subscription unused = events(told)) {
      assertThat(told.get()).isLessThan(10);
    }
  }

  private Subscription events(AtomicInteger told) throws Exception {
    CompletableFuture<Void> caughtUp = new CompletableFuture<>();
    Subscription subscription =
        service.subscribe(
            "0",
            0,
            new SessionListener() {
              @Override
              public void onEvent(SessionEvent event) {
                told.incrementAndGet();
              }

              @Override
              public void onCaughtUp(long sequence, SessionSnapshot snapshot) {
                caughtUp.complete(null);
              }
            });
    get(caughtUp);
    return subscription;
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .mapToLong(
              file -> {
                try {
                  return Files.size(file);
                } catch (IOException e) {
                  throw new CompletionException(e);
                }
              })
          .sum();
    }
  }

  @Test
  void laterServerStopsWhatAnEarlierOneWasSending(@TempDir Path folder) throws Exception {
    service.close();
    CoreSettings settings =
        CoreSettings.of(SessionLimits.DEFAULT).withStore(new FileSessionStore(folder));
    service = service(settings, Clock.systemUTC());
    open();
    int statement = runToEnd("value 1");
    CompletionStage<ResultDownload> asked = asked(statement);
    int number = next(SendResult.class).downloadId();
    driver.say(new ResultPart(number, part(1)));
    ResultDownload unused = get(asked);
    service.close();
    driver.say(new ResultPart(number, part(1)));

    service =
        service(
            CoreSettings.of(SessionLimits.DEFAULT).withStore(new FileSessionStore(folder)),
            Clock.systemUTC());
    assertThat(next(StopResult.class)).isEqualTo(new StopResult(number));
    CompletionStage<ResultDownload> again = asked(statement);
    SendResult command = next(SendResult.class);
    assertThat(command.downloadId()).isNotEqualTo(number);
    driver.say(new ResultPart(command.downloadId(), part(1)));
    ResultDownload second = get(again);
    await().until(() -> second.next().isPresent());
  }
}
