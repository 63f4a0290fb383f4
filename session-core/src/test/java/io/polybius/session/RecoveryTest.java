package io.polybius.session;

import static io.polybius.session.testing.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.session.spi.SessionRecords;
import io.polybius.session.store.FileSessionStore;
import io.polybius.session.testing.KilledServer;
import io.polybius.session.testing.RecoveringServers;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a later server makes of the sessions that an earlier one has left. */
@Timeout(60)
class RecoveryTest {

  private static final Caller CALLER = new Caller(Optional.of("ann"), "10.0.0.1");

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

  private static NewStatement statement(String code) {
    return new NewStatement(Kind.SPARK, code, new Origin("client", code), false, true, true);
  }

  private static NewStatement hidden(String code) {
    return new NewStatement(Kind.SPARK, code, new Origin("client", code), true, false, true);
  }

  private static String printed(Statement statement) {
    StringBuilder text = new StringBuilder();
    for (StatementOutput output : statement.outputs().toList()) {
      text.append(((StreamText) output).text());
    }
    return text.toString();
  }

  private static void awaitState(SessionService service, String session, SessionState state) {
    await().until(() -> service.session(session).state() == state);
  }

  private static Statement awaitEnd(SessionService service, int statement) {
    await().until(() -> service.statement("0", statement).state().isTerminal());
    return service.statement("0", statement);
  }

