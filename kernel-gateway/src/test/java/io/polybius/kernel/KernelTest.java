package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.CoreSettings;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionException;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import io.polybius.session.Statement;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(20)
class KernelTest {

  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(60),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          Duration.ofSeconds(2),
          1000,
          1 << 20);

  private ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
  private SessionService sessions = service();
  private KernelRegistry kernels = registry();
  private final RecordingConnection client = new RecordingConnection("client");

  private SessionService service() {
    return new SessionService(launcher, CoreSettings.of(LIMITS), Clock.systemUTC());
  }

  private KernelRegistry registry() {
    return new KernelRegistry(sessions, "1.2.3", Clock.systemUTC(), kernel -> {});
  }

  @AfterEach
  void close() {
    kernels.close();
    sessions.close();
  }

  private void launchWith(ScriptedLauncher other) {
    close();
    launcher = other;
    sessions = service();
    kernels = registry();
  }

  private Kernel kernel() {
    return connected(NewKernel.named(Optional.of("spark")));
  }

  private Kernel kernelOn(int session) {
    return connected(NewKernel.named(Optional.of("spark")).onSession(String.valueOf(session)));
  }

  private Kernel connected(NewKernel request) {
    Kernel kernel = kernels.create(request, Caller.SERVER);
    kernel.connect(client);
    return kernel;
  }

  private List<JupyterMessage> send(Kernel kernel, JupyterMessage request) {
    kernel.receive(request, client);
    return client.trace(request);
  }

  private List<String> run(Kernel kernel, String code) {
    return show(send(kernel, client.cell(code)));
  }

  private static ObjectNode object() {
    return JupyterJson.object();
  }

  private static JupyterMessage reply(List<JupyterMessage> trace) {
    return trace.stream()
        .filter(message -> message.type().endsWith("_reply"))
        .filter(message -> message.channel() != Channel.IOPUB)
        .findFirst()
        .orElseThrow();
  }

  // ---- executions

  @Test
  void cellShowsBusyInputOutputsReplyIdle() {
    List<JupyterMessage> trace =
        send(kernel(), client.cell("print one\nwarn two\ndisplay text/html <b>x</b>\nvalue 7"));

    assertThat(show(trace))
        .containsExactly(
            "status busy",
            "input 1 print one\nwarn two\ndisplay text/html <b>x</b>\nvalue 7",
            "stdout one",
            "stderr two",
            "display {\"text/html\":\"<b>x</b>\",\"text/plain\":\"<text/html>\"}",
            "result 1 7",
            "execute_reply ok 1",
            "status idle");
    assertThat(reply(trace).metadata().path("started").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
  }

  @Test
  void everythingCarriesOneSessionAndTheVerbatimRequestHeader() {
    Kernel kernel = kernel();
    JupyterMessage request = client.cell("value 1");
    request.header().fields().put("subshell_id", "unknown field");

    List<JupyterMessage> trace = send(kernel, request);

    assertThat(trace)
        .allSatisfy(
            message -> {
              assertThat(message.parentHeader().fields()).isEqualTo(request.header().fields());
              assertThat(message.header().session()).isEqualTo(kernel.headerSession());
            });
    assertThat(trace.stream().map(JupyterMessage::id).distinct()).hasSameSizeAs(trace);
  }

  @Test
  void countsGoUp() {
    Kernel kernel = kernel();

    assertThat(run(kernel, "value 1")).contains("result 1 1", "execute_reply ok 1");
    assertThat(run(kernel, "value 2")).contains("result 2 2", "execute_reply ok 2");
    assertThat(run(kernel, ""))
        .containsExactly("status busy", "input 3 ", "execute_reply ok 3", "status idle");
  }

  @Test
  void failedCellShowsOneErrorAndAnErrorReply() {
    List<JupyterMessage> trace = send(kernel(), client.cell("fail boom"));

    assertThat(show(trace))
        .containsExactly(
            "status busy",
            "input 1 fail boom",
            "error java.lang.RuntimeException: boom",
            "execute_reply error 1",
            "status idle");
    ObjectNode content = reply(trace).content();
    assertThat(content.path("ename").asText()).isEqualTo("java.lang.RuntimeException");
    assertThat(content.path("evalue").asText()).isEqualTo("boom");
    assertThat(content.path("traceback"))
        .extracting(line -> line.asText())
        .containsExactly("java.lang.RuntimeException: boom", "  at .run(<console>:1)");
  }

  @Test
  void cellsBehindAFailedOneAreAborted() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    JupyterMessage first = client.cell("fail boom");
    JupyterMessage second = client.cell("value 2");
    JupyterMessage third = client.cell("value 3");
    kernel.receive(first, client);
    kernel.receive(second, client);
    kernel.receive(third, client);
    becomeReady();

    assertThat(show(client.trace(first))).contains("execute_reply error 1");
    assertThat(show(client.trace(second)))
        .containsExactly("status busy", "execute_reply aborted", "status idle");
    assertThat(show(client.trace(third)))
        .containsExactly("status busy", "execute_reply aborted", "status idle");
    JupyterMessage aborted = reply(client.trace(second));
    assertThat(aborted.metadata().path("status").asText()).isEqualTo("aborted");
    assertThat(aborted.metadata().path("started").asText()).isNotEmpty();
    assertThat(run(kernel, "value 4")).contains("execute_reply ok 4");
  }

  @Test
  void cellsBehindAFailedOneRunWhenItSaysSo() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    JupyterMessage first =
        client.request(
            "execute_request", object().put("code", "fail boom").put("stop_on_error", false));
    JupyterMessage second = client.cell("value 2");
    kernel.receive(first, client);
    kernel.receive(second, client);
    becomeReady();

    assertThat(show(client.trace(first))).contains("execute_reply error 1");
    assertThat(show(client.trace(second))).contains("result 2 2", "execute_reply ok 2");
  }

  private void becomeReady() {
    try {
      launcher.nextDriver().ready();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Test
  void silentRunShowsOnlyItsPrintedText() {
    Kernel kernel = kernel();
    run(kernel, "value 1");

    List<JupyterMessage> trace =
        send(
            kernel,
            client.request(
                "execute_request",
                object().put("code", "print seen\nvalue 2").put("silent", true)));

    assertThat(show(trace))
        .containsExactly("status busy", "stdout seen", "execute_reply ok 1", "status idle");
    assertThat(run(kernel, "value 3")).contains("execute_reply ok 2");
    assertThat(sessions.session("0").statements()).hasSize(2);
  }

  @Test
  void runWithoutHistoryShowsItsValueButDoesNotCount() {
    Kernel kernel = kernel();
    run(kernel, "value 1");

    List<JupyterMessage> trace =
        send(
            kernel,
            client.request(
                "execute_request", object().put("code", "value 2").put("store_history", false)));

    assertThat(show(trace))
        .containsExactly(
            "status busy", "input 1 value 2", "result 1 2", "execute_reply ok 1", "status idle");
    assertThat(run(kernel, "value 3")).contains("execute_reply ok 2");
  }

  @Test
  void userExpressionsAreAnsweredOneByOne() {
    ObjectNode content = object().put("code", "value 1");
    content.putObject("user_expressions").put("a", "1 + 1");

    ObjectNode reply = reply(send(kernel(), client.request("execute_request", content))).content();

    assertThat(reply.path("user_expressions").path("a").path("status").asText()).isEqualTo("error");
    assertThat(reply.path("payload").isArray()).isTrue();
  }

  @Test
  void outputAfterTheEndKeepsItsParent() throws InterruptedException {
    Kernel kernel = kernel();
    JupyterMessage request = client.cell("value 1");
    send(kernel, request);
    launcher
        .nextDriver()
        .say(
            new DriverEvent.StatementPutOut(
                0, new StatementOutput.StreamText(StreamName.STDOUT, "late\n")));

    JupyterMessage late = client.await(message -> show(message).equals("stdout late"));

    assertThat(late.parentHeader().messageId()).isEqualTo(request.id());
  }

  @Test
  void cellBeginsOnlyWhenItsStatementDoes() throws InterruptedException {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("value 1");
    kernel.receive(cell, client);

    assertThat(show(send(kernel, client.request("kernel_info_request", object()))))
        .containsExactly("status busy", "kernel_info_reply ok", "status idle");
    assertThat(client.heard())
        .noneMatch(message -> message.parentHeader().messageId().equals(cell.id()));
    launcher.nextDriver().ready();
    assertThat(show(client.trace(cell))).contains("result 1 1");
  }

  @Test
  void twoRequestsWithOneIdAreBothAnswered() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("value 1");
    kernel.receive(cell, client);
    kernel.receive(cell, client);

    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () ->
                client.heard().stream().filter(m -> m.type().equals("execute_reply")).count() == 2);
  }

  // ---- interrupt, shutdown, restart, death

  @ParameterizedTest
  @EnumSource(names = {"SHELL", "CONTROL"})
  void interruptEndsTheRunningCellAndAbortsTheRest(Channel channel) {
    Kernel kernel = kernel();
    JupyterMessage running = client.cell("wait");
    JupyterMessage queued = client.cell("value 2");
    kernel.receive(running, client);
    kernel.receive(queued, client);
    client.await(message -> show(message).startsWith("input 1"));
    JupyterMessage interrupt = client.request(channel, "interrupt_request", object());

    assertThat(show(send(kernel, interrupt)))
        .containsExactly("status busy", "interrupt_reply ok", "status idle");
    assertThat(reply(client.trace(interrupt)).channel()).isEqualTo(channel);
    assertThat(show(client.trace(running)))
        .endsWith(
            "error Interrupted: The statement was interrupted.",
            "execute_reply error 1",
            "status idle");
    assertThat(show(client.trace(queued))).contains("execute_reply aborted");
  }

  @Test
  void aCellThatEndsWellAllTheSameIsNoError() {
    launchWith(
        ScriptedLauncher.ready(
            (driver, command) -> {
              if (command instanceof DriverCommand.Cancel cancel) {
                driver.say(new DriverEvent.StatementSucceeded(cancel.statementId()));
              } else {
                Script.TINY.onCommand(driver, command);
              }
            }));
    Kernel kernel = kernel();
    JupyterMessage running = client.cell("value 7\nwait");
    JupyterMessage queued = client.cell("value 8");
    kernel.receive(running, client);
    client.await(message -> show(message).startsWith("input 1"));
    send(kernel, client.request("interrupt_request", object()));

    assertThat(show(client.trace(running))).endsWith("execute_reply ok 1", "status idle");
    kernel.receive(queued, client);
    assertThat(show(client.trace(queued))).contains("execute_reply ok 2");
  }

  @Test
  void interruptOfAnIdleKernelDoesNothing() {
    Kernel kernel = kernel();

    assertThat(show(send(kernel, client.request("interrupt_request", object()))))
        .containsExactly("status busy", "interrupt_reply ok", "status idle");
    assertThat(run(kernel, "value 1")).contains("execute_reply ok 1");
  }

  @Test
  void interruptOfAnAttachedKernelLeavesTheStatementsOfOthersAlone() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    rest(session, "wait");
    client.await(message -> show(message).equals("input 1 wait"));
    JupyterMessage queued = client.cell("value 1");
    kernel.receive(queued, client);
    awaitStatements(session, 2);

    send(kernel, client.request("interrupt_request", object()));

    assertThat(show(client.trace(queued))).contains("execute_reply aborted");
    assertThat(sessions.session("0").state()).isEqualTo(SessionState.BUSY);
  }

  @Test
  void shutdownIsAnsweredTwiceWithTwoMessagesAndEndsTheSession() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("wait");
    kernel.receive(cell, client);
    client.await(message -> show(message).startsWith("input"));
    JupyterMessage request =
        client.request(Channel.CONTROL, "shutdown_request", object().put("restart", false));

    List<JupyterMessage> trace = send(kernel, request);

    assertThat(show(trace))
        .containsExactly("status busy", "shutdown_reply ok", "shutdown_reply ok", "status idle");
    assertThat(trace.get(1).channel()).isEqualTo(Channel.IOPUB);
    assertThat(trace.get(2).channel()).isEqualTo(Channel.CONTROL);
    assertThat(trace.get(1).id()).isNotEqualTo(trace.get(2).id());
    assertThat(show(client.trace(cell))).contains("execute_reply error 1");
    assertThat(client.isEnded()).isTrue();
    assertThat(kernels.kernels()).isEmpty();
    Awaitility.await().until(() -> sessions.sessions().isEmpty());
  }

  @Test
  void shutdownOfAnAttachedKernelLeavesTheSessionAndStopsOwnCells() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    kernel.receive(client.cell("wait"), client);
    client.await(message -> show(message).startsWith("input"));

    kernel.shutDown();

    assertThat(client.isEnded()).isTrue();
    Awaitility.await().until(() -> sessions.session("0").state() == SessionState.IDLE);
    rest(session, "value 1");
    awaitStatements(session, 2);
  }

  @Test
  void restartInPlaceBeginsANewLife() throws InterruptedException {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    String before = kernel.headerSession();
    JupyterMessage running = client.cell("wait");
    JupyterMessage queued = client.cell("value 2");
    kernel.receive(running, client);
    kernel.receive(queued, client);
    client.await(message -> show(message).equals("input 2 wait"));
    JupyterMessage request =
        client.request(Channel.CONTROL, "shutdown_request", object().put("restart", true));

    List<JupyterMessage> trace = send(kernel, request);

    assertThat(reply(trace).content().path("restart").asBoolean()).isTrue();
    assertThat(trace).allMatch(message -> message.header().session().equals(before));
    assertThat(show(client.trace(running)))
        .endsWith(
            "error SessionInterrupted: The session was restarted.",
            "execute_reply error 2",
            "status idle");
    assertThat(show(client.trace(queued))).contains("execute_reply aborted");
    assertThat(kernel.headerSession()).isNotEqualTo(before);
    JupyterMessage starting = client.await(message -> show(message).equals("status starting"));
    assertThat(starting.header().session()).isEqualTo(kernel.headerSession());
    assertThat(starting.parentHeader().fields()).isEmpty();
    assertThat(run(kernel, "value 5")).contains("input 1 value 5", "result 1 5");
    launcher.nextDriver();
    launcher.nextDriver();
    assertThat(sessions.sessions()).hasSize(1);
  }

  @Test
  void restartByAnotherClientOfTheSessionShows() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    String before = kernel.headerSession();

    sessions.restart("0").toCompletableFuture().join();

    client.await(message -> show(message).equals("status restarting"));
    client.await(message -> show(message).equals("status starting"));
    assertThat(kernel.headerSession()).isNotEqualTo(before);
    assertThat(run(kernel, "value 2")).contains("execute_reply ok 1");
  }

  @Test
  void restartOfAStartingSessionIsNotAnError() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    String before = kernel.headerSession();

    kernel.restart().toCompletableFuture().join();

    assertThat(kernel.headerSession()).isNotEqualTo(before);
    assertThat(show(client.heard())).containsExactly("status restarting", "status starting");
  }

  @Test
  void deathOfTheDriverEndsAllCellsInErrors() throws InterruptedException {
    Kernel kernel = kernel();
    JupyterMessage running = client.cell("wait");
    JupyterMessage queued = client.cell("value 2");
    kernel.receive(running, client);
    kernel.receive(queued, client);
    client.await(message -> show(message).startsWith("input"));

    launcher.nextDriver().exit("killed by signal 9");

    client.await(message -> show(message).equals("status dead"));
    assertThat(show(client.trace(running))).contains("execute_reply error 1");
    assertThat(client.trace(running).stream().filter(m -> m.type().equals("error"))).hasSize(1);
    List<String> waiting = show(client.trace(queued));
    assertThat(waiting)
        .hasSize(4)
        .startsWith("status busy")
        .endsWith("execute_reply error 1", "status idle");
    assertThat(waiting.get(1)).startsWith("error DriverDied").contains("killed by signal 9");
    List<String> all = show(client.heard());
    assertThat(all.get(all.size() - 1)).isEqualTo("status dead");
    assertThat(kernel.model().executionState()).isEqualTo("dead");
    assertThat(kernel.model().reason()).contains("killed by signal 9");
    assertThat(run(kernel, "value 3")).contains("execute_reply error 1");
    assertThat(show(send(kernel, client.request("kernel_info_request", object()))))
        .contains("kernel_info_reply ok");
  }

  @Test
  void failedLaunchEndsWaitingCellsInErrors() throws InterruptedException {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("value 1");
    kernel.receive(cell, client);
    awaitStatements(0, 1);

    launcher.nextDriver().say(new DriverEvent.DriverFailed("no room on the cluster"));

    assertThat(show(client.trace(cell)))
        .hasSize(4)
        .anyMatch(line -> line.contains("no room on the cluster"))
        .contains("execute_reply error 0");
    client.await(message -> show(message).equals("status dead"));
  }

  @Test
  void deletedSessionEndsTheKernel() {
    kernel();

    sessions.delete("0").toCompletableFuture().join();

    client.await(message -> show(message).equals("status dead"));
    Awaitility.await().until(client::isEnded);
    assertThat(kernels.kernels()).isEmpty();
  }

  @Test
  void deathOfASharedSessionEndsAttachedKernels() throws InterruptedException {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    kernelOn(session);

    launcher.nextDriver().exit("gone");

    client.await(message -> show(message).equals("status dead"));
    Awaitility.await().until(client::isEnded);
    assertThat(kernels.kernels()).isEmpty();
    assertThat(sessions.sessions()).hasSize(1);
  }

  // ---- other clients

  @Test
  void statementOfAnotherDoorShowsAsFromAnotherFrontend() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    rest(session, "print hello\nvalue 1");

    JupyterMessage input = client.await(message -> message.type().equals("execute_input"));
    client.await(message -> show(message).equals("status idle"));

    assertThat(show(client.heard()))
        .containsExactly(
            "status busy",
            "input 1 print hello\nvalue 1",
            "stdout hello",
            "result 1 1",
            "status idle");
    assertThat(client.heard()).allMatch(m -> m.parentHeader().equals(input.parentHeader()));
    assertThat(input.parentHeader().messageType()).isEqualTo("execute_request");
    assertThat(input.parentHeader().session()).isEqualTo("rest");
    assertThat(input.parentHeader().messageId()).isNotEmpty();
    assertThat(run(kernel, "value 2")).contains("result 2 2");
  }

  @Test
  void failedStatementOfAnotherDoorShowsItsError() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    kernelOn(session);
    rest(session, "fail boom");

    client.await(message -> show(message).equals("status idle"));

    assertThat(show(client.heard()))
        .containsExactly(
            "status busy",
            "input 1 fail boom",
            "error java.lang.RuntimeException: boom",
            "status idle");
  }

  @Test
  void hiddenStatementOfAnotherDoorDoesNotShow() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    sessions
        .execute(
            String.valueOf(session),
            new NewStatement(Kind.SPARK, "value 9", Origin.REST, true, true, true))
        .toCompletableFuture()
        .join();

    List<JupyterMessage> own = send(kernel, client.cell("value 1"));

    assertThat(client.heard()).isEqualTo(own);
  }

  @Test
  void statementsFromBeforeTheKernelDoNotShow() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    rest(session, "value 1");
    awaitStatements(session, 1);
    Awaitility.await().until(() -> sessions.session("0").state() == SessionState.IDLE);
    Kernel kernel = kernelOn(session);

    List<JupyterMessage> own = send(kernel, client.cell("value 2"));

    assertThat(show(own)).contains("result 2 2");
    assertThat(client.heard()).isEqualTo(own);
  }

  @Test
  void allClientsHearOutputsAndOnlyTheAskerTheReply() {
    Kernel kernel = kernel();
    RecordingConnection other = new RecordingConnection("other");
    kernel.connect(other);
    JupyterMessage cell = client.cell("value 1");

    kernel.receive(cell, client);

    assertThat(show(client.trace(cell)))
        .containsExactly(
            "status busy", "input 1 value 1", "result 1 1", "execute_reply ok 1", "status idle");
    assertThat(show(other.trace(cell)))
        .containsExactly("status busy", "input 1 value 1", "result 1 1", "status idle");
  }

  @Test
  void twoKernelsOfOneSessionSeeEachOther() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel first = kernelOn(session);
    RecordingConnection other = new RecordingConnection("other");
    Kernel second =
        kernels.create(NewKernel.named(Optional.of("spark")).onSession("0"), Caller.SERVER);
    second.connect(other);

    send(first, client.cell("value 1"));

    JupyterMessage seen = other.await(message -> show(message).equals("result 1 1"));
    assertThat(seen.parentHeader().session()).isEqualTo(first.id());
    assertThat(seen.header().session()).isEqualTo(second.headerSession());
  }

  private void rest(int session, String code) {
    sessions
        .execute(
            String.valueOf(session),
            new NewStatement(Kind.SPARK, code, Origin.REST, false, true, true))
        .toCompletableFuture()
        .join();
  }

  private void awaitStatements(int session, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> sessions.session(String.valueOf(session)).statements().size() >= count);
  }

  // ---- the other requests

  @ParameterizedTest
  @EnumSource(names = {"SHELL", "CONTROL"})
  void kernelInfoIsAnsweredBeforeThereIsADriver(Channel channel) {
    launchWith(ScriptedLauncher.slow(Script.COLLECT));
    Kernel kernel = kernel();

    List<JupyterMessage> trace =
        send(kernel, client.request(channel, "kernel_info_request", object()));

    assertThat(show(trace)).containsExactly("status busy", "kernel_info_reply ok", "status idle");
    ObjectNode info = reply(trace).content();
    assertThat(info.path("protocol_version").asText()).isEqualTo("5.5");
    assertThat(info.path("implementation").asText()).isEqualTo("polybius");
    assertThat(info.path("implementation_version").asText()).isEqualTo("1.2.3");
    assertThat(info.path("debugger").isBoolean()).isTrue();
    assertThat(info.path("supported_features").isArray()).isTrue();
    assertThat(info.path("banner").asText()).isNotEmpty();
    assertThat(info.path("help_links").path(0).path("url").asText()).startsWith("https://");
    ObjectNode language = (ObjectNode) info.path("language_info");
    assertThat(language.path("name").asText()).isEqualTo("scala");
    assertThat(language.path("file_extension").asText()).isEqualTo(".scala");
    assertThat(language.path("mimetype").asText()).isEqualTo("text/x-scala");
    assertThat(language.path("codemirror_mode").asText()).isEqualTo("text/x-scala");
    assertThat(language.path("pygments_lexer").asText()).isEqualTo("scala");
    assertThat(language.path("nbconvert_exporter").asText()).isEqualTo("script");
    assertThat(language.path("version").asText()).isNotEmpty();
  }

  @Test
  void isCompleteAsksTheDriver() {
    Kernel kernel = kernel();
    run(kernel, "value 1");

    assertThat(isComplete(kernel, "x").path("status").asText()).isEqualTo("complete");
    assertThat(isComplete(kernel, "x").has("indent")).isFalse();
    assertThat(isComplete(kernel, "x {").path("status").asText()).isEqualTo("incomplete");
    assertThat(isComplete(kernel, "x {").path("indent").asText()).isEqualTo("  ");
  }

  private ObjectNode isComplete(Kernel kernel, String code) {
    List<JupyterMessage> trace =
        send(kernel, client.request("is_complete_request", object().put("code", code)));
    assertThat(trace).hasSize(3);
    return reply(trace).content();
  }

  @Test
  void everyKnownRequestIsAnsweredBetweenBusyAndIdle() {
    Kernel kernel = kernel();
    record Case(String type, ObjectNode content, String reply) {}
    List<Case> cases =
        List.of(
            new Case("kernel_info_request", object(), "kernel_info_reply ok"),
            new Case("is_complete_request", object().put("code", "x"), "is_complete_reply"),
            new Case(
                "complete_request",
                object().put("code", "x").put("cursor_pos", 1),
                "complete_reply ok"),
            new Case(
                "inspect_request",
                object().put("code", "x").put("cursor_pos", 1),
                "inspect_reply ok"),
            new Case(
                "history_request",
                object().put("hist_access_type", "tail").put("n", 1),
                "history_reply ok"),
            new Case("comm_info_request", object(), "comm_info_reply ok"),
            new Case("connect_request", object(), "connect_reply ok"),
            new Case("interrupt_request", object(), "interrupt_reply ok"),
            new Case("debug_request", object().put("seq", 3), "debug_reply"),
            new Case("execute_request", object().put("code", ""), "execute_reply ok"));
    for (Case known : cases) {
      for (Channel channel : List.of(Channel.SHELL, Channel.CONTROL)) {
        List<JupyterMessage> trace =
            send(kernel, client.request(channel, known.type(), known.content()));
        List<String> shown = show(trace);
        assertThat(shown.get(0)).isEqualTo("status busy");
        assertThat(shown.get(shown.size() - 2)).startsWith(known.reply());
        assertThat(shown.get(shown.size() - 1)).isEqualTo("status idle");
        assertThat(reply(trace).channel()).isEqualTo(channel);
      }
    }
  }

  @Test
  void emptyAnswersHaveAllTheirFields() {
    Kernel kernel = kernel();
    ObjectNode cursor = object().put("code", "ab").put("cursor_pos", 2);

    assertThat(reply(send(kernel, client.request("complete_request", cursor))).content().toString())
        .isEqualTo(
            "{\"matches\":[],\"cursor_start\":2,\"cursor_end\":2,\"metadata\":{},\"status\":\"ok\"}");
    assertThat(reply(send(kernel, client.request("inspect_request", cursor))).content().toString())
        .isEqualTo("{\"found\":false,\"data\":{},\"metadata\":{},\"status\":\"ok\"}");
    assertThat(
            reply(send(kernel, client.request("comm_info_request", object()))).content().toString())
        .isEqualTo("{\"comms\":{},\"status\":\"ok\"}");
  }

  @Test
  void commWithoutATargetIsClosed() {
    List<JupyterMessage> trace =
        send(
            kernel(),
            client.request(
                "comm_open", object().put("comm_id", "c1").put("target_name", "widget")));

    assertThat(show(trace)).containsExactly("status busy", "comm_close", "status idle");
    assertThat(trace.get(1).content().path("comm_id").asText()).isEqualTo("c1");
  }

  @Test
  void debuggerIsRefused() {
    ObjectNode content =
        reply(
                send(
                    kernel(),
                    client.request(
                        Channel.CONTROL,
                        "debug_request",
                        object().put("seq", 3).put("command", "initialize"))))
            .content();

    assertThat(content.path("type").asText()).isEqualTo("response");
    assertThat(content.path("request_seq").asInt()).isEqualTo(3);
    assertThat(content.path("success").asBoolean(true)).isFalse();
    assertThat(content.path("command").asText()).isEqualTo("initialize");
  }

  @Test
  void unknownTypesAreBusyAndIdle() {
    Kernel kernel = kernel();
    for (String type : List.of("comm_msg", "comm_close", "create_subshell_request", "what")) {
      assertThat(show(send(kernel, client.request(type, object()))))
          .containsExactly("status busy", "status idle");
    }
  }

  @Test
  void malformedContentIsAnsweredWithAnError() {
    Kernel kernel = kernel();
    List<JupyterMessage> broken =
        List.of(
            client.request("execute_request", object()),
            client.request("execute_request", object().put("code", 5)),
            client.request("execute_request", object().put("code", "x").put("silent", "what")),
            client.request("is_complete_request", object()),
            client.request("history_request", object().put("hist_access_type", "none")),
            client.request("shutdown_request", object().put("restart", "maybe")),
            client.request("comm_open", object()));
    for (JupyterMessage request : broken) {
      List<String> shown = show(send(kernel, request));
      assertThat(shown).hasSize(3).startsWith("status busy").endsWith("status idle");
      assertThat(shown.get(1)).endsWith("_reply error");
    }
    assertThat(run(kernel, "value 1")).contains("execute_reply ok 1");
  }

  @Test
  void messageWithoutATypeIsDropped() {
    Kernel kernel = kernel();
    JupyterMessage broken = client.request("", object());
    kernel.receive(broken, client);

    send(kernel, client.request("kernel_info_request", object()));

    assertThat(client.heard())
        .noneMatch(message -> message.parentHeader().messageId().equals(broken.id()));
  }

  @Test
  void historyIsReadFromTheSession() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    run(kernel, "print x");
    run(kernel, "value 1");

    assertThat(history(kernel, object().put("hist_access_type", "tail").put("n", 2)))
        .isEqualTo("[[1,2,\"print x\"],[1,3,\"value 1\"]]");
    assertThat(
            history(
                kernel,
                object()
                    .put("hist_access_type", "range")
                    .put("session", 0)
                    .put("start", 1)
                    .put("stop", 3)
                    .put("output", true)))
        .isEqualTo("[[1,1,[\"value 1\",\"1\"]],[1,2,[\"print x\",null]]]");
    ObjectNode search = object().put("hist_access_type", "search").put("pattern", "?alue*");
    assertThat(history(kernel, search)).isEqualTo("[[1,1,\"value 1\"],[1,3,\"value 1\"]]");
    assertThat(history(kernel, search.put("unique", true))).isEqualTo("[[1,3,\"value 1\"]]");
    assertThat(
            history(
                kernel, object().put("hist_access_type", "search").put("pattern", "[!v]rint x")))
        .isEqualTo("[[1,2,\"print x\"]]");
  }

  @Test
  void historyCountsSessionsBackFromThePresentOne() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    kernel.restart().toCompletableFuture().join();
    run(kernel, "value 2");

    ObjectNode range = object().put("hist_access_type", "range");
    assertThat(history(kernel, range.put("session", 0))).isEqualTo("[[2,1,\"value 2\"]]");
    assertThat(history(kernel, range.put("session", -1))).isEqualTo("[[1,1,\"value 1\"]]");
    assertThat(history(kernel, range.put("session", 2))).isEqualTo("[[2,1,\"value 2\"]]");
  }

  private String history(Kernel kernel, ObjectNode content) {
    return reply(send(kernel, client.request("history_request", content)))
        .content()
        .path("history")
        .toString();
  }

  // ---- the registry

  @Test
  void modelSaysWhatClientsNeed() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    ObjectNode model = JupyterJson.toObject(kernel.model());

    Set<String> fields = new HashSet<>();
    model.fieldNames().forEachRemaining(fields::add);
    assertThat(fields)
        .containsExactlyInAnyOrder("id", "name", "last_activity", "execution_state", "connections");
    assertThat(model.path("last_activity").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(model.path("connections").isInt()).isTrue();
    Awaitility.await().until(() -> kernel.model().executionState().equals("idle"));
  }

  @Test
  void kernelIdsAreLowerCaseUuidsAndUnique() {
    String id = "0a1b2c3d-0000-4000-8000-123456789abc";
    NewKernel request = NewKernel.named(Optional.of("spark")).withId(id);

    assertThat(kernels.create(request, Caller.SERVER).id()).isEqualTo(id);
    assertThatThrownBy(() -> kernels.create(request, Caller.SERVER))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining(id);
    for (String bad : List.of("x", id.toUpperCase(java.util.Locale.ROOT), id + "/..")) {
      assertThatThrownBy(
              () ->
                  kernels.create(NewKernel.named(Optional.of("spark")).withId(bad), Caller.SERVER))
          .isInstanceOf(KernelException.class);
    }
    assertThat(sessions.sessions()).hasSize(1);
  }

  @Test
  void kernelCannotBeMadeOfNothing() {
    assertThatThrownBy(() -> kernels.create(NewKernel.named(Optional.of("cobol")), Caller.SERVER))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining("cobol");
    assertThatThrownBy(
            () ->
                kernels.create(
                    NewKernel.named(Optional.of("spark")).onSession("none"), Caller.SERVER))
        .isInstanceOf(SessionException.class);
    assertThat(sessions.sessions()).isEmpty();
    assertThat(kernels.kernels()).isEmpty();
  }

  @Test
  void sessionIsFoundByName() {
    sessions.open(SessionSettings.of(Kind.SPARK).withName("shared"), Caller.SERVER);
    Kernel kernel =
        kernels.create(
            NewKernel.named(Optional.of("polybius-spark")).onSession("shared"), Caller.SERVER);

    assertThat(kernel.sessionId()).isZero();
  }

  @Test
  void closedRegistryEndsKernelsAndKeepsSessions() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("wait");
    kernel.receive(cell, client);
    client.await(message -> show(message).startsWith("input"));

    kernels.close();

    assertThat(show(client.trace(cell))).contains("execute_reply error 1");
    assertThat(client.isEnded()).isTrue();
    assertThat(sessions.sessions()).hasSize(1);
    assertThatThrownBy(this::kernel).isInstanceOf(KernelException.class);
  }

  @Test
  void interruptReachesTheDriver() throws InterruptedException {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    Kernel kernel = kernel();
    kernel.receive(client.cell("wait"), client);
    ScriptedDriver driver = launcher.nextDriver();
    int id = driver.nextCommand(DriverCommand.Execute.class).statementId();

    kernel.interrupt();

    assertThat(driver.nextCommand(DriverCommand.Cancel.class).statementId()).isEqualTo(id);
  }

  @Test
  void statementsOfTheKernelAreInTheSession() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("value 1");
    send(kernel, cell);

    Statement statement = sessions.statement("0", 0);

    assertThat(statement.origin()).isEqualTo(new Origin(kernel.id(), cell.id()));
    assertThat(statement.code()).isEqualTo("value 1");
  }
}
