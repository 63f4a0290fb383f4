package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages between objects of clients and objects of the driver. */
@Timeout(20)
class CommsTest extends KernelFixture {

  private static ObjectNode comm(String id, String text) {
    ObjectNode content = object().put("comm_id", id);
    content.putObject("data").put("text", text);
    return content;
  }

  private List<JupyterMessage> open(Kernel kernel, String id, String target) {
    return send(kernel, client.request("comm_open", comm(id, "hello").put("target_name", target)));
  }

  private String openComms(Kernel kernel, String target) {
    return ask(kernel, "comm_info_request", object().put("target_name", target))
        .path("comms")
        .toString();
  }

  private JupyterMessage withBuffer(JupyterMessage message) {
    return new JupyterMessage(
        message.channel(),
        message.identities(),
        message.header(),
        message.parentHeader(),
        object().put("version", "2.1.0"),
        message.content(),
        List.of(new byte[] {0, (byte) 0xFF}));
  }

  @Test
  void commThatNobodyTakesIsClosed() {
    Kernel kernel = readyKernel();
    List<JupyterMessage> trace = open(kernel, "c1", "widget");

    assertThat(show(trace)).containsExactly("status busy", "comm_close", "status idle");
    assertThat(trace.get(1).content().path("comm_id").asText()).isEqualTo("c1");
    assertThat(openComms(kernel, "")).isEqualTo("{}");
  }

  @Test
  void commIsClosedAtOnceWhileThereIsNoDriver() {
    launchWith(ScriptedLauncher.slow(Script.TINY));
    Kernel kernel = kernel();

    assertThat(show(open(kernel, "c1", "echo")))
        .containsExactly("status busy", "comm_close", "status idle");
    assertThat(openComms(kernel, "")).isEqualTo("{}");
  }

  @Test
  void messagesGoBothWaysWithTheirBuffers() {
    Kernel kernel = readyKernel();
    assertThat(show(open(kernel, "c1", "echo"))).containsExactly("status busy", "status idle");
    JupyterMessage message = withBuffer(client.request("comm_msg", comm("c1", "ping")));

    List<JupyterMessage> trace = send(kernel, message);

    assertThat(show(trace)).containsExactly("status busy", "comm_msg", "status idle");
    JupyterMessage echo = trace.get(1);
    assertThat(echo.content()).isEqualTo(comm("c1", "ping"));
    assertThat(echo.metadata().path("version").asText()).isEqualTo("2.1.0");
    assertThat(echo.buffers()).containsExactly(new byte[] {0, (byte) 0xFF});
    assertThat(echo.parentHeader()).isEqualTo(message.header());
  }

  @Test
  void openCommsAreListedByTarget() {
    Kernel kernel = readyKernel();
    open(kernel, "c1", "echo");

    assertThat(openComms(kernel, "")).isEqualTo("{\"c1\":{\"target_name\":\"echo\"}}");
    assertThat(openComms(kernel, "echo")).isEqualTo("{\"c1\":{\"target_name\":\"echo\"}}");
    assertThat(openComms(kernel, "other")).isEqualTo("{}");

    send(kernel, client.request("comm_close", comm("c1", "bye")));
    assertThat(openComms(kernel, "")).isEqualTo("{}");
  }

  @Test
  void codeOpensCommsAsPartOfItsCell() {
    Kernel kernel = readyKernel();
    JupyterMessage cell = client.cell("comm open k1 hello\ncomm send k1 more\nvalue 1");

    List<JupyterMessage> trace = send(kernel, cell);

    assertThat(show(trace))
        .containsSubsequence("comm_open", "comm_msg", "result 1 1", "execute_reply ok 1");
    JupyterMessage opened = trace.get(2);
    assertThat(opened.content().toString())
        .isEqualTo("{\"comm_id\":\"k1\",\"target_name\":\"echo\",\"data\":{\"text\":\"hello\"}}");
    assertThat(opened.buffers()).containsExactly(new byte[] {1, 2, 3});
    assertThat(openComms(kernel, "")).isEqualTo("{\"k1\":{\"target_name\":\"echo\"}}");
    run(kernel, "comm close k1 bye");
    assertThat(openComms(kernel, "")).isEqualTo("{}");
  }

  @Test
  void messagesOfUnknownCommsAreIgnored() {
    Kernel kernel = readyKernel();
    for (String type : List.of("comm_msg", "comm_close")) {
      assertThat(show(send(kernel, client.request(type, comm("none", "x")))))
          .containsExactly("status busy", "status idle");
    }
  }

  @Test
  void messageWithoutACommHasNoReplyEither() {
    for (String type : List.of("comm_open", "comm_msg", "comm_close")) {
      assertThat(show(send(kernel(), client.request(type, object()))))
          .containsExactly("status busy", "status idle");
    }
  }

  @Test
  void restartEndsAllComms() {
    Kernel kernel = readyKernel();
    open(kernel, "c1", "echo");
    kernel.restart().toCompletableFuture().join();
    run(kernel, "value 1");

    assertThat(openComms(kernel, "")).isEqualTo("{}");
  }

  @Test
  void kernelThatComesLaterKnowsTheCommsOfTheCode() {
    Kernel first = readyKernel();
    run(first, "comm open k1 hello");
    Kernel second = kernelOn(first.sessionId());
    RecordingConnection other = new RecordingConnection("other");
    second.connect(other);

    Awaitility.await()
        .until(() -> openComms(second, "").equals("{\"k1\":{\"target_name\":\"echo\"}}"));
    assertThat(other.heard()).noneMatch(message -> message.type().equals("comm_open"));
  }
}
