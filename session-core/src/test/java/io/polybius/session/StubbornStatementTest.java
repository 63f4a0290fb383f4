package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent.StatementFailed;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import io.polybius.driver.protocol.StatementError;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A statement that runs on after it was cancelled by force: ended for its users, not yet over. */
@Timeout(20)
class StubbornStatementTest {

  private static final int RETAINED = 2;
  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          RETAINED,
          1000);

  private final ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
  private final SessionService service =
      new SessionService(launcher, CoreSettings.of(LIMITS), Clock.systemUTC());
  private ScriptedDriver driver;

  @BeforeEach
  void openSession() throws Exception {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    driver = launcher.nextDriver();
    awaitState(SessionState.IDLE);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private int execute(String client, boolean stopOnError) throws Exception {
    Origin origin = new Origin(client, "");
    return get(service.execute(
            "0", new NewStatement(Kind.SPARK, "x", origin, false, stopOnError, false)))
        .id();
  }

  private void makeStubborn(int id) throws Exception {
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(id);
    get(service.cancel("0", id));
    assertThat(driver.nextCommand(DriverCommand.Cancel.class).statementId()).isEqualTo(id);
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.statement("0", id).state() == StatementState.CANCELLED);
  }

  private StatementState state(int id) {
    return service.statement("0", id).state();
  }

  private void awaitState(SessionState state) {
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(5))
        .until(() -> service.session("0").state() == state);
  }

  @Test
  void saysThatItRunsOn() throws Exception {
    makeStubborn(execute("a", false));

    assertThat(service.statement("0", 0).error().orElseThrow().message()).contains("runs on");
    assertThat(String.join("\n", service.log("0", 0, -1).lines()))
        .contains("Statement 0 does not react");
    assertThat(service.session("0").state()).isEqualTo(SessionState.BUSY);
  }

  @Test
  void interruptEndsThoseThatWaitBehindIt() throws Exception {
    makeStubborn(execute("a", false));
    int waiting = execute("a", false);

    get(service.interrupt("0"));

    assertThat(state(waiting)).isEqualTo(StatementState.CANCELLED);
    assertThat(driver.nextCommand(DriverCommand.Cancel.class).statementId()).isZero();
    driver.say(new StatementSucceeded(0));
    awaitState(SessionState.IDLE);
  }

  @Test
  void sessionDiesWithItsDriverAllTheSame() throws Exception {
    makeStubborn(execute("a", false));
    int waiting = execute("a", false);
    driver.exit("killed");
    awaitState(SessionState.DEAD);

    assertThat(state(0)).isEqualTo(StatementState.CANCELLED);
    assertThat(service.statement("0", 0).error().orElseThrow().name()).isEqualTo("StillRunning");
    assertThat(state(waiting)).isEqualTo(StatementState.CANCELLED);
    get(service.delete("0"));
  }

  @Test
  void sessionCanBeRestartedAndStopped() throws Exception {
    makeStubborn(execute("a", false));
    get(service.restart("0"));
    awaitState(SessionState.IDLE);
    assertThat(state(0)).isEqualTo(StatementState.CANCELLED);
    driver = launcher.nextDriver();

    makeStubborn(execute("a", false));
    get(service.delete("0"));
    assertThat(service.sessions()).isEmpty();
  }

  @Test
  void isNotForgottenBeforeTheDriverIsDoneWithIt() throws Exception {
    makeStubborn(execute("a", false));
    int last = 0;
    for (int i = 0; i < RETAINED + 2; i++) {
      last = execute("a", false);
    }
    assertThat(state(0)).isEqualTo(StatementState.CANCELLED);

    driver.say(new StatementSucceeded(0));
    for (int id = 1; id <= last; id++) {
      assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(id);
      driver.say(new StatementSucceeded(id));
    }
    awaitState(SessionState.IDLE);
  }

  @Test
  void cancelsWhatItsClientHadWaitingThenAndNothingLater() throws Exception {
    execute("a", true);
    int before = execute("a", true);
    int ofAnother = execute("b", true);
    makeStubborn(0);
    await().until(() -> state(before) == StatementState.CANCELLED);
    assertThat(state(ofAnother)).isEqualTo(StatementState.WAITING);

    int after = execute("a", true);
    driver.say(
        new StatementFailed(
            0, new StatementError(StatementError.Origin.INTERRUPT, "x", "stopped", List.of())));
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(ofAnother);
    driver.say(new StatementSucceeded(ofAnother));
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(after);
    driver.say(new StatementSucceeded(after));
    awaitState(SessionState.IDLE);
    assertThat(state(after)).isEqualTo(StatementState.AVAILABLE);
  }
}
