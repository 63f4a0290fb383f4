package io.polybius.kernel.zmq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.WireCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

@Timeout(20)
class KernelSocketsTest {

  private final MessageSource messages =
      new MessageSource(() -> "kernel-session", "kernel", Clock.systemUTC());
  private final BlockingQueue<JupyterMessage> requests = new LinkedBlockingQueue<>();
  private final KernelSockets sockets = bind(ConnectionFile.onLoopback("test"));
  private final ConnectionFile file = sockets.connectionFile();
  private final WireCodec client = new WireCodec(file.signatureScheme(), file.key());
  private final ZContext context = new ZContext();

  private KernelSockets bind(ConnectionFile asked) {
    try {
      return KernelSockets.bind(asked, "0-0", messages);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() {
    sockets.close();
    context.close();
  }

  private ZMQ.Socket dealer(int port, String identity) {
    ZMQ.Socket socket = context.createSocket(SocketType.DEALER);
    socket.setIdentity(identity.getBytes(UTF_8));
    socket.setReceiveTimeOut(5000);
    socket.setLinger(0);
    // JeroMQ now and then forgets to watch a connection that it has just made.
    socket.setHandshakeIvl(500);
    socket.connect(file.address(port));
    return socket;
  }

  private ZMQ.Socket subscriber(String topic) {
    return subscriber(topic, 0);
  }

  private ZMQ.Socket subscriber(String topic, int mostInMemory) {
    ZMQ.Socket socket = context.createSocket(SocketType.SUB);
    socket.setReceiveTimeOut(5000);
    socket.setLinger(0);
    socket.setHandshakeIvl(500);
    socket.setRcvHWM(mostInMemory);
    socket.connect(file.address(file.iopubPort()));
    socket.subscribe(topic);
    return socket;
  }

  private static List<byte[]> receive(ZMQ.Socket socket) {
    List<byte[]> frames = new ArrayList<>();
    byte[] frame = socket.recv();
    assertThat(frame).as("a message within five seconds").isNotNull();
    frames.add(frame);
    while (socket.hasReceiveMore()) {
      frames.add(socket.recv());
    }
    return frames;
  }

  private static void send(ZMQ.Socket socket, List<byte[]> frames) {
    for (int i = 0; i < frames.size(); i++) {
      socket.send(frames.get(i), i + 1 < frames.size() ? ZMQ.SNDMORE : 0);
    }
  }

  private JupyterMessage request() {
    return messages.message(
        Channel.SHELL,
        "kernel_info_request",
        Header.NONE,
        JupyterJson.object(),
        JupyterJson.object());
  }

  private JupyterMessage stream(String text) {
    return messages.publication(new PublishedContent.Stream("stdout", text), Header.NONE);
  }

  @Test
  void requestsAreTakenAndRepliesFindTheirWay() throws Exception {
    sockets.serve(requests::add);
    ZMQ.Socket one = dealer(file.shellPort(), "one");
    ZMQ.Socket two = dealer(file.shellPort(), "two");
    send(one, client.encode(request()));
    JupyterMessage first = requests.poll(5, TimeUnit.SECONDS);
    send(two, client.encode(request()));
    JupyterMessage second = requests.poll(5, TimeUnit.SECONDS);

    assertThat(first.channel()).isEqualTo(Channel.SHELL);
    assertThat(first.identities()).containsExactly("one".getBytes(UTF_8));
    sockets.send(messages.reply(second, JupyterJson.object(), JupyterJson.object().put("to", 2)));
    sockets.send(messages.reply(first, JupyterJson.object(), JupyterJson.object().put("to", 1)));

    assertThat(client.decode(Channel.SHELL, receive(one)).content().path("to").asInt()).isOne();
    JupyterMessage reply = client.decode(Channel.SHELL, receive(two));
    assertThat(reply.content().path("to").asInt()).isEqualTo(2);
    assertThat(reply.type()).isEqualTo("kernel_info_reply");
    assertThat(reply.parentHeader()).isEqualTo(second.header());
  }

  @Test
  void requestsWaitUntilSomebodyServesThem() throws Exception {
    ZMQ.Socket one = dealer(file.shellPort(), "one");
    send(one, client.encode(request()));

    sockets.serve(requests::add);

    assertThat(requests.poll(5, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void everySubscriberIsWelcomedBeforeAnythingElse() throws Exception {
    CompletableFuture<Void> chatter =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 10_000; i++) {
                sockets.send(stream("line " + i));
              }
            });
    for (int i = 0; i < 10; i++) {
      ZMQ.Socket subscriber = subscriber("");
      // A codec of its own: the others' welcomes are heard by all.
      WireCodec codec = new WireCodec(file.signatureScheme(), file.key());
      JupyterMessage first = codec.decode(Channel.IOPUB, receive(subscriber));
      if (i % 2 == 0) {
        subscriber.close();
      }
      assertThat(first.type()).isEqualTo("iopub_welcome");
      assertThat(first.content().path("subscription").asText("none")).isEmpty();
      assertThat(first.parentHeader().fields()).isEmpty();
      assertThat(first.header().session()).isEqualTo("kernel-session");
    }
    chatter.get(5, TimeUnit.SECONDS);
  }

  @Test
  void subscriberThatLeavesIsForgottenAndOthersStay() throws Exception {
    ZMQ.Socket staying = subscriber("");
    receive(staying);
    ZMQ.Socket unsubscribed = subscriber("");
    receive(unsubscribed);
    receive(staying);
    unsubscribed.unsubscribe("");
    ZMQ.Socket leaving = subscriber("");
    receive(leaving);
    receive(staying);
    leaving.close();
    receive(subscriber(""));
    receive(staying);

    sockets.send(stream("text"));

    assertThat(client.decode(Channel.IOPUB, receive(staying)).content().path("text").asText())
        .isEqualTo("text");
  }

  @Test
  void subscriberThatDoesNotReadCostsTheOthersNothing() throws Exception {
    int count = 12_000;
    ZMQ.Socket stalled = subscriber("", 10);
    receive(stalled);
    ZMQ.Socket reading = subscriber("");
    while (!client.decode(Channel.IOPUB, receive(reading)).type().equals("iopub_welcome")) {
      // Its own welcome comes first; nothing else does.
    }
    String padding = "x".repeat(4096);
    CompletableFuture<Void> publisher =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < count; i++) {
                sockets.send(stream(i + " " + padding));
              }
              sockets.send(messages.publication(new PublishedContent.Status("idle"), Header.NONE));
            });

