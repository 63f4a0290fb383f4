package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that run no code. */
@Timeout(20)
class RequestsTest extends KernelFixture {

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
            new Case("create_subshell_request", object(), "create_subshell_reply error"),
            new Case("delete_subshell_request", object(), "delete_subshell_reply error"),
            new Case("list_subshell_request", object(), "list_subshell_reply error"),
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

    assertThat(reply(send(kernel, client.request("inspect_request", cursor))).content().toString())
        .isEqualTo("{\"found\":false,\"data\":{},\"metadata\":{},\"status\":\"ok\"}");
    assertThat(
            reply(send(kernel, client.request("comm_info_request", object()))).content().toString())
        .isEqualTo("{\"comms\":{},\"status\":\"ok\"}");
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
    for (String type : List.of("usage_request", "input_reply", "what")) {
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
            client.request("complete_request", object()),
            client.request("inspect_request", object().put("code", "x").put("cursor_pos", "y")),
            client.request("comm_info_request", object().put("target_name", 5)));
    for (JupyterMessage request : broken) {
      List<String> shown = show(send(kernel, request));
      assertThat(shown).noneMatch(line -> line.contains("java.lang") || line.contains("polybius"));
      assertThat(shown).hasSize(3).startsWith("status busy").endsWith("status idle");
      assertThat(shown.get(1)).contains("_reply error");
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
  void completionsHaveTypesAndSignatures() {
    ObjectNode reply =
        ask(
            readyKernel(),
            "complete_request",
            object().put("code", "print x\nwa").put("cursor_pos", 10));

    assertThat(reply.toString())
        .isEqualTo(
            "{\"matches\":[\"wait\",\"warn\"],\"cursor_start\":8,\"cursor_end\":10,"
                + "\"metadata\":{\"_jupyter_types_experimental\":["
                + "{\"text\":\"wait\",\"type\":\"keyword\",\"start\":8,\"end\":10,"
                + "\"signature\":\"wait TEXT\"},"
                + "{\"text\":\"warn\",\"type\":\"keyword\",\"start\":8,\"end\":10,"
                + "\"signature\":\"warn TEXT\"}]},\"status\":\"ok\"}");
  }

  @Test
  void placesAreCountedInCodePoints() throws InterruptedException {
    Kernel kernel = readyKernel();
    String code = "print \uD83D\uDE00 wa";

    ObjectNode reply =
        ask(kernel, "complete_request", object().put("code", code).put("cursor_pos", 10));

    ScriptedDriver driver = launcher.nextDriver();
    assertThat(driver.nextCommand(DriverCommand.Complete.class).cursor()).isEqualTo(11);
    assertThat(reply.path("matches").size()).isEqualTo(2);
    assertThat(reply.path("cursor_start").asInt()).isEqualTo(8);
    assertThat(reply.path("cursor_end").asInt()).isEqualTo(10);
    ask(kernel, "inspect_request", object().put("code", code).put("cursor_pos", 8));
    assertThat(driver.nextCommand(DriverCommand.Inspect.class).cursor()).isEqualTo(9);
  }

  @Test
  void placesOutsideOfTheTextAreItsEnds() {
    Kernel kernel = readyKernel();

    assertThat(completeAt(kernel, 99)).isEqualTo(completeAt(kernel, 2));
    assertThat(completeAt(kernel, -1)).isEqualTo(completeAt(kernel, 0));
  }

  private ObjectNode completeAt(Kernel kernel, int cursor) {
    return ask(kernel, "complete_request", object().put("code", "wa").put("cursor_pos", cursor));
  }

  @Test
  void completionIsAnsweredWhileACellRuns() {
    Kernel kernel = kernel();
    kernel.receive(client.cell("wait"), client);
    client.await(message -> show(message).startsWith("input"));

    assertThat(completeAt(kernel, 2).path("matches").size()).isEqualTo(2);
  }

  @Test
  void questionsWithoutADriverAreAnsweredEmptyAtOnce() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();
    ObjectNode cursor = object().put("code", "wa").put("cursor_pos", 2);

    assertThat(ask(kernel, "complete_request", cursor).toString())
        .isEqualTo(
            "{\"matches\":[],\"cursor_start\":2,\"cursor_end\":2,\"metadata\":{},\"status\":\"ok\"}");
    assertThat(ask(kernel, "inspect_request", cursor).toString())
        .isEqualTo("{\"found\":false,\"data\":{},\"metadata\":{},\"status\":\"ok\"}");
    assertThat(ask(kernel, "is_complete_request", object().put("code", "wa")).toString())
        .isEqualTo("{\"status\":\"unknown\"}");
  }

  @Test
  void driverThatDoesNotAnswerIsNotWaitedForLong() {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    Kernel kernel = readyKernel();

    ObjectNode cursor = object().put("code", "wa").put("cursor_pos", 2);
    assertThat(ask(kernel, "complete_request", cursor).path("matches").size()).isZero();
    assertThat(ask(kernel, "inspect_request", cursor).path("found").asBoolean(true)).isFalse();
  }

  @Test
  void questionsToADeadKernelAreAnsweredEmpty() throws InterruptedException {
    Kernel kernel = kernel();
    launcher.nextDriver().exit("gone");
    client.await(message -> show(message).equals("status dead"));

    assertThat(completeAt(kernel, 2).path("status").asText()).isEqualTo("ok");
  }

  @Test
  void inspectionIsAnsweredByTheDriver() {
    Kernel kernel = readyKernel();
    ObjectNode question = object().put("code", "wait x").put("cursor_pos", 2);

    assertThat(ask(kernel, "inspect_request", question).toString())
        .isEqualTo(
            "{\"found\":true,\"data\":{\"text/plain\":\"the command wait\"},"
                + "\"metadata\":{},\"status\":\"ok\"}");
    assertThat(
            ask(kernel, "inspect_request", question.put("detail_level", 1))
                .path("data")
                .path("text/plain")
                .asText())
        .isEqualTo("the command wait, in detail");
  }
}
