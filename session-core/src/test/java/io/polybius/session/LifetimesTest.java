package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When sessions end by themselves, and are forgotten, by a clock that the test moves. */
@Timeout(30)
class LifetimesTest {

  private static final SessionSettings SCALA = SessionSettings.of(Kind.SPARK);

  /** Long enough for the service to have looked for sessions whose time is over. */
  private static final Duration TWO_LOOKS = Duration.ofMillis(600);

  private final ManualClock clock = new ManualClock();
  private SessionService service = serviceWith(Lifetimes.DEFAULT);

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void sessionThatNobodyUsesIsDeletedAfterAnHour() {
    open(SCALA);
    clock.advance(Duration.ofMinutes(59));
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofMinutes(1));

    awaitGone();
  }

  @Test
  void creatorsIdleTimeoutWins() {
    open(SCALA.withIdleTimeout("10m"));
    clock.advance(Duration.ofMinutes(10));

    awaitGone();
  }

  @Test
  void idleTimeoutOfZeroMeansNever() {
    open(SCALA.withIdleTimeout("0"));
    clock.advance(Duration.ofDays(30));

    staysFor(TWO_LOOKS);
  }

  @Test
  void withoutTheCheckNoSessionIsTooIdle() {
    use(new Lifetimes(Optional.empty(), Optional.empty(), Duration.ofMinutes(1), Duration.ZERO));
    open(SCALA.withIdleTimeout("10m"));
    clock.advance(Duration.ofDays(30));

    staysFor(TWO_LOOKS);
  }

  @Test
  void runningStatementIsNeverIdleAndTheTimeCountsFromItsEnd() throws Exception {
    open(SCALA);
    int statement = run("wait");
    clock.advance(Duration.ofHours(5));
    staysFor(TWO_LOOKS);

    get(service.cancel("0", statement));
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofHours(1));
    awaitGone();
  }

  @Test
  void connectIsAUseAndLookingIsNot() {
    open(SCALA);
    clock.advance(Duration.ofMinutes(40));
    service.connect("0");
    clock.advance(Duration.ofMinutes(40));
    staysFor(TWO_LOOKS);
    service.session("0");
    service.log("0", 0, 10);
    clock.advance(Duration.ofMinutes(20));

    awaitGone();
  }

  @Test
  void timeToLiveEndsEvenABusySession() throws Exception {
    use(
        new Lifetimes(
            Optional.empty(),
            Optional.of(Duration.ofHours(8)),
            Duration.ofMinutes(1),
            Duration.ofMinutes(10)));
    open(
        new SessionSettings(
            Kind.SPARK, SCALA.application(), 0, Optional.of("2h"), Optional.empty()));
    run("wait");
    clock.advance(Duration.ofMinutes(119));
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofMinutes(1));

    awaitGone();
  }

  @Test
  void timeToLiveIsNotLookedAtUnlessTheOperatorSaysSo() {
    open(
        new SessionSettings(
            Kind.SPARK, SCALA.application(), 0, Optional.of("1s"), Optional.of("0")));
    clock.advance(Duration.ofDays(1));

    staysFor(TWO_LOOKS);
  }

  @Test
  void sessionWhoseClientHasGoneQuietIsDeleted() {
    open(
        new SessionSettings(
            Kind.SPARK, SCALA.application(), 90, Optional.empty(), Optional.empty()));
    clock.advance(Duration.ofSeconds(80));
    service.log("0", 0, 1);
    clock.advance(Duration.ofSeconds(80));
    service.sessions();
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofSeconds(70));

    awaitGone();
  }

  @Test
  void clientThatWaitsForAStatementIsThere() throws Exception {
    open(
        new SessionSettings(
            Kind.SPARK, SCALA.application(), 90, Optional.empty(), Optional.empty()));
    var unused = service.awaitStatement("0", run("wait"), Duration.ofMinutes(5));
    clock.advance(Duration.ofMinutes(6));
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofMinutes(1));

    awaitGone();
  }

  @Test
  void stoppedSessionIsRememberedForAWhile(@TempDir Path folder) throws Exception {
    service.close();
    service =
        new SessionService(
            ScriptedLauncher.ready(Script.TINY),
            CoreSettings.of(SessionLimits.DEFAULT).withLogFolder(folder),
            clock);
    open(SCALA);
    get(service.stop("0"));
    assertThat(service.session("0").state()).isEqualTo(SessionState.DEAD);
    assertThat(service.session("0").endedMillis()).isEqualTo(clock.millis());
    clock.advance(Duration.ofMinutes(9));
    staysFor(TWO_LOOKS);
    clock.advance(Duration.ofMinutes(1));

    awaitGone();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void onlySoManySessionsMayStartAtATime() throws Exception {
    service.close();
    ScriptedLauncher slow = ScriptedLauncher.slow(Script.TINY);
    service =
        new SessionService(
            slow,
            CoreSettings.of(SessionLimits.DEFAULT).withCreations(new CreationLimit(2)),
            clock);
    service.open(SCALA, Caller.SERVER);
    service.open(SCALA, Caller.SERVER);
    assertThatThrownBy(() -> service.open(SCALA, Caller.SERVER))
        .hasMessage("Rejected, too many sessions are being created!");
    assertThatThrownBy(() -> service.open(SCALA.withName("7"), Caller.SERVER))
        .hasMessageContaining("too many");
    assertThat(service.sessions()).hasSize(2);

    slow.nextDriver().ready();
    await()
        .until(
            () ->
                service.sessions().stream()
                    .anyMatch(session -> session.state() == SessionState.IDLE));
    assertThatThrownBy(() -> service.open(SCALA.withName("7"), Caller.SERVER))
        .hasMessage("Invalid session name: 7");
    service.open(SCALA, Caller.SERVER);
    get(service.delete("2"));
    service.open(SCALA, Caller.SERVER);
  }

  private SessionService serviceWith(Lifetimes lifetimes) {
    return new SessionService(
        ScriptedLauncher.ready(Script.TINY),
        CoreSettings.of(SessionLimits.DEFAULT).withLifetimes(lifetimes),
        clock);
  }

  private void use(Lifetimes lifetimes) {
    service.close();
    service = serviceWith(lifetimes);
  }

  private void open(SessionSettings settings) {
    service.open(settings, Caller.SERVER);
    await().until(() -> service.session("0").state() == SessionState.IDLE);
  }

  private int run(String code) throws Exception {
    return get(service.execute(
            "0", new NewStatement(Kind.SPARK, code, Origin.REST, false, false, false)))
        .id();
  }

  private static <T> T get(java.util.concurrent.CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private void awaitGone() {
    await().until(() -> service.sessions().isEmpty());
  }

  private void staysFor(Duration time) {
    await().during(time).atMost(Duration.ofSeconds(15)).until(() -> service.sessions().size() == 1);
  }
}
