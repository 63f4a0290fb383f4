package io.polybius.session;

import static io.polybius.session.testing.Stages.assertRefused;
import static io.polybius.session.testing.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand.CancelJob;
import io.polybius.driver.protocol.DriverCommand.RunJob;
import io.polybius.driver.protocol.DriverCommand.Shutdown;
import io.polybius.driver.protocol.DriverEvent.JobCancelled;
import io.polybius.driver.protocol.DriverEvent.JobFailed;
import io.polybius.driver.protocol.DriverEvent.JobProgressed;
import io.polybius.driver.protocol.DriverEvent.JobStarted;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Compiled jobs from their coming to their end, and how many there may be. */
@Timeout(60)
class JobsTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  private static final int RETAINED_THIRD = (int) (Jobs.RETAINED_BYTES / 3);

  /** The tests say what becomes of jobs. */
  private static final Script HEARING =
      (driver, command) -> {
        if (command instanceof Shutdown) {
          driver.exit("exit code 0");
        }
      };

  private ScriptedLauncher launcher = ScriptedLauncher.ready(HEARING);
  private SessionService service = service(SessionLimits.DEFAULT);
  private ScriptedDriver driver;

  @AfterEach
  void stop() {
    service.close();
  }

  private SessionService service(SessionLimits limits) {
    return new SessionService(launcher, CoreSettings.of(limits), Clock.systemUTC());
  }

  private void replace(ScriptedLauncher other, SessionLimits limits) {
    service.close();
    launcher = other;
    service = service(limits);
  }

  /** Opens session 0, and waits until it is idle. */
  private void open() throws Exception {
    openStarting();
    await().until(() -> service.session("0").state() == SessionState.IDLE);
  }

  private void openStarting() throws Exception {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    driver = launcher.nextDriver();
  }

  private int submit(String payload) throws Exception {
    return submit(payload.getBytes(StandardCharsets.UTF_8));
  }

  private int submit(byte[] payload) throws Exception {
    return get(service.submitJob("0", Kind.SPARK, payload)).id();
  }

  private Job job(int id) {
    return service.session("0").job(id).orElseThrow();
  }

  private JobReport awaitEnd(int id) throws Exception {
    return get(service.awaitJob("0", id, LONG));
  }

  private static String text(Optional<byte[]> result) {
    return new String(result.orElseThrow(), StandardCharsets.UTF_8);
  }

  private static JobSucceeded returned(int job, String text) {
    return new JobSucceeded(job, true, text.getBytes(StandardCharsets.UTF_8));
  }

  private static JobSucceeded returnedNothing(int job) {
    return new JobSucceeded(job, false, new byte[0]);
  }

  @Test
  void jobGoesToTheDriverAndItsResultComesBack() throws Exception {
    open();

    Job sent = get(service.submitJob("0", Kind.PYSPARK, new byte[] {1, 2, 3}));

    assertThat(sent.id()).isEqualTo(1);
    assertThat(sent.state()).isEqualTo(JobState.SENT);
    assertThat(sent.submittedMillis()).isPositive();
    RunJob command = driver.nextCommand(RunJob.class);
    assertThat(command.jobId()).isEqualTo(1);
    assertThat(command.kind()).isEqualTo("pyspark");
    assertThat(command.payload()).containsExactly(1, 2, 3);
    assertThat(job(1).state()).isEqualTo(JobState.STARTED);
    assertThat(job(1).startedMillis()).isPositive();
    driver.say(new JobStarted(1));
    driver.say(new JobProgressed(1, 1, 4, 0, 2));
    await().until(() -> job(1).progress() == 0.25);
    assertThat(get(service.findJob("0", 1)).result()).isEmpty();

    driver.say(returned(1, "42"));

    JobReport report = awaitEnd(1);
    assertThat(report.job().state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(report.job().error()).isEmpty();
    assertThat(report.job().completedMillis()).isPositive();
    assertThat(report.job().progress()).isEqualTo(1.0);
    assertThat(text(report.result())).isEqualTo("42");
    assertThat(text(get(service.findJob("0", 1)).result())).isEqualTo("42");
  }

  @Test
  void jobsRunBesideEachOtherAndLeaveTheSessionIdle() throws Exception {
    open();
    submit("a");
    submit("b");

    assertThat(driver.nextCommand(RunJob.class).jobId()).isEqualTo(1);
    assertThat(driver.nextCommand(RunJob.class).jobId()).isEqualTo(2);
    assertThat(service.session("0").state()).isEqualTo(SessionState.IDLE);
    driver.say(returned(2, "b"));
    assertThat(text(awaitEnd(2).result())).isEqualTo("b");
    assertThat(job(1).state()).isEqualTo(JobState.STARTED);
    driver.say(returnedNothing(1));
    assertThat(awaitEnd(1).result()).isEmpty();
    assertThat(job(1).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void failureHasItsTextAndNoResult() throws Exception {
    open();
    submit("a");
    driver.say(new JobFailed(1, "java.lang.RuntimeException: boom\n\tat A.call(A.java:1)"));

    JobReport report = awaitEnd(1);
    assertThat(report.job().state()).isEqualTo(JobState.FAILED);
    assertThat(report.job().error().orElseThrow()).contains("boom\n\tat A.call");
    assertThat(report.result()).isEmpty();
  }

  @Test
  void errorsWithoutEndAreCutOff() throws Exception {
    open();
    submit("a");
    driver.say(new JobFailed(1, "x".repeat(3 << 20)));

    assertThat(awaitEnd(1).job().error().orElseThrow())
        .hasSizeLessThan(2 << 20)
        .endsWith("(the rest is left out)");
  }

  @Test
  void jobsOfAStartingSessionWaitForItsDriver() throws Exception {
    replace(ScriptedLauncher.slow(HEARING), SessionLimits.DEFAULT);
    openStarting();
    submit("first");
    int second = submit("second");
    submit("third");
    assertThat(service.session("0").jobs())
        .extracting(Job::state)
        .containsOnly(JobState.QUEUED)
        .hasSize(3);

    get(service.cancelJob("0", second));
    assertThat(job(second).state()).isEqualTo(JobState.CANCELLED);
    assertThat(driver.commandIfAny()).isNull();
    driver.ready();

    assertThat(driver.nextCommand(RunJob.class).payload()).asString().isEqualTo("first");
    assertThat(driver.nextCommand(RunJob.class).payload()).asString().isEqualTo("third");
    await().until(() -> job(3).state() == JobState.STARTED);
    assertThat(driver.commandIfAny()).isNull();
    assertThat(job(second).startedMillis()).isZero();
  }

  @Test
  void jobsOfASessionThatNeverStartsFail() throws Exception {
    replace(ScriptedLauncher.slow(HEARING), SessionLimits.DEFAULT);
    openStarting();
    submit("a");
    driver.exit("exit code 1");

    JobReport report = awaitEnd(1);
    assertThat(report.job().state()).isEqualTo(JobState.FAILED);
    assertThat(report.job().error().orElseThrow()).contains("exit code 1");
  }

  @Test
  void cancelledJobEndsWhenTheDriverSaysSo() throws Exception {
    open();
    submit("a");
    driver.nextCommand(RunJob.class);

    get(service.cancelJob("0", 1));
    get(service.cancelJob("0", 1));

    assertThat(driver.nextCommand(CancelJob.class).jobId()).isEqualTo(1);
    assertThat(driver.commandIfAny()).isNull();
    assertThat(job(1).state()).isEqualTo(JobState.STARTED);
    driver.say(new JobCancelled(1));
    assertThat(awaitEnd(1).job().state()).isEqualTo(JobState.CANCELLED);
    driver.say(returned(1, "late"));
    driver.say(new JobFailed(1, "late"));

    get(service.cancelJob("0", 1));
    assertThat(driver.commandIfAny()).isNull();
    JobReport report = get(service.findJob("0", 1));
    assertThat(report.job().state()).isEqualTo(JobState.CANCELLED);
    assertThat(report.job().error()).isEmpty();
    assertThat(report.result()).isEmpty();
  }

  @Test
  void jobThatEndsBeforeItIsStoppedHasEndedWell() throws Exception {
    open();
    submit("a");
    get(service.cancelJob("0", 1));
    driver.say(returned(1, "done"));

    assertThat(text(awaitEnd(1).result())).isEqualTo("done");
    driver.say(new JobCancelled(1));
    get(service.cancelJob("0", 1));
    assertThat(job(1).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void jobThatDoesNotStopCountsAsCancelledAfterATime() throws Exception {
    replace(
        ScriptedLauncher.ready(HEARING),
        SessionLimits.DEFAULT.withCancelTimeout(Duration.ofMillis(50)));
    open();
    submit("a");
    get(service.cancelJob("0", 1));

    assertThat(awaitEnd(1).job().state()).isEqualTo(JobState.CANCELLED);
    assertThat(String.join("\n", service.log("0", 0, -1).lines()))
        .contains("Job 1 does not react to being cancelled and runs on");
    driver.say(returned(1, "late"));
    assertThat(get(service.findJob("0", 1)).result()).isEmpty();
  }

  @Test
  void jobsFailWithTheirDriver() throws Exception {
    open();
    submit("a");
    submit("b");
    get(service.cancelJob("0", 2));
    driver.exit("killed by the kernel");

    assertThat(awaitEnd(1).job().error().orElseThrow())
        .contains("Interpreter died")
        .contains("killed by the kernel");
    assertThat(awaitEnd(1).job().state()).isEqualTo(JobState.FAILED);
    assertThat(awaitEnd(2).job().state()).isEqualTo(JobState.CANCELLED);
    assertRefused(
        service.submitJob("0", Kind.SPARK, new byte[1]),
        ErrorCode.NOT_ACTIVE,
        "requirement failed: Session isn't active.");
    assertRefused(
        service.cancelJob("0", 1),
        ErrorCode.NOT_ACTIVE,
        "requirement failed: Session isn't active.");
  }

  @Test
  void jobsEndWithARestartAndNumbersGoOn() throws Exception {
    open();
    submit("a");
    get(service.restart("0"));

    assertThat(awaitEnd(1).job().state()).isEqualTo(JobState.FAILED);
    assertThat(awaitEnd(1).job().error()).contains("The session was restarted.");
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    driver = launcher.nextDriver();
    assertThat(submit("b")).isEqualTo(2);
    assertThat(driver.nextCommand(RunJob.class).jobId()).isEqualTo(2);
  }

  @Test
  void jobsEndWithTheirSessionAndCanStillBeRead() throws Exception {
    open();
    submit("a");
    submit("b");
    driver.say(returned(1, "kept"));
    awaitEnd(1);
    get(service.stop("0"));

    assertThat(awaitEnd(2).job().error()).contains("The session was stopped.");
    assertThat(text(get(service.findJob("0", 1)).result())).isEqualTo("kept");
  }

  @Test
  void interruptLeavesJobsAlone() throws Exception {
    open();
    submit("a");
    driver.nextCommand(RunJob.class);

    get(service.interrupt("0"));

    assertThat(driver.commandIfAny()).isNull();
    assertThat(job(1).state()).isEqualTo(JobState.STARTED);
  }

  @Test
  void allWhoWaitAreToldOfTheEnd() throws Exception {
    open();
    submit("a");
    CompletableFuture<JobReport> first = service.awaitJob("0", 1, LONG).toCompletableFuture();
    CompletableFuture<JobReport> second = service.awaitJob("0", 1, LONG).toCompletableFuture();

    assertThat(get(service.awaitJob("0", 1, Duration.ofMillis(50))).job().state())
        .isEqualTo(JobState.STARTED);
    assertThat(first).isNotDone();
    driver.say(returned(1, "42"));

    assertThat(text(get(first).result())).isEqualTo("42");
    assertThat(text(get(second).result())).isEqualTo("42");
  }

  @Test
  void whatIsNotThereIsRefused() throws Exception {
    open();

    assertRefused(service.findJob("0", 1), ErrorCode.JOB_NOT_FOUND, "Job 1 not found.");
    assertRefused(service.awaitJob("0", 0, LONG), ErrorCode.JOB_NOT_FOUND, "Job 0 not found.");
    assertRefused(service.cancelJob("0", 1), ErrorCode.JOB_NOT_FOUND, "Job 1 not found.");
    assertRefused(service.findJob("7", 1), ErrorCode.SESSION_NOT_FOUND, "'7' not found");
    assertRefused(
        service.submitJob("0", Kind.SQL, new byte[1]),
        ErrorCode.BAD_KIND,
        "Invalid kind: sql (jobs are spark or pyspark)");
  }

  @Test
  void driverThatSpeaksOfUnknownJobsDoesNoHarm() throws Exception {
    open();
    driver.say(new JobStarted(7));
    driver.say(returned(7, "a"));

    assertThat(submit("a")).isEqualTo(1);
    assertThat(service.session("0").jobs()).hasSize(1);
  }

  @Test
  void unfinishedJobsAreNotWithoutNumber() throws Exception {
    open();
    for (int i = 0; i < Jobs.MOST_UNFINISHED; i++) {
      submit("a");
    }
    assertRefused(
        service.submitJob("0", Kind.SPARK, new byte[1]),
        ErrorCode.TOO_MANY_WAITING,
        "Too many jobs of this session have not ended");

    driver.say(returnedNothing(500));
    awaitEnd(500);
    submit("a");
  }

  @Test
  void jobsThatNobodyHasBegunAreNotWithoutBytes() throws Exception {
    open();
    byte[] largest = new byte[RunJob.MAX_BYTES];
    submit(largest);
    submit(largest);
    assertRefused(
        service.submitJob("0", Kind.SPARK, new byte[1]),
        ErrorCode.TOO_MANY_WAITING,
        "There is no room for a job of 1 bytes");
    assertRefused(
        service.submitJob("0", Kind.SPARK, new byte[RunJob.MAX_BYTES + 1]),
        ErrorCode.TOO_LARGE,
        "The job is larger than 33554432 bytes");

    driver.say(new JobStarted(1));
    await().untilAsserted(() -> assertThat(submit(new byte[1])).isEqualTo(3));
    get(service.cancelJob("0", 2));
    driver.say(new JobCancelled(2));
    awaitEnd(2);
    submit(largest);
  }

  @Test
  void sessionsShareTheRoomForJobs() throws Exception {
    replace(ScriptedLauncher.slow(HEARING), SessionLimits.DEFAULT);
    byte[] large = new byte[RunJob.MAX_BYTES];
    long fitting =
        Math.max(RunJob.MAX_BYTES, Runtime.getRuntime().maxMemory() / 4) / RunJob.MAX_BYTES;
    for (int i = 0; i < fitting; i++) {
      // Two fit into a session; the bytes are the same array.
      if (i % 2 == 0) {
        service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
      }
      get(service.submitJob(String.valueOf(i / 2), Kind.SPARK, large));
    }
    int last = service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    assertRefused(
        service.submitJob(String.valueOf(last), Kind.SPARK, large),
        ErrorCode.TOO_MANY_WAITING,
        "There is no room");

    get(service.cancelJob("0", 1));
    get(service.submitJob(String.valueOf(last), Kind.SPARK, large));
  }

  @Test
  void oldestOfTooManyEndedJobsAreForgotten() throws Exception {
    replace(ScriptedLauncher.ready(Script.TINY), SessionLimits.DEFAULT);
    open();
    submit("wait");
    for (int i = 0; i < Jobs.RETAINED + 5; i++) {
      submit("return a");
    }
    awaitEnd(Jobs.RETAINED + 6);

    assertThat(job(1).state()).isEqualTo(JobState.STARTED);
    assertThat(service.session("0").jobs()).hasSize(Jobs.RETAINED + 1);
    assertRefused(
        service.findJob("0", 6), ErrorCode.JOB_NOT_FOUND, "Job 6 has ended and is no longer kept.");
    assertThat(text(get(service.findJob("0", 7)).result())).isEqualTo("a");
    // What has just ended is not the oldest, though it came first.
    get(service.cancelJob("0", 1));
    assertThat(awaitEnd(1).job().state()).isEqualTo(JobState.CANCELLED);
    assertThat(service.session("0").job(7)).isEmpty();
  }

  @Test
  void resultsAreKeptUpToSoManyBytes() throws Exception {
    open();
    byte[] large = new byte[RETAINED_THIRD];
    for (int id = 1; id <= 4; id++) {
      submit("a");
      driver.say(new JobSucceeded(id, true, large));
      assertThat(awaitEnd(id).result().orElseThrow()).hasSize(RETAINED_THIRD);
    }

    assertThat(service.session("0").jobs()).extracting(Job::id).containsExactly(2, 3, 4);
    assertRefused(service.findJob("0", 1), ErrorCode.JOB_NOT_FOUND, "no longer kept");
  }

  @Test
  void eachStepIsAnEvent() throws Exception {
    open();
    List<SessionEvent.JobChanged> heard = new CopyOnWriteArrayList<>();
    service.subscribe(
        "0",
        0,
        event -> {
          if (event instanceof SessionEvent.JobChanged changed) {
            heard.add(changed);
          }
        });
    submit("a");
    driver.say(new JobProgressed(1, 1, 2, 0, 1));
    driver.say(returned(1, "42"));
    awaitEnd(1);

    await().until(() -> heard.size() == 4);
    assertThat(heard)
        .extracting(event -> event.job().state())
        .containsExactly(JobState.SENT, JobState.STARTED, JobState.STARTED, JobState.SUCCEEDED);
    assertThat(heard.get(2).job().tasks()).isEqualTo(new TaskProgress(1, 2, 0, 1));
    long first = heard.get(0).sequence();
    assertThat(heard)
        .extracting(SessionEvent::sequence)
        .containsExactly(first, first + 1, first + 2, first + 3);
  }

  @Test
  void runningJobKeepsItsSessionFromBeingIdle() throws Exception {
    ManualClock clock = new ManualClock();
    service.close();
    service = new SessionService(launcher, CoreSettings.of(SessionLimits.DEFAULT), clock);
    open();
    submit("a");
    clock.advance(Duration.ofHours(3));
    await()
        .during(Duration.ofMillis(600))
        .until(() -> service.session("0").state() == SessionState.IDLE);
    driver.say(returnedNothing(1));
    awaitEnd(1);

    clock.advance(Duration.ofHours(1));
    await().until(() -> service.sessions().isEmpty());
  }

  @Test
  void sessionWithMostResultsGivesUpItsOldestWhenAllHaveTooMany() throws Exception {
    service.close();
    launcher = ScriptedLauncher.ready(HEARING);
    ResultRoom room = new ResultRoom(10);
    service =
        new SessionService(
            launcher, CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC(), room);
    open();
    submit("a");
    driver.say(returned(1, "123"));
    submit("b");
    driver.say(returned(2, "123"));
    awaitEnd(2);
    ScriptedDriver first = driver;
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    await().until(() -> service.session("1").state() == SessionState.IDLE);
    driver = launcher.nextDriver();
    get(service.submitJob("1", Kind.SPARK, new byte[] {1}));
    driver.say(returned(1, "12345"));

    await().until(() -> service.session("0").jobs().size() == 1);
    assertRefused(service.findJob("0", 1), ErrorCode.JOB_NOT_FOUND, "no longer kept");
    assertThat(text(get(service.findJob("0", 2)).result())).isEqualTo("123");
    assertThat(text(get(service.findJob("1", 1)).result())).isEqualTo("12345");
    // Who is gone takes nothing.
    get(service.delete("1"));
    await().until(() -> room.held() == 3);
    submit("c");
    first.say(returned(3, "1234567"));
    assertThat(text(awaitEnd(3).result())).isEqualTo("1234567");
    assertThat(text(get(service.findJob("0", 2)).result())).isEqualTo("123");
    assertThat(room.isOverfull()).isFalse();
  }
}