    for (int i = 0; i < count; i++) {
      assertThat(client.decode(Channel.IOPUB, receive(reading)).content().path("text").asText())
          .startsWith(i + " ");
    }
    assertThat(client.decode(Channel.IOPUB, receive(reading)).type()).isEqualTo("status");
    publisher.get(5, TimeUnit.SECONDS);

    int kept = 0;
    stalled.setReceiveTimeOut(500);
    for (byte[] frame = stalled.recv(); frame != null; frame = stalled.recv()) {
      kept += stalled.hasReceiveMore() ? 0 : 1;
    }
    assertThat(kept).isLessThan(count);
    stalled.setReceiveTimeOut(5000);
    sockets.send(stream("again"));
    assertThat(new String(receive(stalled).get(0), UTF_8)).isEqualTo("kernel.0-0.stream");
  }

  @Test
  void encryptedSocketsServeThoseWhoHaveTheKeys() throws Exception {
    ZMQ.Curve.KeyPair keys = ZMQ.Curve.generateKeyPair();
    ConnectionFile asked =
        ConnectionFile.onLoopback("test").withCurve(keys.publicKey, keys.secretKey);
    try (KernelSockets encrypted = bind(asked)) {
      ConnectionFile encryptedFile = encrypted.connectionFile();
      encrypted.serve(
          request ->
              encrypted.send(messages.reply(request, JupyterJson.object(), JupyterJson.object())));
      try (KernelClient one = new KernelClient(encryptedFile)) {
        assertThat(one.kernelInfo(Duration.ofSeconds(10)).type()).isEqualTo("kernel_info_reply");
        assertThat(one.control("debug_request", JupyterJson.object()).type())
            .isEqualTo("debug_reply");
        assertThat(one.isAlive(Duration.ofSeconds(5))).isTrue();
      }
      for (int port : List.of(encryptedFile.shellPort(), encryptedFile.hbPort())) {
        ZMQ.Socket plain = dealer(port, "plain");
        plain.setReceiveTimeOut(300);
        // With the key of the signatures, but not with those of the sockets.
        for (byte[] frame : new WireCodec(asked.signatureScheme(), asked.key()).encode(request())) {
          plain.send(frame, ZMQ.DONTWAIT);
        }
        assertThat(plain.recv()).isNull();
      }
    }
  }

  @Test
  void topicOfASubscriptionIsInItsWelcome() throws Exception {
    List<byte[]> frames = receive(subscriber("kernel.0-0.stream"));

    assertThat(new String(frames.get(0), UTF_8)).isEqualTo("kernel.0-0.stream");
    assertThat(client.decode(Channel.IOPUB, frames).content().path("subscription").asText())
        .isEqualTo("kernel.0-0.stream");
  }

  @Test
  void publicationsComeInOrderAndNoneIsLost() throws Exception {
    ZMQ.Socket subscriber = subscriber("");
    receive(subscriber);
    int count = 5000;
    for (int i = 0; i < count; i++) {
      sockets.send(stream(String.valueOf(i)));
    }

    List<byte[]> first = receive(subscriber);
    assertThat(new String(first.get(0), UTF_8)).isEqualTo("kernel.0-0.stream");
    assertThat(client.decode(Channel.IOPUB, first).content().path("text").asText()).isEqualTo("0");
    for (int i = 1; i < count; i++) {
      assertThat(client.decode(Channel.IOPUB, receive(subscriber)).content().path("text").asText())
          .isEqualTo(String.valueOf(i));
    }
  }

  @Test
  void badSignaturesAndReplaysAreDropped() throws Exception {
    sockets.serve(requests::add);
    ZMQ.Socket one = dealer(file.shellPort(), "one");
    send(one, new WireCodec("hmac-sha256", "wrong").encode(request()));
    send(one, new WireCodec("hmac-sha256", "").encode(request()));
    send(one, List.of("nonsense".getBytes(UTF_8)));
    List<byte[]> good = client.encode(request());
    send(one, good);
    send(one, good);
    JupyterMessage last = request();
    send(one, client.encode(last));

    assertThat(requests.poll(5, TimeUnit.SECONDS)).isNotNull();
    assertThat(requests.poll(5, TimeUnit.SECONDS).id()).isEqualTo(last.id());
    assertThat(requests).isEmpty();
  }

  @Test
  void sameMessageLeavesOnlyOnce() throws Exception {
    ZMQ.Socket subscriber = subscriber("");
    receive(subscriber);
    JupyterMessage once = stream("once");
    sockets.send(once);
    sockets.send(once);
    sockets.send(stream("next"));

    receive(subscriber);

    assertThat(client.decode(Channel.IOPUB, receive(subscriber)).content().path("text").asText())
        .isEqualTo("next");
  }

  @Test
  void consumerThatThrowsDoesNotStopTheSockets() throws Exception {
    sockets.serve(
        message -> {
          requests.add(message);
          throw new IllegalStateException("expected by this test");
        });
    ZMQ.Socket one = dealer(file.controlPort(), "one");
    send(one, client.encode(request()));
    send(one, client.encode(request()));

    assertThat(requests.poll(5, TimeUnit.SECONDS).channel()).isEqualTo(Channel.CONTROL);
    assertThat(requests.poll(5, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void heartbeatIsEchoed() throws Exception {
    try (KernelClient other = new KernelClient(file)) {
      assertThat(other.isAlive(Duration.ofSeconds(5))).isTrue();
      assertThat(other.isAlive(Duration.ofSeconds(5))).isTrue();
    }
    ZMQ.Socket request = context.createSocket(SocketType.REQ);
    request.setReceiveTimeOut(5000);
    request.setHandshakeIvl(500);
    request.connect(file.address(file.hbPort()));
    request.send("ping");
    assertThat(request.recvStr()).isEqualTo("ping");
  }

  @Test
  void reconnectedClientWithTheSameIdentityTakesOver() throws Exception {
    sockets.serve(requests::add);
    ZMQ.Socket old = dealer(file.shellPort(), "same");
    send(old, client.encode(request()));
    requests.poll(5, TimeUnit.SECONDS);
    ZMQ.Socket fresh = dealer(file.shellPort(), "same");
    send(fresh, client.encode(request()));
    JupyterMessage second = requests.poll(5, TimeUnit.SECONDS);

    sockets.send(messages.reply(second, JupyterJson.object(), JupyterJson.object()));

    assertThat(receive(fresh)).isNotEmpty();
  }

  @Test
  void closeSendsWhatWaitsAndFreesPortsAndThreads() throws Exception {
    ZMQ.Socket subscriber = subscriber("");
    receive(subscriber);
    for (int i = 0; i < 100; i++) {
      sockets.send(stream(String.valueOf(i)));
    }

    sockets.close();
    sockets.close();
    sockets.send(stream("too late"));

    for (int i = 0; i < 100; i++) {
      assertThat(client.decode(Channel.IOPUB, receive(subscriber)).content().path("text").asText())
          .isEqualTo(String.valueOf(i));
    }
    for (int port : List.of(file.shellPort(), file.iopubPort(), file.stdinPort(), file.hbPort())) {
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        assertThat(free.isBound()).isTrue();
      }
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("kernel-")));
  }

  @Test
  void portsThatAreAboutToBecomeFreeAreWaitedFor() throws Exception {
    CompletableFuture<KernelSockets> second = CompletableFuture.supplyAsync(() -> bind(file));
    Awaitility.await().pollDelay(Duration.ofMillis(200)).until(() -> !second.isDone());

    sockets.close();

    try (KernelSockets bound = second.get(10, TimeUnit.SECONDS)) {
      assertThat(bound.connectionFile()).isEqualTo(file);
      try (KernelClient other = new KernelClient(file)) {
        assertThat(other.isAlive(Duration.ofSeconds(5))).isTrue();
      }
    }
  }

  @Test
  void portOfSomebodyElseIsAnErrorAfterAWhile() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ConnectionFile asked =
          ConnectionFile.onLoopback("test").withPorts(0, 0, 0, 0, taken.getLocalPort());

      assertThatThrownBy(() -> KernelSockets.bind(asked, "0-0", messages, Duration.ofMillis(300)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
  }
}
