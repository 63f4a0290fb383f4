package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What users type when their code asks for it. */
@Timeout(20)
class InputTest extends KernelFixture {

  private JupyterMessage asking(String code) {
    return cell(code, content -> content.put("allow_stdin", true));
  }

  private static JupyterMessage question(RecordingConnection asked) {
    return asked.await(message -> message.type().equals("input_request"));
  }

  private static JupyterMessage answer(RecordingConnection from, String text) {
    return from.request(Channel.STDIN, "input_reply", object().put("value", text));
  }

  private static JupyterMessage answer(RecordingConnection from, Header question, String text) {
    JupyterMessage message = answer(from, text);
    return new JupyterMessage(
        message.channel(),
        message.identities(),
        message.header(),
        question,
        message.metadata(),
        message.content(),
        message.buffers());
  }

  @Test
  void questionGoesToTheClientThatSentTheCell() {
    Kernel kernel = kernel();
    RecordingConnection other = new RecordingConnection("other");
    kernel.connect(other);
    JupyterMessage cell =
        asking("print first\nask name: \nprint last").withIdentities(List.of(new byte[] {7}));
    kernel.receive(cell, client);

    JupyterMessage question = question(client);
    kernel.receive(answer(client, "Ann"), client);

    assertThat(question.channel()).isEqualTo(Channel.STDIN);
    assertThat(question.content().toString())
        .isEqualTo("{\"prompt\":\"name: \",\"password\":false}");
    assertThat(question.parentHeader().fields()).isEqualTo(cell.header().fields());
    assertThat(question.identities()).hasSize(1);
    assertThat(show(client.trace(cell)))
        .containsExactly(
            "status busy",
            "input 1 print first\nask name: \nprint last",
            "stdout first",
            "input_request",
            "stdout Ann",
            "stdout last",
            "execute_reply ok 1",
            "status idle");
    assertThat(other.heard()).noneMatch(message -> message.channel() == Channel.STDIN);
  }

  @Test
  void passwordsAreAskedForAsSuch() {
    Kernel kernel = kernel();
    kernel.receive(asking("secret key: "), client);

    assertThat(question(client).content().path("password").asBoolean()).isTrue();
  }

  @Test
  void answersThatNobodyWaitsForAreDropped() {
    Kernel kernel = kernel();
    RecordingConnection other = new RecordingConnection("other");
    kernel.connect(other);
    kernel.receive(answer(client, "too early"), client);
    JupyterMessage cell = asking("ask one\nask two");
    kernel.receive(cell, client);
    Header first = question(client).header();
    kernel.receive(answer(other, "of another client"), other);
    kernel.receive(answer(other, "of another client over the same connection"), client);
    kernel.receive(client.request(Channel.STDIN, "input_reply", object().put("value", 5)), client);
    kernel.receive(client.request(Channel.STDIN, "execute_request", object()), client);
    kernel.receive(answer(client, first, "good"), client);
    client.await(
        message ->
            message.type().equals("input_request")
                && message.content().path("prompt").asText().equals("two"));
    kernel.receive(answer(client, first, "stale"), client);
    kernel.receive(answer(client, "fine"), client);
    kernel.receive(answer(client, "too late"), client);

    assertThat(show(client.trace(cell)))
        .containsSubsequence("stdout good", "stdout fine", "execute_reply ok 1")
        .noneMatch(line -> line.contains("stale") || line.contains("another"));
  }

  @Test
  void interruptEndsTheWait() {
    Kernel kernel = kernel();
    JupyterMessage cell = asking("ask name");
    kernel.receive(cell, client);
    question(client);

    kernel.interrupt();
    kernel.receive(answer(client, "late"), client);

    assertThat(show(client.trace(cell))).contains("execute_reply error 1");
    assertThat(run(kernel, "value 1")).contains("execute_reply ok 2");
  }

  @Test
  void clientThatLeavesEndsTheInput() throws InterruptedException {
    Kernel kernel = kernel();
    kernel.receive(asking("ask name"), client);
    question(client);

    kernel.disconnect(client);

    ScriptedDriver driver = launcher.nextDriver();
    driver.nextCommand(DriverCommand.Execute.class);
    assertThat(driver.nextCommand(DriverCommand.AnswerInput.class).text()).isEqualTo("\u0004");
  }

  @Test
  void clientWithoutInputIsNotAsked() throws InterruptedException {
    launchWith(ScriptedLauncher.ready(Script.COLLECT));
    Kernel kernel = kernel();
    kernel.receive(cell("x", content -> content.put("allow_stdin", false)), client);
    ScriptedDriver driver = launcher.nextDriver();
    DriverCommand.Execute execute = driver.nextCommand(DriverCommand.Execute.class);

    driver.say(new DriverEvent.InputRequested(execute.statementId(), "name", false));

    assertThat(execute.options().mayAskForInput()).isFalse();
    assertThat(driver.nextCommand(DriverCommand.AnswerInput.class).text()).isEqualTo("\u0004");
    assertThat(client.heard()).noneMatch(message -> message.channel() == Channel.STDIN);
  }

  @Test
  void statementOfAnotherDoorAsksNoClient() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    kernelOn(session);

    rest(session, "ask name");

    client.await(message -> show(message).equals("input 1 ask name"));
    ObjectNode info = ask(kernels.kernels().get(0), "kernel_info_request", object());
    assertThat(info.path("status").asText()).isEqualTo("ok");
    assertThat(client.heard()).noneMatch(message -> message.channel() == Channel.STDIN);
  }
}
