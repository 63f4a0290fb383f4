package io.polybius.driver.interpreter.jupyter;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import org.zeromq.ZMQException;

@Timeout(30)
class KernelLinkTest {

  private static final String SESSION = "the-client";
  private static final String ADDRESS = "tcp://127.0.0.1:";

  private final ZContext kernel = new ZContext();

  @AfterEach
  void end() {
    kernel.close();
  }

  private ZMQ.Socket socket(SocketType type) {
    ZMQ.Socket socket = kernel.createSocket(type);
    socket.setLinger(0);
    socket.setReceiveTimeOut(5_000);
    return socket;
  }

  @Test
  void linkIsConnectedWhenTheKernelKnowsWhomToAsk() throws Exception {
    MessageCodec codec = new MessageCodec("key", SESSION, Clock.systemUTC());
    BlockingQueue<KernelMessage> heard = new LinkedBlockingQueue<>();
    int shell = socket(SocketType.ROUTER).bindToRandomPort("tcp://127.0.0.1");
    int control = socket(SocketType.ROUTER).bindToRandomPort("tcp://127.0.0.1");
    int iopub = socket(SocketType.PUB).bindToRandomPort("tcp://127.0.0.1");
    ConnectionFile free = ConnectionFile.onLoopback("test", "key");
    int stdin = free.ports().get(Channel.STDIN);
    try (KernelLink link =
        new KernelLink(
            Map.of(
                Channel.SHELL, shell,
                Channel.CONTROL, control,
                Channel.IOPUB, iopub,
                Channel.STDIN, stdin),
            SESSION,
            codec,
            (channel, message) -> heard.add(message))) {
      CompletableFuture<Void> connected = link.connected();
      assertThatThrownBy(() -> connected.get(500, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);

      ZMQ.Socket asking = socket(SocketType.ROUTER);
      asking.setRouterMandatory(true);
      asking.bind(ADDRESS + stdin);
      connected.get(10, TimeUnit.SECONDS);
      ObjectNode question = JsonNodeFactory.instance.objectNode().put("prompt", "How many?");
      List<byte[]> frames = codec.encode("1", "input_request", question);
      // It knows the client a moment after it has greeted.
      await()
          .atMost(10, TimeUnit.SECONDS)
          .ignoreExceptionsInstanceOf(ZMQException.class)
          .until(() -> asking.send(SESSION.getBytes(US_ASCII), ZMQ.SNDMORE));
      for (int i = 0; i < frames.size(); i++) {
        assertThat(asking.send(frames.get(i), i + 1 < frames.size() ? ZMQ.SNDMORE : 0)).isTrue();
      }
      KernelMessage asked = heard.poll(10, TimeUnit.SECONDS);
      assertThat(asked.content().path("prompt").asText()).isEqualTo("How many?");
      assertThat(asked.type()).isEqualTo("input_request");
    }
  }
}