  @Test
  void historyNamesAndNumbersGoOn() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    SessionSettings settings =
        SessionSettings.of(Kind.SPARK)
            .withName("mine")
            .withConf(Map.of("spark.a", "1"))
            .withIdleTimeout("1h");
    before.open(settings, CALLER);
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    get(before.execute("mine", statement("print one")));
    get(before.execute("mine", statement("fail two")));
    awaitEnd(before, 1);
    get(before.delete("1"));
    SessionSnapshot then = before.session("mine");
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    SessionSnapshot now = after.session("mine");
    assertThat(now).usingRecursiveComparison().isEqualTo(then);
    assertThat(now.owner()).contains("ann");
    assertThat(after.sessions()).hasSize(1);
    assertThat(get(after.execute("mine", statement("print three"))).id()).isEqualTo(2);
    assertThat(printed(awaitEnd(after, 2))).isEqualTo("three\n");
    assertThat(after.open(SessionSettings.of(Kind.SPARK), CALLER).id()).isEqualTo(2);
  }

  @Test
  void whoWaitsForAnEndIsToldThatTheServerLeaves() throws Exception {
    SessionService before = servers.start(ScriptedLauncher.ready(Script.COLLECT), servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    get(before.execute("0", statement("long")));
    CompletionStage<Statement> end = before.awaitStatement("0", 0, Duration.ofMinutes(5));

    before.close();

    assertThatThrownBy(() -> get(end)).hasMessageContaining("The server is shutting down.");
    assertThatThrownBy(() -> get(before.awaitStatement("0", 0, Duration.ofMinutes(5))))
        .hasMessageContaining("The server is shutting down.");
  }

  @Test
  void runningStatementLosesAndDoublesNothing() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    ScriptedDriver driver = launcher.nextDriver();
    get(before.execute("0", statement("long")));
    get(before.execute("0", statement("next")));
    get(before.execute("0", hidden("secret")));
    driver.nextCommand(DriverCommand.Execute.class);
    driver.print(0, "a");
    driver.print(0, "b");
    await().until(() -> printed(before.statement("0", 0)).equals("ab"));
    before.close();
    driver.print(0, "c");

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").state()).isEqualTo(SessionState.BUSY);
    await().until(() -> printed(after.statement("0", 0)).equals("abc"));
    driver.print(0, "d");
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(printed(awaitEnd(after, 0))).isEqualTo("abcd");
    DriverCommand.Execute next = driver.nextCommand(DriverCommand.Execute.class);
    assertThat(next.code()).isEqualTo("next");
    driver.say(new DriverEvent.StatementSucceeded(1));
    next = driver.nextCommand(DriverCommand.Execute.class);
    assertThat(next.statementId()).isEqualTo(-1);
    assertThat(next.code()).isEqualTo("secret");
    driver.say(new DriverEvent.StatementSucceeded(-1));
    awaitState(after, "0", SessionState.IDLE);
    assertThat(after.session("0").statements()).hasSize(2);
  }

  @Test
  void killedServerIsFollowedByOneThatKnowsAll() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService killed = servers.start(launcher, servers.store());
    killed.open(SessionSettings.of(Kind.SPARK), CALLER);
    ScriptedDriver driver = launcher.nextDriver();
    get(killed.execute("0", statement("long")));
    driver.nextCommand(DriverCommand.Execute.class);
    driver.print(0, "a");
    await().until(() -> printed(killed.statement("0", 0)).equals("a"));
    driver.disconnect();
    Path left = KilledServer.leaves(servers.store());
    driver.print(0, "b");

    SessionService after = servers.start(launcher, left);
    await().until(() -> printed(after.statement("0", 0)).equals("ab"));
    driver.say(new DriverEvent.StatementSucceeded(0));
    assertThat(awaitEnd(after, 0).state()).isEqualTo(StatementState.AVAILABLE);
  }

  @Test
  void failureCancelsWhatTheSameClientHadSentToTheEarlierServer() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    get(before.execute("0", statement("wait")));
    get(before.execute("0", statement("print never")));
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    get(after.cancel("0", 0));
    assertThat(awaitEnd(after, 0).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(awaitEnd(after, 1).state()).isEqualTo(StatementState.CANCELLED);
    assertThat(after.statement("0", 1).outputs().toList()).isEmpty();
  }

  @Test
  void sessionWithoutADriverYetGetsOne() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.slow(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    launcher.nextDriver();
    get(before.execute("0", statement("print one")));
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").state()).isEqualTo(SessionState.STARTING);
    // Whether the first launch was known already when the server ended, is a matter of luck.
    await()
        .until(
            () -> {
              ScriptedDriver driver = launcher.newestDriver();
              driver.ready();
              return after.session("0").state() == SessionState.IDLE;
            });
    assertThat(printed(awaitEnd(after, 0))).isEqualTo("one\n");
  }

  @Test
  void sessionWhoseDriverHasGoneIsDeadAndSaysWhy() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    ScriptedDriver driver = launcher.nextDriver();
    awaitState(before, "0", SessionState.IDLE);
    get(before.execute("0", statement("wait")));
    ClusterApplication application =
        new ClusterApplication(
            "application_1_0001",
            ClusterApplication.State.RUNNING,
            Optional.of("default"),
            Optional.of("http://rm/proxy/application_1_0001/"),
            Optional.empty(),
            "");
    driver.application(application);
    await().until(() -> before.session("0").application().isPresent());
    before.close();
    driver.exit("exit code 1");

    SessionService after = servers.start(launcher, servers.store());
    awaitState(after, "0", SessionState.DEAD);
    assertThat(after.session("0").application()).contains(application);
    assertThat(after.log("0", 0, -1).lines()).contains("The driver is gone.");
    assertThat(after.statement("0", 0).error().orElseThrow().name()).isEqualTo("DriverDied");
  }

  @Test
  void restartedSessionKeepsItsIncarnation() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    get(before.execute("0", statement("print one")));
    awaitEnd(before, 0);
    get(before.restart("0"));
    awaitState(before, "0", SessionState.IDLE);
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").incarnation()).isEqualTo(2);
    assertThat(after.session("0").firstStatementId()).isEqualTo(1);
    get(after.execute("0", statement("print two")));
    assertThat(printed(awaitEnd(after, 1))).isEqualTo("two\n");
  }

  @Test
  void listenersGoOnWhereTheyWere() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    List<SessionEvent> heard = new CopyOnWriteArrayList<>();
    before.subscribe("0", 0, heard::add);
    get(before.execute("0", statement("print one")));
    awaitState(before, "0", SessionState.IDLE);
    await().until(() -> heard.size() > 5);
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    List<SessionEvent> all = new CopyOnWriteArrayList<>();
    after.subscribe("0", 0, all::add);
    await().until(() -> all.size() >= heard.size());
    assertThat(all).usingRecursiveComparison().isEqualTo(heard);
    List<SessionEvent> later = new CopyOnWriteArrayList<>();
    after.subscribe("0", heard.size(), later::add);
    get(after.execute("0", statement("print two")));
    await().until(() -> !later.isEmpty());
    assertThat(later.get(0).sequence()).isEqualTo(heard.size() + 1);
  }

  @Test
  void halfWrittenLastRecordIsLeftOut() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    get(before.execute("0", statement("wait")));
    before.close();
    // What is before a record, and less than the record.
    byte[] beginning = Arrays.copyOf(Files.readAllBytes(journal("0")), 15);
    write(journal("0"), Files.size(journal("0")), beginning);

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.session("0").state().isActive()).isTrue();
    get(after.cancel("0", 0));
    assertThat(awaitEnd(after, 0).state().isTerminal()).isTrue();
  }

  @Test
  void damagedJournalMakesADeadSessionThatSaysWhy() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK).withName("hurt"), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    get(before.execute("0", statement("print one")));
    long whole = Files.size(journal("0"));
    awaitEnd(before, 0);
    get(before.execute("0", statement("print two")));
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "1", SessionState.IDLE);
    before.close();
    write(journal("0"), whole + 12, new byte[] {77, 77});

    SessionService after = servers.start(launcher, servers.store());
    awaitState(after, "0", SessionState.DEAD);
    assertThat(after.session("hurt").statements()).isNotEmpty();
    assertThat(after.log("0", 0, -1).lines())
        .anyMatch(line -> line.contains("cannot be taken back") && line.contains("is damaged"));
    assertThat(after.session("1").state()).isEqualTo(SessionState.IDLE);
    after.close();

    SessionService later = servers.start(launcher, servers.store());
    assertThat(later.session("0").state()).isEqualTo(SessionState.DEAD);
  }

  @Test
  void damagedLengthOfTheLastRecordIsNotTakenForHalfARecord() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    before.close();
    byte[] whole = Files.readAllBytes(journal("0"));
    write(journal("0"), 0, new byte[] {1});

    List<byte[]> read = new ArrayList<>();
    SessionRecords records = new FileSessionStore(servers.store()).left().get(0);
    assertThatThrownBy(() -> records.read(read::add)).hasMessageContaining("is damaged at byte 0");
    assertThat(read).isEmpty();
    assertThat(Files.size(journal("0"))).isEqualTo(whole.length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "0"})
  void numbersOfSessionsGoOnAlsoWhenTheNextOneIsLost(String text) throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "1", SessionState.IDLE);
    before.close();
    Files.writeString(servers.store().resolve("next-session"), text);

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.open(SessionSettings.of(Kind.SPARK), CALLER).id()).isEqualTo(2);
  }

  @Test
  void sessionThatCanNoLongerBeKeptGoesOnAndSaysSo() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    before.close();
    launcher.nextDriver().exit("exit code 3");
    // A folder in the place of the file that the journal is written to anew.
    Files.createDirectories(servers.store().resolve("0").resolve("journal.new").resolve("full"));
    write(journal("0"), Files.size(journal("0")) - 1, new byte[] {77, 77});

    SessionService after = servers.start(launcher, servers.store());
    await()
        .until(
            () ->
                after.log("0", 0, -1).lines().stream()
                    .anyMatch(line -> line.contains("can no longer be kept")));
    assertThat(journal("0")).doesNotExist();
    assertThat(servers.store().resolve("0").resolve("session-0.stderr")).isNotEmptyFile();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sessionOfWhichNothingWasWrittenYetLeavesNothing(boolean journalBegun) throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    new FileSessionStore(servers.store()).begin(0);
    if (journalBegun) {
      Files.write(journal("0"), new byte[7]);
    }
    SessionService service = servers.start(launcher, servers.store());
    assertThat(service.sessions()).isEmpty();
    assertThat(servers.store().resolve("0")).doesNotExist();
    assertThat(service.open(SessionSettings.of(Kind.SPARK), CALLER).id()).isEqualTo(1);
  }

  @Test
  void journalWithoutABeginningMakesADeadSession() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    before.close();
    write(journal("0"), 0, new byte[9]);

    SessionService after = servers.start(launcher, servers.store());
    awaitState(after, "0", SessionState.DEAD);
    get(after.delete("0"));
    await().until(() -> !Files.exists(servers.store().resolve("0")));
    assertThat(after.open(SessionSettings.of(Kind.SPARK), CALLER).id()).isEqualTo(1);
  }

  @Test
  void deletedSessionLeavesNothing() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService service = servers.start(launcher, servers.store());
    service.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(service, "0", SessionState.IDLE);
    assertThat(servers.store().resolve("0")).isDirectory();
    get(service.delete("0"));
    await().until(() -> !Files.exists(servers.store().resolve("0")));
  }

  @Test
  void journalStaysInProportionToWhatIsRetained() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionLimits limits = SessionLimits.DEFAULT.withRetainedStatements(3);
    SessionService before = servers.start(launcher, servers.store(), limits);
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    ScriptedDriver driver = launcher.nextDriver();
    String megabyte = "x".repeat(1 << 20);
    for (int i = 0; i < 60; i++) {
      get(before.execute("0", statement("s" + i)));
      driver.nextCommand(DriverCommand.Execute.class);
      driver.print(i, megabyte);
      driver.say(new DriverEvent.StatementSucceeded(i));
      awaitEnd(before, i);
    }
    assertThat(Files.size(journal("0"))).isLessThan(48L << 20);
    get(before.execute("0", statement("last")));
    driver.nextCommand(DriverCommand.Execute.class);
    before.close();

    SessionService after = servers.start(launcher, servers.store(), limits);
    assertThat(after.session("0").statements().stream().map(Statement::id))
        .containsExactly(58, 59, 60);
    assertThat(printed(after.statement("0", 59))).isEqualTo(megabyte);
    driver.say(new DriverEvent.StatementSucceeded(60));
    awaitEnd(after, 60);
  }

  @Test
  void questionsOfTheEarlierServerAreNotTakenForThoseOfTheLater() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.COLLECT);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    ScriptedDriver driver = launcher.nextDriver();
    awaitState(before, "0", SessionState.IDLE);
    before.checkCompleteness("0", Kind.SPARK, "1 +");
    int first = driver.nextCommand(DriverCommand.CheckCompleteness.class).requestId();
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    await()
        .until(
            () -> {
              after.checkCompleteness("0", Kind.SPARK, "1");
              DriverCommand next = driver.commandIfAny();
              return next instanceof DriverCommand.CheckCompleteness question
                  && question.requestId() > first;
            });
  }

  @Test
  void logGoesOn() throws Exception {
    ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
    SessionService before = servers.start(launcher, servers.store());
    before.open(SessionSettings.of(Kind.SPARK), CALLER);
    awaitState(before, "0", SessionState.IDLE);
    launcher.nextDriver().exit("exit code 3");
    awaitState(before, "0", SessionState.DEAD);
    List<String> lines = before.log("0", 0, -1).lines();
    before.close();

    SessionService after = servers.start(launcher, servers.store());
    assertThat(after.log("0", 0, -1).lines())
        .isEqualTo(lines)
        .contains("The driver process ended: exit code 3");
  }

  private Path journal(String session) {
    return servers.store().resolve(session).resolve("journal");
  }

  private static void write(Path file, long at, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), at);
    }
  }
}
