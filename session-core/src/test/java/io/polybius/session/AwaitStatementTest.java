package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waiting for the end of a statement, and not longer than that. */
@Timeout(20)
class AwaitStatementTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  private final SessionService service =
      new SessionService(
          ScriptedLauncher.ready(Script.TINY),
          CoreSettings.of(SessionLimits.DEFAULT),
          Clock.systemUTC());

  @BeforeEach
  void open() {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    await().until(() -> service.session("0").state() == SessionState.IDLE);
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void statementThatHasEndedIsThereAtOnce() throws Exception {
    int id = run("value 1");

    assertThat(get(service.awaitStatement("0", id, LONG)).state())
        .isEqualTo(StatementState.AVAILABLE);
  }

  @Test
  void allWhoWaitAreToldOfTheEnd() throws Exception {
    int id = run("wait");
    CompletableFuture<Statement> first =
        service.awaitStatement("0", id, LONG).toCompletableFuture();
    CompletableFuture<Statement> second =
        service.awaitStatement("0", id, LONG).toCompletableFuture();
    CompletableFuture<Statement> impatient =
        service.awaitStatement("0", id, Duration.ofMillis(50)).toCompletableFuture();
    assertThat(get(impatient).state()).isEqualTo(StatementState.RUNNING);
    assertThat(first).isNotDone();

    get(service.cancel("0", id));
    assertThat(get(first).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(get(second).state()).isEqualTo(StatementState.CANCELLED);
  }

  @Test
  void statementThatStillWaitsEndsWithItsSession() throws Exception {
    run("wait");
    CompletableFuture<Statement> waiting =
        service.awaitStatement("0", run("value 1"), LONG).toCompletableFuture();
    get(service.delete("0"));

    assertThat(get(waiting).state()).isEqualTo(StatementState.CANCELLED);
  }

  @Test
  void thereIsNothingToWaitForWithoutAStatement() {
    assertThatThrownBy(() -> get(service.awaitStatement("0", 7, LONG)))
        .hasMessageContaining("Statement not found");
    assertThatThrownBy(() -> get(service.awaitStatement("1", 0, LONG)))
        .hasMessageContaining("Session '1' not found.");
  }

  @Test
  void statementsThatWaitAreNotWithoutNumber() throws Exception {
    run("wait");
    for (int i = 0; i < 1_000; i++) {
      run("value 1");
    }
    assertThatThrownBy(() -> run("value 1"))
        .hasCauseInstanceOf(SessionException.class)
        .hasMessageContaining("Too many statements wait in this session");
    get(service.interrupt("0"));

    await().until(() -> service.session("0").state() == SessionState.IDLE);
    run("value 1");
  }

  private int run(String code) throws Exception {
    return get(service.execute(
            "0", new NewStatement(Kind.SPARK, code, Origin.REST, false, false, false)))
        .id();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
