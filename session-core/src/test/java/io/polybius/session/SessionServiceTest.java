package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions and statements, with drivers that do what the test says. */
@Timeout(60)
class SessionServiceTest {

  private static final Caller CALLER = Caller.SERVER;
  private static final SessionLimits QUICK =
      new SessionLimits(
          Duration.ofSeconds(20),
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          5,
          1000);

  private static final SessionLimits PATIENT =
      new SessionLimits(
          Duration.ofSeconds(20),
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofSeconds(20),
          5,
          1000);

  private SessionService service;

  @AfterEach
  void closeService() {
    if (service != null) {
      service.close();
    }
  }

  /** Whose kernels are on a disk that does not answer until the test lets it. */
  private record SlowDisk(DriverLauncher drivers, CountDownLatch answered)
      implements DriverLauncher {
    @Override
    public RunningDriver launch(
        LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log)
        throws LaunchException {
      return drivers.launch(spec, events, log);
    }

    @Override
    public Set<Kind> languages() {
      return drivers.languages();
    }

    @Override
    public List<InstalledKernel> jupyterKernels() {
      try {
        assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return List.of(
          new InstalledKernel("bash", Path.of("bash"), List.of(), Map.of(), "Bash", "bash", false));
    }

    @Override
    public void close() {
      drivers.close();
    }
  }

  @Test
  void slowDiskWithJupyterKernelsHoldsUpNoSession() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    service =
        new SessionService(
            new SlowDisk(ScriptedLauncher.ready(Script.TINY), answered),
            CoreSettings.of(QUICK),
            Clock.systemUTC());
    service.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(SessionState.IDLE);
    CompletableFuture<Statement> known = executeElsewhere("jupyter:bash");
    CompletableFuture<Statement> unknown = executeElsewhere("jupyter:nobody");

    Statement other = get(service.execute("0", statement(Kind.SPARK)));
    await().until(() -> service.statement("0", other.id()).state().isTerminal());
    assertThat(known).isNotDone();
    answered.countDown();
    assertThat(known.get(30, TimeUnit.SECONDS).kind().canonicalName()).isEqualTo("jupyter:bash");
    assertThatThrownBy(() -> unknown.get(30, TimeUnit.SECONDS))
        .hasMessageContaining("Invalid kind: jupyter:nobody");
  }

  private CompletableFuture<Statement> executeElsewhere(String kind) {
    return CompletableFuture.supplyAsync(
            () -> service.execute("0", statement(Kind.find(kind).orElseThrow())),
            task -> new Thread(task, "request").start())
        .thenCompose(begun -> begun);
  }

  private static NewStatement statement(Kind kind) {
    return new NewStatement(kind, "value 1", Origin.REST, false, false, false);
  }

  // ---- starting

