package io.polybius.session;

import static io.polybius.session.testing.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand.CancelJob;
import io.polybius.driver.protocol.DriverCommand.RunJob;
import io.polybius.driver.protocol.DriverEvent.JobStarted;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.session.testing.KilledServer;
import io.polybius.session.testing.RecoveringServers;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a later server makes of the jobs that an earlier one has left. */
@Timeout(60)
class JobRecoveryTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  @TempDir private Path folder;

  private RecoveringServers servers;

  @BeforeEach
  void prepare() {
    servers = new RecoveringServers(folder);
  }

  @AfterEach
  void closeAll() {
    servers.close();
  }

  private static ScriptedDriver open(SessionService service, ScriptedLauncher launcher)
      throws Exception {
    service.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    ScriptedDriver driver = launcher.nextDriver();
    await().until(() -> service.session("0").state() == SessionState.IDLE);
    return driver;
  }

  private static int submit(SessionService service, String payload) throws Exception {
    return get(service.submitJob("0", Kind.SPARK, payload.getBytes(StandardCharsets.UTF_8))).id();
  }

  private static JobReport awaitEnd(SessionService service, int job) throws Exception {
    return get(service.awaitJob("0", job, LONG));
  }

  private static String result(JobReport report) {
    return new String(report.result().orElseThrow(), StandardCharsets.UTF_8);
  }

  private static JobState state(SessionService service, int job) {
    return service.session("0").job(job).orElseThrow().state();
  }

  private static List<Job> heardJobs(SessionService service) {
    List<Job> heard = new CopyOnWriteArrayList<>();
    service.subscribe(
        "0",
        0,
        event -> {
          if (event instanceof SessionEvent.JobChanged changed) {
            heard.add(changed.job());
          }
        });
    return heard;
  }

  @Test
  void endedJobsTheirResultsAndNumbersStay() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    open(before, launcher);
    submit(before, "jobs 1 2 3 4\nreturn one");
    submit(before, "fail two");
    submit(before, "");
    awaitEnd(before, 3);
    List<Job> then = before.session("0").jobs();
    List<Job> heardThen = heardJobs(before);
    await().until(() -> heardThen.size() == 10);
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").jobs()).isEqualTo(then);
    assertThat(result(get(after.findJob("0", 1)))).isEqualTo("one");
    assertThat(get(after.findJob("0", 2)).job().error()).contains("two");
    assertThat(get(after.findJob("0", 3)).result()).isEmpty();
    List<Job> heardAfter = heardJobs(after);
    await().untilAsserted(() -> assertThat(heardAfter).isEqualTo(heardThen));
    assertThat(submit(after, "return four")).isEqualTo(4);
    assertThat(result(awaitEnd(after, 4))).isEqualTo("four");
  }

  @Test
  void runningJobGoesOnAndWhoWaitedForItIsTold() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService before = servers.start(launcher, servers.store());
    ScriptedDriver driver = open(before, launcher);
    submit(before, "a");
    driver.nextCommand(RunJob.class);
    CompletionStage<JobReport> waiting = before.awaitJob("0", 1, LONG);
    before.close();
    assertThatThrownBy(() -> get(waiting)).hasMessageContaining("The server is shutting down.");
    driver.say(new JobStarted(1));
    driver.say(new JobSucceeded(1, true, new byte[] {4, 2}));

    SessionService after = servers.start(launcher, servers.store());
    assertThat(awaitEnd(after, 1).result().orElseThrow()).containsExactly(4, 2);
    assertThat(driver.commandIfAny()).isNull();
  }

  @Test
  void resultThatAKilledServerHadIsNotLost() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService killed = servers.start(launcher, servers.store());
    ScriptedDriver driver = open(killed, launcher);
    submit(killed, "a");
    driver.nextCommand(RunJob.class);
    driver.say(new JobSucceeded(1, true, new byte[] {4, 2}));
    awaitEnd(killed, 1);
    driver.disconnect();

    SessionService after = servers.start(launcher, KilledServer.leaves(servers.store()));
    assertThat(get(after.findJob("0", 1)).result().orElseThrow()).containsExactly(4, 2);
  }

  @Test
  void jobThatWaitsForADriverGetsTheNextServers() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), Caller.SERVER);
    launcher.nextDriver();
    submit(before, "return one");
    get(before.cancelJob("0", submit(before, "return two")));
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    assertThat(state(after, 1)).isEqualTo(JobState.QUEUED);
    // Whether the first launch was known already when the server ended, is a matter of luck.
    await()
        .until(
            () -> {
              launcher.newestDriver().ready();
              return after.session("0").state() == SessionState.IDLE;
            });
    assertThat(result(awaitEnd(after, 1))).isEqualTo("one");
    assertThat(state(after, 2)).isEqualTo(JobState.CANCELLED);
  }

  @Test
  void jobThatWasToldToStopIsWatchedOn() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService before = servers.start(launcher, servers.store());
    ScriptedDriver driver = open(before, launcher);
    submit(before, "a");
    get(before.cancelJob("0", 1));
    driver.nextCommand(RunJob.class);
    driver.nextCommand(CancelJob.class);
    before.close();

    SessionService after =
        servers.start(
            launcher,
            servers.store(),
            SessionLimits.DEFAULT.withCancelTimeout(Duration.ofMillis(100)));
    assertThat(awaitEnd(after, 1).job().state()).isEqualTo(JobState.CANCELLED);
    assertThat(driver.commandIfAny()).isNull();
  }

  @Test
  void jobsFailWhoseDriverHasGone() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService before = servers.start(launcher, servers.store());
    ScriptedDriver driver = open(before, launcher);
    submit(before, "a");
    driver.nextCommand(RunJob.class);
    before.close();
    driver.exit("exit code 1");

    SessionService after = servers.start(launcher, servers.store());
    assertThat(awaitEnd(after, 1).job().error().orElseThrow()).contains("The driver is gone.");
  }

  @Test
  void journalDoesNotGrowWithWhatIsNoLongerNeeded() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    open(before, launcher);
    byte[] large = new byte[20 << 20];
    for (int i = 0; i < 8; i++) {
      int id = get(before.submitJob("0", Kind.SPARK, large)).id();
      awaitEnd(before, id);
    }
    before.close();

    try (Stream<Path> files = Files.walk(servers.store())) {
      assertThat(files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum())
          .isLessThan(80L << 20);
    }
    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").jobs()).hasSize(8);
    assertThat(submit(after, "return a")).isEqualTo(9);
    assertThat(result(awaitEnd(after, 9))).isEqualTo("a");
  }
}
