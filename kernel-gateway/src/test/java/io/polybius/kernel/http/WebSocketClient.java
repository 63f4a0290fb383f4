package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of a kernel over a WebSocket. */
final class WebSocketClient implements WebSocket.Listener {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final V1WebSocketCodec codec = new V1WebSocketCodec();
  private final MessageSource messages =
      new MessageSource(() -> "client", "tester", Clock.systemUTC());
  private final BlockingQueue<JupyterMessage> heard = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
  private final WebSocket socket;

  WebSocketClient(URI channels) throws Exception {
    this.socket =
        CLIENT
            .newWebSocketBuilder()
            .subprotocols(V1WebSocketCodec.SUBPROTOCOL)
            .buildAsync(URI.create(channels.toString().replaceFirst("http", "ws")), this)
            .get(5, TimeUnit.SECONDS);
  }

  static WebSocketClient connect(TestingGateway gateway, String kernelId, String session)
      throws Exception {
    return new WebSocketClient(
        gateway.uri("/api/kernels/" + kernelId + "/channels?session_id=" + session));
  }

  String subprotocol() {
    return socket.getSubprotocol();
  }

  JupyterMessage send(Channel channel, String type, ObjectNode content) throws Exception {
    return send(channel, type, content, List.of());
  }

  JupyterMessage send(Channel channel, String type, ObjectNode content, List<byte[]> buffers)
      throws Exception {
    JupyterMessage plain =
        messages.message(channel, type, Header.NONE, JupyterJson.object(), content);
    JupyterMessage message =
        new JupyterMessage(
            channel,
            List.of(),
            plain.header(),
            plain.parentHeader(),
            plain.metadata(),
            content,
            buffers);
    socket.sendBinary(codec.encode(message), true).get(5, TimeUnit.SECONDS);
    return message;
  }

  JupyterMessage cell(String code) throws Exception {
    return send(Channel.SHELL, "execute_request", JupyterJson.object().put("code", code));
  }

  void sendText(String text) throws Exception {
    socket.sendText(text, true).get(5, TimeUnit.SECONDS);
  }

  /** Returns all that belongs to a request, up to idle. */
  List<JupyterMessage> trace(JupyterMessage request) throws InterruptedException {
    List<JupyterMessage> trace = new ArrayList<>();
    while (trace.isEmpty() || !isIdle(trace.get(trace.size() - 1))) {
      JupyterMessage next = next();
      if (next.parentHeader().messageId().equals(request.id())) {
        trace.add(next);
      }
    }
    return trace;
  }

  private static boolean isIdle(JupyterMessage message) {
    return message.content().path("execution_state").asText().equals("idle");
  }

  JupyterMessage next() throws InterruptedException {
    JupyterMessage next = heard.poll(5, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing more came within five seconds");
    }
    return next;
  }

  boolean hasMore() {
    return !heard.isEmpty();
  }

  /** Returns the code with which the server closes, waiting for it. */
  int closeCode() throws Exception {
    return closed.get(10, TimeUnit.SECONDS);
  }

  CompletableFuture<Integer> closed() {
    return closed;
  }

  void close() {
    CompletableFuture<WebSocket> unused = socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
  }

  void abort() {
    socket.abort();
  }

  @Override
  public void onOpen(WebSocket opened) {
    opened.request(Long.MAX_VALUE);
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    parts.writeBytes(bytes);
    if (last) {
      try {
        heard.add(codec.decode(ByteBuffer.wrap(parts.toByteArray())));
      } catch (WireException e) {
        closed.completeExceptionally(e);
      }
      parts.reset();
    }
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable failure) {
    closed.complete(-1);
  }
}