  @Test
  void sessionGoesFromStartingToIdle() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK);
    assertThat(state()).isEqualTo(SessionState.STARTING);
    launcher.nextDriver().ready();
    awaitState(SessionState.IDLE);
    assertThat(service.session("0").driver().orElseThrow().sparkVersion()).isEqualTo("3.5.5");
  }

  @Test
  void failedLaunchLeavesADeadSessionThatSaysWhy() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    launcher.failWith("There is no Spark here.");
    open(launcher, QUICK);
    awaitState(SessionState.DEAD);
    assertThat(service.log("0", 0, -1).lines()).contains("There is no Spark here.");
    assertThat(service.sessions()).hasSize(1);
  }

  @Test
  void driverThatIsNeverReadyIsKilledAfterTheTimeout() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK.withStartTimeout(Duration.ofMillis(200)));
    ScriptedDriver driver = launcher.nextDriver();
    awaitState(SessionState.DEAD);
    assertThat(String.join("\n", service.log("0", 0, -1).lines()))
        .contains("livy.rsc.server.connect.timeout");
    assertThat(driver.exited().toCompletableFuture().get(5, TimeUnit.SECONDS)).isEqualTo("killed");
  }

  @Test
  void driverThatExitsWhileStartingLeavesItsReason() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK);
    launcher.nextDriver().exit("exit code 1");
    awaitState(SessionState.DEAD);
    assertThat(String.join("\n", service.log("0", 0, -1).lines())).contains("exit code 1");
  }

  @Test
  void statementsWaitForTheStartOnlyIfTheyMay() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.TINY);
    open(launcher, QUICK);
    assertThatThrownBy(() -> get(service.execute("0", statement("value 1"))))
        .hasCauseInstanceOf(SessionException.class)
        .hasMessageContaining("Session is in state starting");
    Statement early =
        get(
            service.execute(
                "0", new NewStatement(Kind.SPARK, "value 1", Origin.REST, false, false, true)));
    assertThat(early.state()).isEqualTo(StatementState.WAITING);
    launcher.nextDriver().ready();
    assertThat(ended(early.id()).state()).isEqualTo(StatementState.AVAILABLE);
  }

  // ---- statements

  @Test
  void statementsRunOneAfterTheOtherWithRisingIds() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    assertThat(run("a").id()).isZero();
    assertThat(run("b").id()).isEqualTo(1);
    awaitState(SessionState.BUSY);
    assertThat(driver.nextCommand(DriverCommand.Execute.class).code()).isEqualTo("a");
    assertThat(service.statement("0", 1).state()).isEqualTo(StatementState.WAITING);
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(driver.nextCommand(DriverCommand.Execute.class).code()).isEqualTo("b");
    driver.say(new DriverEvent.StatementSucceeded(1));
    awaitState(SessionState.IDLE);
  }

  @Test
  void outputsAreJoinedAndKeptInOrder() throws Exception {
    openReady(Script.TINY);
    Statement ended = ended(run("print a\nprint b\nwarn c\nvalue 1").id());
    assertThat(ended.outputs().toList())
        .startsWith(
            new StreamText(StreamName.STDOUT, "a\nb\n"), new StreamText(StreamName.STDERR, "c\n"));
    assertThat(ended.outputs().toList()).hasSize(4);
    assertThat(ended.completedMillis()).isGreaterThanOrEqualTo(ended.startedMillis());
  }

  @Test
  void progressIsAShareUntilTheEnd() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("job");
    driver.nextCommand();
    driver.say(new DriverEvent.StatementProgressed(0, 1, 4, 0, 1));
    await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> service.statement("0", 0).progress() == 0.25);
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(ended(0).progress()).isEqualTo(1.0);
  }

  @Test
  void failureIsAnAvailableStatementWithAnError() throws Exception {
    openReady(Script.TINY);
    Statement ended = ended(run("fail boom").id());
    assertThat(ended.state()).isEqualTo(StatementState.AVAILABLE);
    assertThat(ended.error().orElseThrow().message()).isEqualTo("boom");
  }

  @Test
  void failureCancelsWhatTheSameClientHasWaiting() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    get(service.execute("0", of("kernel", true)));
    get(service.execute("0", of("kernel", true)));
    get(service.execute("0", of("other", true)));
    driver.nextCommand();
    driver.say(new DriverEvent.StatementFailed(0, error()));
    assertThat(ended(1).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(ended(1).startedMillis()).isZero();
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(2);
  }

  @Test
  void failureWithoutThatWishCancelsNothing() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    get(service.execute("0", of("kernel", false)));
    get(service.execute("0", of("kernel", true)));
    driver.nextCommand();
    driver.say(new DriverEvent.StatementFailed(0, error()));
    assertThat(driver.nextCommand(DriverCommand.Execute.class).statementId()).isEqualTo(1);
  }

  @Test
  void hiddenStatementsRunButAreInNoHistory() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    Statement hidden =
        get(
            service.execute(
                "0", new NewStatement(Kind.SPARK, "1", Origin.REST, true, false, false)));
    assertThat(hidden.id()).isNegative();
    driver.nextCommand();
    driver.say(new DriverEvent.StatementSucceeded(hidden.id()));
    awaitState(SessionState.IDLE);
    assertThat(service.session("0").statements()).isEmpty();
    assertThat(run("next").id()).isZero();
  }

  @Test
  void onlyTheNewestStatementsAreRetained() throws Exception {
    openReady(Script.TINY);
    for (int i = 0; i < 8; i++) {
      ended(run("value 1").id());
    }
    assertThat(service.session("0").statements()).hasSize(5);
    assertThatThrownBy(() -> service.statement("0", 0)).hasMessage("Statement not found");
    assertThat(service.statement("0", 7).id()).isEqualTo(7);
  }

  @Test
  void veryLargeOutputsOfWhatHasEndedDoNotKeepOthersFromRunning() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    assertThat(run("large").id()).isZero();
    driver.nextCommand(DriverCommand.Execute.class);
    String large = "x".repeat(8 << 20);
    for (int i = 0; i < 9; i++) {
      driver.say(
          new DriverEvent.StatementPutOut(0, new StatementOutput.Display(MimeBundle.text(large))));
    }
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(ended(0).outputs().toList()).hasSize(9);
    awaitState(SessionState.IDLE);
    assertThat(service.statement("0", 0).id()).isZero();

    assertThat(run("next").id()).isEqualTo(1);
    assertThatThrownBy(() -> service.statement("0", 0)).hasMessage("Statement not found");
  }

  @Test
  void aSessionMayRetainAnotherNumberOfStatements() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    service = new SessionService(launcher, CoreSettings.of(QUICK), Clock.systemUTC());
    service.open(
        SessionSettings.of(Kind.SPARK).withConf(Map.of("livy.rsc.retained-statements", "2")),
        CALLER);
    awaitState(SessionState.IDLE);
    for (int i = 0; i < 4; i++) {
      ended(run("value 1").id());
    }
    assertThat(service.session("0").statements()).hasSize(2);
  }

  @Test
  void whatIsRejectedOpensNoSession() {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SubmissionRules rules =
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of("spark.yarn.queue"),
                List.of(),
                "file:///",
                List.of(),
                false,
                Set.of(),
                LaunchProfiles.NONE));
    service =
        new SessionService(launcher, CoreSettings.of(QUICK).withRules(rules), Clock.systemUTC());
    for (String key : List.of("spark.yarn.queue", "livy.rsc.retained-statements")) {
      assertThatThrownBy(
              () ->
                  service.open(
                      SessionSettings.of(Kind.SPARK).withConf(Map.of(key, "fast")), CALLER))
          .isInstanceOfSatisfying(
              SessionException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.REJECTED));
    }
    assertThat(service.sessions()).isEmpty();
    assertThat(service.open(SessionSettings.of(Kind.SPARK), CALLER).id()).isZero();
  }

  @Test
  void tooLongCodeIsRefused() throws Exception {
    openReady(Script.TINY);
    assertThatThrownBy(() -> run("x".repeat(1001)))
        .hasCauseInstanceOf(SessionException.class)
        .hasMessageContaining("longer than 1000");
  }

  // ---- cancelling

  @Test
  void waitingStatementIsCancelledWithoutTheDriver() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("a");
    run("b");
    driver.nextCommand();
    get(service.cancel("0", 1));
    assertThat(service.statement("0", 1).state()).isEqualTo(StatementState.CANCELLED);
    driver.say(new DriverEvent.StatementSucceeded(0));
    awaitState(SessionState.IDLE);
  }

  @Test
  void runningStatementIsCancelledByTheDriver() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("a");
    driver.nextCommand();
    get(service.cancel("0", 0));
    assertThat(service.statement("0", 0).state()).isEqualTo(StatementState.CANCELLING);
    assertThat(driver.nextCommand(DriverCommand.Cancel.class).statementId()).isZero();
    driver.say(new DriverEvent.StatementFailed(0, error()));
    assertThat(ended(0).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(ended(0).error()).isPresent();
  }

  @Test
  void statementThatCannotBeStoppedCountsAsCancelledInTheEnd() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("stubborn");
    driver.nextCommand();
    get(service.cancel("0", 0));
    assertThat(ended(0).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(state()).isEqualTo(SessionState.BUSY);
    driver.say(new DriverEvent.StatementSucceeded(0));
    awaitState(SessionState.IDLE);
  }

  @Test
  void cancellingWhatHasEndedOrNeverWasDoesNothing() throws Exception {
    openReady(Script.TINY);
    ended(run("value 1").id());
    get(service.cancel("0", 0));
    get(service.cancel("0", 99));
    assertThat(service.statement("0", 0).state()).isEqualTo(StatementState.AVAILABLE);
  }

  @Test
  void interruptStopsWhatRuns() throws Exception {
    openReady(Script.TINY);
    run("wait");
    get(service.interrupt("0"));
    assertThat(ended(0).state()).isEqualTo(StatementState.CANCELLED);
    get(service.interrupt("0"));
  }

  @Test
  void lateOutputOfAHiddenStatementIsHeard() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    List<String> late = new CopyOnWriteArrayList<>();
    service.subscribe(
        "0",
        0,
        event -> {
          if (event instanceof SessionEvent.OutputAdded added
              && added.statement().state().isTerminal()) {
            late.add(((StatementOutput.StreamText) added.output()).text());
          }
        });
    Statement hidden =
        get(
            service.execute(
                "0", new NewStatement(Kind.SPARK, "a", Origin.REST, true, false, true)));
    driver.nextCommand(DriverCommand.Execute.class);
    driver.say(new DriverEvent.StatementSucceeded(hidden.id()));
    driver.print(hidden.id(), "late");

    await().until(() -> late.equals(List.of("late")));
    assertThat(service.session("0").statements()).isEmpty();
  }

  // ---- losing the driver

  @Test
  void exitOfTheDriverEndsWhatItWasDoing() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("a");
    run("b");
    driver.nextCommand();
    driver.exit("exit code 137 (signal 9)");
    awaitState(SessionState.DEAD);
    assertThat(service.statement("0", 0).state()).isEqualTo(StatementState.AVAILABLE);
    assertThat(service.statement("0", 0).error().orElseThrow().message())
        .isEqualTo("Interpreter died:\nThe driver process ended: exit code 137 (signal 9)");
    assertThat(service.statement("0", 1).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(String.join("\n", service.log("0", 0, -1).lines())).contains("exit code 137");
    assertThatThrownBy(() -> run("c")).hasMessageContaining("Session is in state dead");
  }

  @Test
  void lastWordsBeforeTheExitStillCount() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    run("a");
    driver.nextCommand();
    driver.exit("exit code 0");
    driver.say(new DriverEvent.StatementSucceeded(0));
    awaitState(SessionState.DEAD);
    assertThat(service.statement("0", 0).error()).isEmpty();
  }

  @Test
  void cutLinkEndsTheSessionAndTheDriver() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    driver.cut("unreachable");
    awaitState(SessionState.DEAD);
    driver.exited().toCompletableFuture().get(5, TimeUnit.SECONDS);
    assertThat(String.join("\n", service.log("0", 0, -1).lines())).contains("unreachable");
  }

  // ---- restarting and deleting

  @Test
  void restartReplacesTheDriverAndGoesOnCounting() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK);
    ScriptedDriver first = launcher.nextDriver();
    first.ready();
    awaitState(SessionState.IDLE);
    run("a");
    run("b");
    first.nextCommand();
    assertThat(get(service.restart("0")).state()).isEqualTo(SessionState.STARTING);
    assertThat(service.statement("0", 0).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(service.statement("0", 1).state()).isEqualTo(StatementState.CANCELLED);
    ScriptedDriver second = launcher.nextDriver();
    first.say(new DriverEvent.StatementSucceeded(0));
    first.exited().toCompletableFuture().get(5, TimeUnit.SECONDS);
    second.ready();
    awaitState(SessionState.IDLE);
    assertThat(service.session("0").incarnation()).isEqualTo(2);
    assertThat(service.session("0").firstStatementId()).isEqualTo(2);
    assertThat(run("c").id()).isEqualTo(2);
    assertThat(second.nextCommand(DriverCommand.Execute.class).code()).isEqualTo("c");
  }

  @Test
  void deleteEndsTheDriverAndForgetsTheSession() throws Exception {
    ScriptedDriver driver = openReady(Script.TINY);
    run("wait");
    get(service.delete("0"));
    assertThat(driver.exited().toCompletableFuture()).isCompleted();
    assertThatThrownBy(() -> service.session("0")).hasMessage("Session '0' not found.");
    assertThatThrownBy(() -> get(service.delete("0"))).hasCauseInstanceOf(SessionException.class);
  }

  @Test
  void deleteWhileStartingWaitsForTheDriversEnd() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK);
    ScriptedDriver driver = launcher.nextDriver();
    get(service.delete("0"));
    assertThat(driver.exited().toCompletableFuture()).isCompleted();
  }

  @Test
  void idsAndNamesAreNotGivenTwice() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    service = new SessionService(launcher, CoreSettings.of(QUICK), Clock.systemUTC());
    SessionSettings named = SessionSettings.of(Kind.SPARK).withName("mine");
    assertThat(service.open(named, CALLER).id()).isZero();
    assertThatThrownBy(() -> service.open(named, CALLER))
        .hasMessageContaining("Duplicate session name: Some(mine)");
    assertThatThrownBy(() -> service.open(SessionSettings.of(Kind.SPARK).withName("12"), CALLER))
        .hasMessageContaining("Invalid session name: 12");
    assertThat(service.session("mine").id()).isZero();
    get(service.delete("mine"));
    assertThat(service.open(named, CALLER).id()).isPositive();
  }

  @Test
  void closeEndsEverySessionAndThread() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.COLLECT);
    open(launcher, QUICK);
    ScriptedDriver stubborn = launcher.nextDriver();
    stubborn.ready();
    service.close();
    assertThat(stubborn.exited().toCompletableFuture()).isCompleted();
    assertThatThrownBy(() -> service.open(SessionSettings.of(Kind.SPARK), CALLER))
        .hasMessageContaining("shutting down");
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(5, TimeUnit.SECONDS)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().matches("(session|launch)-.*")));
  }

  // ---- listening and asking

  @Test
  void listenersGetEveryEventOnceAndInOrder() throws Exception {
    openReady(Script.TINY);
    ended(run("print a\nvalue 1").id());
    List<SessionEvent> late = Collections.synchronizedList(new ArrayList<>());
    Subscription all = service.subscribe("0", 0, late::add);
    ended(run("print b").id());
    await().pollInterval(Duration.ofMillis(5)).until(() -> state() == SessionState.IDLE);
    all.close();
    List<Long> numbers;
    synchronized (late) {
      numbers = late.stream().map(SessionEvent::sequence).toList();
    }
    assertThat(numbers.get(0)).isEqualTo(1);
    for (int i = 1; i < numbers.size(); i++) {
      assertThat(numbers.get(i)).isEqualTo(numbers.get(i - 1) + 1);
    }
    List<SessionEvent> rest = Collections.synchronizedList(new ArrayList<>());
    long known = numbers.get(3);
    service.subscribe("0", known, rest::add);
    await().pollInterval(Duration.ofMillis(5)).until(() -> !rest.isEmpty());
    assertThat(rest.get(0).sequence()).isEqualTo(known + 1);
  }

  @Test
  void listenerLearnsWhenItKnowsAllThatHasHappened() throws Exception {
    openReady(Script.TINY);
    ended(run("print a").id());
    await().pollInterval(Duration.ofMillis(5)).until(() -> state() == SessionState.IDLE);
    List<Long> heard = new ArrayList<>();
    CompletableFuture<SessionSnapshot> caughtUp = new CompletableFuture<>();
    service.subscribe(
        "0",
        0,
        new SessionListener() {
          @Override
          public void onEvent(SessionEvent event) {
            heard.add(event.sequence());
          }

          @Override
          public void onCaughtUp(long sequence, SessionSnapshot session) {
            assertThat(heard).last().isEqualTo(sequence);
            caughtUp.complete(session);
          }
        });

    assertThat(get(caughtUp)).isEqualTo(service.session("0"));
  }

  @Test
  void completenessIsAskedOfTheDriver() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT, PATIENT);
    CompletionStage<CompletenessVerdict> answered =
        service.checkCompleteness("0", Kind.SPARK, "x {");
    DriverCommand.CheckCompleteness question =
        driver.nextCommand(DriverCommand.CheckCompleteness.class);
    driver.say(
        new DriverEvent.CompletenessChecked(question.requestId(), Completeness.INCOMPLETE, "  "));
    assertThat(get(answered)).isEqualTo(new CompletenessVerdict(Completeness.INCOMPLETE, "  "));
  }

  @Test
  void completenessIsUnknownWithoutAnswer() throws Exception {
    openReady(Script.COLLECT);
    assertThat(get(service.checkCompleteness("0", Kind.SPARK, "y")))
        .isEqualTo(CompletenessVerdict.UNKNOWN);
  }

  @Test
  void completionIsAskedOfTheDriver() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT, PATIENT);
    CompletionStage<Completion> answered = service.complete("0", Kind.SPARK, "spark.ra", 8);
    DriverCommand.Complete question = driver.nextCommand(DriverCommand.Complete.class);
    assertThat(question)
        .isEqualTo(new DriverCommand.Complete(question.requestId(), "spark", "spark.ra", 8));
    driver.say(
        new DriverEvent.Completed(question.requestId(), List.of(Candidate.of("range")), 6, 8));
    assertThat(get(answered)).isEqualTo(new Completion(List.of(Candidate.of("range")), 6, 8));
  }

  @Test
  void completionIsEmptyWithoutAnswer() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT);
    assertThat(get(service.complete("0", Kind.SPARK, "late", 4))).isEqualTo(Completion.none(4));
    int id = driver.nextCommand(DriverCommand.Complete.class).requestId();
    driver.say(new DriverEvent.Completed(id, List.of(Candidate.of("later")), 0, 4));
    assertThat(state()).isEqualTo(SessionState.IDLE);
  }

  @Test
  void completionBesideARunningStatement() throws Exception {
    openReady(Script.TINY);
    run("wait");
    assertThat(get(service.complete("0", Kind.SPARK, "print x\nwa ", 10)))
        .isEqualTo(
            new Completion(
                List.of(
                    new Candidate("wait", "keyword", "wait TEXT"),
                    new Candidate("warn", "keyword", "warn TEXT")),
                8,
                10));
    assertThat(state()).isEqualTo(SessionState.BUSY);
  }

  @Test
  void answersToDifferentQuestionsAreKeptApart() throws Exception {
    ScriptedDriver driver = openReady(Script.COLLECT, PATIENT);
    CompletionStage<CompletenessVerdict> complete = service.checkCompleteness("0", Kind.SPARK, "a");
    CompletionStage<Completion> first = service.complete("0", Kind.SPARK, "a", 1);
    CompletionStage<Completion> second = service.complete("0", Kind.SPARK, "b", 1);
    CompletionStage<Completion> wrong = service.complete("0", Kind.SPARK, "c", 1);
    int checkId = driver.nextCommand(DriverCommand.CheckCompleteness.class).requestId();
    int firstId = driver.nextCommand(DriverCommand.Complete.class).requestId();
    int secondId = driver.nextCommand(DriverCommand.Complete.class).requestId();
    int wrongId = driver.nextCommand(DriverCommand.Complete.class).requestId();
    driver.say(new DriverEvent.CompletenessChecked(wrongId, Completeness.COMPLETE, ""));
    driver.say(new DriverEvent.Completed(secondId, List.of(Candidate.of("second")), 0, 1));
    driver.say(new DriverEvent.Completed(firstId, List.of(Candidate.of("first")), 0, 1));
    driver.say(new DriverEvent.CompletenessChecked(checkId, Completeness.INVALID, ""));
    assertThat(get(complete).completeness()).isEqualTo(Completeness.INVALID);
    assertThat(get(first).texts()).containsExactly("first");
    assertThat(get(second).texts()).containsExactly("second");
    assertThat(get(wrong).texts()).isEmpty();
  }

  @Test
  void completionNeedsARunningSession() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.TINY);
    open(launcher, QUICK);
    assertRefused(service.complete("0", Kind.SPARK, "pr", 2), "Session is in state starting");
    ScriptedDriver driver = launcher.nextDriver();
    driver.ready();
    awaitState(SessionState.IDLE);
    assertThat(get(service.complete("0", Kind.SPARK, "pr", 2)).texts()).containsExactly("print");
    driver.exit("exit code 1");
    awaitState(SessionState.DEAD);
    assertRefused(service.complete("0", Kind.SPARK, "pr", 2), "Session is in state dead");
    assertRefused(service.complete("7", Kind.SPARK, "pr", 2), "Session '7' not found.");
  }

  @Test
  void completionOfTooMuchCodeIsRefused() throws Exception {
    openReady(Script.TINY);
    String code = "x".repeat(QUICK.maxCodeChars() + 1);
    assertRefused(service.complete("0", Kind.SPARK, code, 1), "longer than 1000 characters");
  }

  private static void assertRefused(CompletionStage<?> stage, String message) {
    assertThatThrownBy(() -> get(stage))
        .hasCauseInstanceOf(SessionException.class)
        .hasMessageContaining(message);
  }

  private void open(ScriptedLauncher launcher, SessionLimits limits) {
    service = new SessionService(launcher, CoreSettings.of(limits), Clock.systemUTC());
    service.open(SessionSettings.of(Kind.SPARK), CALLER);
  }

  private ScriptedDriver openReady(Script script) throws InterruptedException {
    return openReady(script, QUICK);
  }

  private ScriptedDriver openReady(Script script, SessionLimits limits)
      throws InterruptedException {
    ScriptedLauncher launcher = ScriptedLauncher.slow(script);
    open(launcher, limits);
    ScriptedDriver driver = launcher.nextDriver();
    driver.ready();
    awaitState(SessionState.IDLE);
    return driver;
  }

  private SessionState state() {
    return service.session("0").state();
  }

  private void awaitState(SessionState state) {
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> state() == state);
  }

  private Statement run(String code) throws Exception {
    return get(service.execute("0", statement(code)));
  }

  private Statement ended(int id) {
    return await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(10, TimeUnit.SECONDS)
        .until(() -> service.statement("0", id), found -> found.state().isTerminal());
  }

  private static NewStatement statement(String code) {
    return new NewStatement(Kind.SPARK, code, Origin.REST, false, false, false);
  }

  private static NewStatement of(String client, boolean stopOnError) {
    return new NewStatement(
        Kind.SPARK, "code", new Origin(client, "request"), false, stopOnError, false);
  }

  private static StatementError error() {
    return new StatementError(
        StatementError.Origin.USER_CODE, "java.lang.RuntimeException", "boom", List.of());
  }

  private static <T> T get(CompletionStage<T> stage)
      throws InterruptedException, ExecutionException, java.util.concurrent.TimeoutException {
    return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
