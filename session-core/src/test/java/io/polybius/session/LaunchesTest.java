package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput.Echo;
import io.polybius.session.SessionEvent.SessionChanged;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens while a launch is under way, and which driver's words count. */
@Timeout(20)
class LaunchesTest {

  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofSeconds(5),
          Duration.ofMillis(100),
          100,
          1000);

  /** A launcher whose drivers are there, and may speak, before their launch returns. */
  private static final class HeldLauncher implements DriverLauncher {
    private final ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    private final Semaphore mayReturn = new Semaphore(0);
    private final List<LaunchSpec> specs = new CopyOnWriteArrayList<>();

    @Override
    public RunningDriver launch(
        LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
        throws LaunchException {
      specs.add(spec);
      RunningDriver driver = launcher.launch(spec, events, log);
      try {
        if (!mayReturn.tryAcquire(10, TimeUnit.SECONDS)) {
          throw new LaunchException("the test has forgotten this launch");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LaunchException("interrupted", e);
      }
      return driver;
    }

    @Override
    public Set<Kind> languages() {
      return Set.of(Kind.SPARK);
    }

    @Override
    public void close() {
      launcher.close();
    }
  }

  private final HeldLauncher held = new HeldLauncher();
  private SessionService service =
      new SessionService(held, CoreSettings.of(LIMITS), Clock.systemUTC());

  @AfterEach
  void stop() {
    held.mayReturn.release(10);
    service.close();
  }

  private ScriptedDriver open() throws InterruptedException {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    return held.launcher.nextDriver();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private void awaitState(SessionState state) {
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(5))
        .until(() -> service.session("0").state() == state);
  }

  private void assertEnds(ScriptedDriver driver) throws Exception {
    assertThat(get(driver.exited())).isEqualTo("killed");
    get(driver.linkClosed());
  }

  @Test
  void wordsBeforeTheLaunchReturnsAreHeardAfterwards() throws Exception {
    ScriptedDriver driver = open();
    driver.ready();
    assertThat(service.session("0").state()).isEqualTo(SessionState.STARTING);
    held.mayReturn.release();

    awaitState(SessionState.IDLE);
  }

  @Test
  void failureBeforeTheLaunchReturnsIsTheLastWordThatCounts() throws Exception {
    ScriptedDriver driver = open();
    driver.say(new DriverEvent.DriverFailed("no memory"));
    driver.ready();
    driver.cut("unreachable");
    held.mayReturn.release();

    awaitState(SessionState.DEAD);
    assertEnds(driver);
    assertThat(service.log("0", 0, -1).lines())
        .containsExactly("stdout: ", "\nstderr: ", "no memory");
  }

  @Test
  void linkThatEndsBeforeTheLaunchReturnsIsNoticed() throws Exception {
    ScriptedDriver driver = open();
    driver.ready();
    driver.cut("unreachable");
    held.mayReturn.release();

    awaitState(SessionState.DEAD);
    assertEnds(driver);
  }

  @Test
  void deleteWhileTheLaunchIsUnderWayEndsTheDriverThatComes() throws Exception {
    ScriptedDriver driver = open();
    CompletableFuture<Void> deleted = service.delete("0").toCompletableFuture();
    awaitState(SessionState.SHUTTING_DOWN);
    assertThat(deleted).isNotDone();
    held.mayReturn.release();

    assertThat(deleted).succeedsWithin(Duration.ofSeconds(5));
    assertEnds(driver);
    assertThat(service.sessions()).isEmpty();
  }

  @Test
  void deletingTwiceAtOnceIsOneEnd() throws Exception {
    open();
    CompletionStage<Void> first = service.delete("0");
    CompletionStage<Void> second = service.delete("0");
    held.mayReturn.release();

    get(first);
    get(second);
    assertThat(service.sessions()).isEmpty();
  }

  @Test
  void startTimeoutAlsoHoldsForTheLaunchItself() throws Exception {
    service.close();
    service =
        new SessionService(
            held,
            CoreSettings.of(LIMITS.withStartTimeout(Duration.ofMillis(100))),
            Clock.systemUTC());
    ScriptedDriver driver = open();

    awaitState(SessionState.DEAD);
    held.mayReturn.release();
    assertEnds(driver);
    get(service.delete("0"));
  }

  @Test
  void restartWhileTheLaunchIsUnderWayEndsTheDriverThatComesTooLate() throws Exception {
    ScriptedDriver first = open();
    first.ready();
    List<SessionEvent> events = new CopyOnWriteArrayList<>();
    get(service.restart("0"));
    ScriptedDriver second = held.launcher.nextDriver();
    service.subscribe("0", 0, events::add);
    held.mayReturn.release(2);
    assertEnds(first);
    assertThat(service.session("0").state()).isEqualTo(SessionState.STARTING);
    second.ready();
    awaitState(SessionState.IDLE);

    assertThat(held.specs).extracting(LaunchSpec::incarnation).containsExactly(1, 2);
    assertThat(held.specs)
        .extracting(LaunchSpec::driverName)
        .containsExactly("session-0-1", "session-0-2");
    assertThat(events)
        .hasSize(2)
        .allSatisfy(
            event -> assertThat(((SessionChanged) event).session().incarnation()).isEqualTo(2));
  }

  @Test
  void nothingThatARetiredDriverSaysCounts() throws Exception {
    held.mayReturn.release(2);
    ScriptedDriver first = open();
    first.ready();
    awaitState(SessionState.IDLE);
    get(service.execute("0", new NewStatement(Kind.SPARK, "x", Origin.REST, false, false, false)));
    get(service.restart("0"));
    ScriptedDriver second = held.launcher.nextDriver();
    Statement cancelled = service.statement("0", 0);
    assertThat(cancelled.state()).isEqualTo(StatementState.CANCELLED);
    assertThat(cancelled.error().orElseThrow().message()).contains("restarted");

    first.ready();
    first.say(new DriverEvent.StatementPutOut(0, new Echo("late\n")));
    first.say(new DriverEvent.StatementSucceeded(0));
    first.say(new DriverEvent.DriverFailed("late"));
    first.cut("late");
    assertEnds(first);

    assertThat(service.session("0").state()).isEqualTo(SessionState.STARTING);
    assertThat(service.statement("0", 0)).isEqualTo(cancelled);
    second.ready();
    awaitState(SessionState.IDLE);
    second.say(new DriverEvent.StatementPutOut(0, new Echo("not its own\n")));
    second.ready();
    get(service.interrupt("0"));
    assertThat(service.session("0").state()).isEqualTo(SessionState.IDLE);
  }

  @Test
  void firstEventOfARestartNamesTheNewIncarnation() throws Exception {
    held.mayReturn.release(2);
    open().ready();
    awaitState(SessionState.IDLE);
    List<SessionSnapshot> seen = new CopyOnWriteArrayList<>();
    service.subscribe(
        "0",
        0,
        event -> {
          if (event instanceof SessionChanged changed) {
            seen.add(changed.session());
          }
        });
    SessionSnapshot restarted = get(service.restart("0"));

    assertThat(restarted.incarnation()).isEqualTo(2);
    assertThat(restarted.state()).isEqualTo(SessionState.STARTING);
    assertThat(restarted.driver()).isEmpty();
    assertThat(seen)
        .extracting(SessionSnapshot::state, SessionSnapshot::incarnation)
        .containsExactly(tuple(SessionState.IDLE, 1), tuple(SessionState.STARTING, 2));
  }

  @Test
  void driverIsReadyOnlyOnce() throws Exception {
    held.mayReturn.release();
    ScriptedDriver driver = open();
    driver.ready();
    awaitState(SessionState.IDLE);
    get(service.execute("0", new NewStatement(Kind.SPARK, "x", Origin.REST, false, false, false)));
    driver.ready();

    assertThat(get(service.checkCompleteness("0", Kind.SPARK, "x")))
        .isEqualTo(CompletenessVerdict.UNKNOWN);
    assertThat(service.session("0").state()).isEqualTo(SessionState.BUSY);
  }

  @Test
  void endedDriverIsAskedNothingAndItsLinkIsClosed() throws Exception {
    held.mayReturn.release();
    ScriptedDriver driver = open();
    driver.ready();
    awaitState(SessionState.IDLE);
    driver.exit("exit code 3");
    awaitState(SessionState.DEAD);

    get(driver.linkClosed());
    get(service.delete("0"));
  }

  @Test
  void driverIsAskedToEndBeforeItIsKilled() throws Exception {
    held.mayReturn.release();
    ScriptedDriver driver = open();
    driver.ready();
    awaitState(SessionState.IDLE);
    CompletionStage<Void> deleted = service.delete("0");
    driver.nextCommand(DriverCommand.Shutdown.class);
    driver.exit("exit code 0");

    get(deleted);
    assertThat(get(driver.exited())).isEqualTo("exit code 0");
    get(driver.linkClosed());
  }

  private static ClusterApplication application(ClusterApplication.State state) {
    return new ClusterApplication(
        "application_1_0001",
        state,
        Optional.of("default"),
        Optional.of("http://rm/proxy/application_1_0001/"),
        Optional.of("http://nm/logs"),
        "");
  }

  @Test
  void clusterDriverHasItsTimeFromWhenItIsAccepted() throws Exception {
    service.close();
    Duration startTimeout = Duration.ofMillis(300);
    service =
        new SessionService(
            held, CoreSettings.of(LIMITS.withStartTimeout(startTimeout)), Clock.systemUTC());
    ScriptedDriver driver = open();
    driver.waitsForItsCluster();
    driver.application(application(ClusterApplication.State.SUBMITTED));
    held.mayReturn.release();

    await()
        .during(startTimeout.multipliedBy(3))
        .atMost(Duration.ofSeconds(5))
        .until(() -> service.session("0").state() == SessionState.STARTING);
    driver.application(application(ClusterApplication.State.ACCEPTED));
    awaitState(SessionState.DEAD);
    assertThat(service.log("0", 0, -1).lines())
        .anyMatch(line -> line.startsWith("The driver was not ready within"));
    assertEnds(driver);
  }

  @Test
  void applicationIsSeenBeforeItsDriverIsReady() throws Exception {
    ScriptedDriver driver = open();
    driver.waitsForItsCluster();
    held.mayReturn.release();
    driver.application(application(ClusterApplication.State.RUNNING));

    await().until(() -> service.session("0").application().isPresent());
    SessionSnapshot session = service.session("0");
    assertThat(session.state()).isEqualTo(SessionState.STARTING);
    assertThat(session.applicationId()).contains("application_1_0001");
    assertThat(session.sparkUiUrl()).contains("http://rm/proxy/application_1_0001/");
  }

  @Test
  void sessionWhoseApplicationWasKilledIsKilled() throws Exception {
    ScriptedDriver driver = open();
    held.mayReturn.release();
    driver.ready();
    awaitState(SessionState.IDLE);
    driver.application(application(ClusterApplication.State.KILLED));
    driver.exit("application application_1_0001 is KILLED");

    awaitState(SessionState.KILLED);
    assertThat(service.log("0", 0, -1).lines())
        .contains("The driver process ended: application application_1_0001 is KILLED");
  }
}
