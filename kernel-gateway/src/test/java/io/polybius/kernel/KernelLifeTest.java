package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Interrupt, restart, shutdown and death. */
@Timeout(20)
class KernelLifeTest extends KernelFixture {

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
    assertThat(show(client.heard())).containsExactly("status starting");
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
}
