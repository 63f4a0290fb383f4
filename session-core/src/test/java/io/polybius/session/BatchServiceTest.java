package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedBatches;
import io.polybius.session.testing.ScriptedBatches.ScriptedBatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class BatchServiceTest {

  private static final BatchSettings JAR =
      new BatchSettings("/jobs/pi.jar", Optional.of("Pi"), List.of("10"), ApplicationSettings.NONE);

  private final ScriptedBatches launcher = new ScriptedBatches();
  private final ManualClock clock = new ManualClock();
  private final CoreSettings settings =
      CoreSettings.of(SessionLimits.DEFAULT).withCreations(new CreationLimit(2));
  private BatchService service = new BatchService(launcher, settings, clock);

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void batchThatEndsWellIsASuccess() throws Exception {
    assertThat(service.create(JAR, Caller.SERVER).state()).isEqualTo(BatchState.STARTING);
    ScriptedBatch program = launcher.next();
    awaitState(BatchState.RUNNING);
    program.print("Pi is 3.14");
    program.exit(0);

    awaitState(BatchState.SUCCESS);
    assertThat(program.spec().settings()).isEqualTo(JAR);
    assertThat(service.batch("0").endedMillis()).isEqualTo(clock.millis());
    assertThat(lines()).containsExactly("stdout: ", "Pi is 3.14", "\nstderr: ");
  }

  @Test
  void batchThatFailsIsDeadAndItsLogSaysHow() throws Exception {
    service.create(JAR, Caller.SERVER);
    launcher.next().exit(3);

    awaitState(BatchState.DEAD);
    assertThat(lines()).endsWith("The program failed: exit code 3");
  }

  @Test
  void batchThatCannotBeLaunchedIsDeadAndItsLogSaysWhy() {
    launcher.failWith("There is no Spark.");
    service.create(JAR, Caller.SERVER);

    awaitState(BatchState.DEAD);
    assertThat(lines()).endsWith("There is no Spark.");
  }

  private static ClusterApplication application(ClusterApplication.State state) {
    return new ClusterApplication(
        "application_1_0001", state, Optional.empty(), Optional.empty(), Optional.empty(), "");
  }

  @Test
  void batchOnAClusterRunsWhenItsApplicationDoes() throws Exception {
    launcher.useCluster();
    service.create(JAR, Caller.SERVER);
    ScriptedBatch program = launcher.next();
    await()
        .untilAsserted(
            () -> {
              program.application(application(ClusterApplication.State.ACCEPTED));
              assertThat(service.batch("0").application()).isPresent();
            });
    assertThat(service.batch("0").state()).isEqualTo(BatchState.STARTING);
    program.application(application(ClusterApplication.State.RUNNING));
    awaitState(BatchState.RUNNING);
    program.exit(0);
    awaitState(BatchState.SUCCESS);
  }

  @Test
  void batchThatSomebodyEndsInItsClusterIsKilled() throws Exception {
    launcher.useCluster();
    service.create(JAR, Caller.SERVER);
    launcher.next().killElsewhere();

    awaitState(BatchState.KILLED);
    assertThat(lines()).endsWith("The program was killed: by somebody");
  }

  @Test
  void deleteKillsAndForgets() throws Exception {
    service.create(JAR, Caller.SERVER);
    ScriptedBatch program = launcher.next();
    awaitState(BatchState.RUNNING);
    service.delete("0").toCompletableFuture().get(5, TimeUnit.SECONDS);

    assertThat(program.ended().toCompletableFuture())
        .isCompletedWithValueMatching(end -> !end.succeeded());
    assertThat(service.batches()).isEmpty();
    assertThatThrownBy(() -> service.batch("0")).hasMessage("Session '0' not found.");
    assertThat(service.create(JAR, Caller.SERVER).id()).isEqualTo(1);
  }

  @Test
  void namesStandForBatchesAndAreUnique() {
    BatchSettings named = JAR.with("/a.jar", ApplicationSettings.NONE.withName("pi"));
    service.create(named, Caller.SERVER);

    assertThat(service.batch("pi").id()).isZero();
    assertThatThrownBy(() -> service.create(named, Caller.SERVER))
        .hasMessage("Duplicate session name: Some(pi) for session 1");
    assertThat(service.batches()).hasSize(1);
  }

  @Test
  void noMoreThanSoManyRunAtATime() throws Exception {
    service.create(JAR, Caller.SERVER);
    service.create(JAR, Caller.SERVER);
    assertThatThrownBy(() -> service.create(JAR, Caller.SERVER))
        .isInstanceOfSatisfying(
            SessionException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.TOO_MANY_STARTING))
        .hasMessage("Rejected, too many sessions are being created!");
    assertThat(service.batches()).hasSize(2);

    launcher.next().exit(0);
    await().untilAsserted(() -> service.create(JAR, Caller.SERVER));
  }

  @Test
  void endedBatchesAreForgottenAfterAWhileAndRunningOnesNever(@TempDir Path folder)
      throws Exception {
    service.close();
    service = new BatchService(launcher, settings.withLogFolder(folder), clock);
    service.create(JAR, Caller.SERVER);
    service.create(JAR, Caller.SERVER);
    ScriptedBatch program = launcher.next();
    program.print("a line");
    program.exit(0);
    await().until(() -> service.batches().stream().anyMatch(each -> each.state().isTerminal()));
    assertThat(files(folder)).isNotEmpty();
    clock.advance(Duration.ofSeconds(599));
    await()
        .during(Duration.ofMillis(600))
        .atMost(Duration.ofSeconds(10))
        .until(() -> service.batches().size() == 2);
    clock.advance(Duration.ofSeconds(1));

    await().until(() -> service.batches().size() == 1);
    assertThat(service.batches().get(0).state()).isEqualTo(BatchState.RUNNING);
    assertThat(files(folder)).isEmpty();
  }

  @Test
  void closingKillsWhatRunsAndRefusesMore() throws Exception {
    service.create(JAR, Caller.SERVER);
    ScriptedBatch program = launcher.next();
    service.close();

    assertThat(program.ended().toCompletableFuture()).isDone();
    assertThatThrownBy(() -> service.create(JAR, Caller.SERVER))
        .hasMessage("The server is shutting down.");
  }

  @Test
  void onlyTheMovesOfTheTableAreAllowed() {
    assertThat(BatchState.STARTING.mayBecome(BatchState.RUNNING)).isTrue();
    assertThat(BatchState.STARTING.mayBecome(BatchState.SUCCESS)).isFalse();
    for (BatchState state : BatchState.values()) {
      assertThat(state.mayBecome(state)).isFalse();
      assertThat(state.mayBecome(BatchState.STARTING)).isFalse();
      assertThat(state.isTerminal())
          .isEqualTo(state != BatchState.STARTING && state != BatchState.RUNNING);
    }
  }

  private List<String> lines() {
    return service.log("0", 0, -1).lines();
  }

  private static List<Path> files(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private void awaitState(BatchState state) {
    await().until(() -> service.batch("0").state(), state::equals);
  }
}
