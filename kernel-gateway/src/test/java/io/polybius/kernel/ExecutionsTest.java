package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Origin;
import io.polybius.session.Statement;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cells and what becomes of them. */
@Timeout(20)
class ExecutionsTest extends KernelFixture {

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

  @Test
  void statementsOfTheKernelAreInTheSession() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("value 1");
    send(kernel, cell);

    Statement statement = sessions.statement("0", 0);

    assertThat(statement.origin()).isEqualTo(new Origin(kernel.id(), cell.id()));
    assertThat(statement.code()).isEqualTo("value 1");
  }

  @Test
  void driverIsToldWhatTheClientWants() throws InterruptedException {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    Kernel kernel = kernel();
    kernel.receive(
        cell(
            "x",
            content -> {
              content.put("allow_stdin", true);
              content.putObject("user_expressions").put("b", "2").put("a", "1");
            }),
        client);
    kernel.receive(cell("y", content -> content.put("silent", true)), client);
    ScriptedDriver driver = launcher.nextDriver();

    DriverCommand.Execute first = driver.nextCommand(DriverCommand.Execute.class);
    driver.say(new DriverEvent.StatementSucceeded(first.statementId()));
    DriverCommand.Execute second = driver.nextCommand(DriverCommand.Execute.class);

    assertThat(first.options())
        .isEqualTo(
            new ExecuteOptions(
                true,
                true,
                List.of(
                    new ExecuteOptions.Expression("b", "2"),
                    new ExecuteOptions.Expression("a", "1"))));
    assertThat(second.options()).isEqualTo(ExecuteOptions.PLAIN);
  }

  @Test
  void userExpressionsAreAnsweredOneByOne() {
    JupyterMessage cell =
        cell(
            "value 1",
            content ->
                content.putObject("user_expressions").put("good", "1 + 1").put("bad", "fail it"));

    ObjectNode reply = reply(send(kernel(), cell)).content();

    assertThat(reply.path("user_expressions").toString())
        .isEqualTo(
            "{\"good\":{\"data\":{\"text/plain\":\"1 + 1\"},\"metadata\":{},\"status\":\"ok\"},"
                + "\"bad\":{\"ename\":\"java.lang.RuntimeException\",\"evalue\":\"fail it\","
                + "\"traceback\":[\"java.lang.RuntimeException: fail it\","
                + "\"  at .run(<console>:1)\"],\"status\":\"error\"}}");
  }

  @Test
  void expressionsThatTheDriverLeavesOutAreErrors() {
    launchWith(
        ScriptedLauncher.ready(
            (driver, command) -> {
              if (command instanceof DriverCommand.Execute execute) {
                driver.say(new DriverEvent.StatementSucceeded(execute.statementId()));
              }
            }));
    JupyterMessage cell = cell("x", content -> content.putObject("user_expressions").put("a", "1"));

    ObjectNode reply = reply(send(kernel(), cell)).content();

    assertThat(reply.path("user_expressions").path("a").path("status").asText()).isEqualTo("error");
  }

  @Test
  void expressionsOfAFailedCellAreNotAnswered() {
    JupyterMessage cell =
        cell("fail it", content -> content.putObject("user_expressions").put("a", "1"));

    assertThat(reply(send(kernel(), cell)).content().has("user_expressions")).isFalse();
  }

  @Test
  void pagesAndNextInputsGoWithTheReply() {
    List<JupyterMessage> trace =
        send(kernel(), client.cell("page first\npage second\nnext one\ninstead two\nvalue 1"));

    assertThat(show(trace))
        .containsExactly(
            "status busy",
            "input 1 page first\npage second\nnext one\ninstead two\nvalue 1",
            "result 1 1",
            "execute_reply ok 1",
            "status idle");
    assertThat(reply(trace).content().path("payload").toString())
        .isEqualTo(
            "[{\"data\":{\"text/plain\":\"second\"},\"start\":0,\"source\":\"page\"},"
                + "{\"text\":\"two\",\"replace\":true,\"source\":\"set_next_input\"}]");
  }

  @Test
  void replyWithoutPayloadHasAnEmptyOne() {
    ObjectNode reply = reply(send(kernel(), client.cell("value 1"))).content();

    assertThat(reply.toString())
        .isEqualTo(
            "{\"execution_count\":1,\"payload\":[],\"user_expressions\":{},\"status\":\"ok\"}");
  }

  @Test
  void displaysCanChangeAndOutputCanBeCleared() {
    List<JupyterMessage> trace =
        send(kernel(), client.cell("show d1 old\nupdate d1 new\nclear\nclear later"));

    assertThat(trace.stream().filter(m -> m.channel() == Channel.IOPUB).skip(2).limit(4))
        .extracting(message -> message.type() + " " + message.content())
        .containsExactly(
            "display_data {\"data\":{\"text/plain\":\"old\"},\"metadata\":{},"
                + "\"transient\":{\"display_id\":\"d1\"}}",
            "update_display_data {\"data\":{\"text/plain\":\"new\"},\"metadata\":{},"
                + "\"transient\":{\"display_id\":\"d1\"}}",
            "clear_output {\"wait\":false}",
            "clear_output {\"wait\":true}");
  }

  @Test
  void silentRunShowsWhatIsDisplayedOnPurpose() {
    assertThat(show(send(kernel(), cell("show d1 seen", content -> content.put("silent", true)))))
        .containsExactly(
            "status busy",
            "display {\"text/plain\":\"seen\"}",
            "execute_reply ok 0",
            "status idle");
  }

  @Test
  void cellsThatComeAfterAFailureRun() {
    Kernel kernel = kernel();

    assertThat(run(kernel, "fail boom")).contains("execute_reply error 1");
    assertThat(run(kernel, "value 2")).contains("execute_reply ok 2");
  }

  @Test
  void cellsOfAllClientsAreAbortedInOrder() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    RecordingConnection other = new RecordingConnection("other");
    kernel.connect(other);
    JupyterMessage failing = client.cell("fail boom");
    JupyterMessage second = other.cell("value 2");
    JupyterMessage third = client.cell("value 3");
    kernel.receive(failing, client);
    kernel.receive(second, other);
    kernel.receive(third, client);
    awaitStatements(0, 3);
    becomeReady();
    client.trace(third);

    assertThat(client.heard())
        .filteredOn(message -> show(message).equals("status busy"))
        .extracting(message -> message.parentHeader().messageId())
        .containsExactly(failing.id(), second.id(), third.id());
    assertThat(show(other.trace(second)))
        .containsExactly("status busy", "execute_reply aborted", "status idle");
  }

  @Test
  void malformedCellIsAnsweredWithTheCount() {
    Kernel kernel = kernel();
    run(kernel, "value 1");

    assertThat(show(send(kernel, client.request("execute_request", object()))))
        .containsExactly("status busy", "execute_reply error 1", "status idle");
    assertThat(
            show(
                send(
                    kernel,
                    cell("x", content -> content.putObject("user_expressions").put("a", 1)))))
        .containsExactly("status busy", "execute_reply error 1", "status idle");
  }
}
