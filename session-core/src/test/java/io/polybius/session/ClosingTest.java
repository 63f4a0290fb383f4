package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of the service, and the errors of its stages. */
@Timeout(30)
class ClosingTest {

  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          100,
          1000);

  private final ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
  private final SessionService service =
      new SessionService(
          launcher,
          CoreSettings.of(LIMITS).withCreations(new CreationLimit(Integer.MAX_VALUE)),
          Clock.systemUTC());

  @AfterEach
  void stop() {
    service.close();
  }

  private static NewStatement statement() {
    return new NewStatement(Kind.SPARK, "x", Origin.REST, false, false, false);
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
  }

  private ScriptedDriver openIdle() throws InterruptedException {
    int id = service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.session(String.valueOf(id)).state() == SessionState.IDLE);
    return launcher.nextDriver();
  }

  @Test
  void closingEndsWhatRunsAndWaits() throws Exception {
    ScriptedDriver driver = openIdle();
    get(service.execute("0", statement()));
    get(service.execute("0", statement()));
    CompletionStage<CompletenessVerdict> question = service.checkCompleteness("0", Kind.SPARK, "x");
    CompletionStage<Completion> completion = service.complete("0", Kind.SPARK, "x", 1);
    service.close();

    assertThat(service.session("0").state()).isEqualTo(SessionState.DEAD);
    assertThat(service.session("0").statements())
        .extracting(Statement::state)
        .containsExactly(StatementState.CANCELLED, StatementState.CANCELLED);
    assertThat(get(question)).isEqualTo(CompletenessVerdict.UNKNOWN);
    assertThat(get(completion)).isEqualTo(Completion.none(1));
    assertThat(get(driver.exited())).isEqualTo("killed");
  }

  @Test
  void closingTwiceIsClosingOnce() throws Exception {
    openIdle();
    service.close();
    service.close();

    assertThat(service.session("0").state()).isEqualTo(SessionState.DEAD);
  }

  @Test
  void requestsAfterTheEndAreAnswered() throws Exception {
    ScriptedDriver driver = openIdle();
    service.close();
    driver.say(new DriverEvent.StatementSucceeded(0));
    driver.cut("late");

    assertThat(service.execute("0", statement()))
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(SessionException.class)
        .withMessageContaining("Session is in state dead");
    assertThat(get(service.checkCompleteness("0", Kind.SPARK, "x")))
        .isEqualTo(CompletenessVerdict.UNKNOWN);
    get(service.interrupt("0"));
    get(service.delete("0"));
    List<SessionEvent> heard = new ArrayList<>();
    assertThatThrownBy(() -> service.subscribe("0", 0, heard::add))
        .isInstanceOf(SessionException.class);
  }

  @Test
  void sessionsOpenedWhileTheServiceClosesAreClosedOrRefused() throws Exception {
    CountDownLatch some = new CountDownLatch(10);
    AtomicInteger opened = new AtomicInteger();
    CompletableFuture<Void> opening =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (true) {
                  service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
                  opened.incrementAndGet();
                  some.countDown();
                }
              } catch (SessionException refused) {
                assertThat(refused.code()).isEqualTo(ErrorCode.SHUTTING_DOWN);
              }
            });
    assertThat(some.await(5, TimeUnit.SECONDS)).isTrue();
    service.close();

    assertThat(opening).succeedsWithin(Duration.ofSeconds(5));
    assertThat(service.sessions())
        .hasSize(opened.get())
        .allSatisfy(session -> assertThat(session.state()).isEqualTo(SessionState.DEAD));
  }

  @Test
  void stagesFailWithTheSessionsOwnException() throws Exception {
    openIdle().exit("gone");
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.session("0").state() == SessionState.DEAD);
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    service.restart("0").whenComplete((done, why) -> failure.complete(why));

    assertThat(get(failure))
        .isInstanceOfSatisfying(
            SessionException.class, why -> assertThat(why.code()).isEqualTo(ErrorCode.WRONG_STATE));
  }

  @Test
  void idsAreNotUsedAgain() throws Exception {
    openIdle();
    openIdle();
    get(service.delete("1"));
    openIdle();

    assertThat(service.sessions()).extracting(SessionSnapshot::id).containsExactly(0, 2);
    assertThatThrownBy(() -> service.session("1")).hasMessage("Session '1' not found.");
  }

  @Test
  void hiddenStatementsEndWithTheDriverToo() throws Exception {
    ScriptedDriver driver = openIdle();
    List<Statement> seen = Collections.synchronizedList(new ArrayList<>());
    service.subscribe(
        "0",
        0,
        event -> {
          if (event instanceof SessionEvent.StatementChanged changed) {
            seen.add(changed.statement());
          }
        });
    NewStatement hidden = new NewStatement(Kind.SPARK, "x", Origin.REST, true, true, false);
    get(service.execute("0", hidden));
    get(service.execute("0", hidden));
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(-1);
    driver.exit("gone");
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.session("0").state() == SessionState.DEAD);

    // Subscribers hear of it a moment later.
    await()
        .untilAsserted(
            () ->
                assertThat(List.copyOf(seen))
                    .extracting(Statement::id, Statement::state)
                    .endsWith(
                        tuple(-1, StatementState.AVAILABLE), tuple(-2, StatementState.CANCELLED)));
    assertThat(service.session("0").statements()).isEmpty();
  }
}
