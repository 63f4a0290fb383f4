package io.polybius.kernel.relay;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.V1WebSocketCodec;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** What a relay asks of the server over HTTP. Used by one thread. */
final class GatewayClient {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration DELETE_TIMEOUT = Duration.ofSeconds(2);
  private static final int OK = 200;
  private static final int CREATED = 201;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  private final HttpClient client;
  private final String server;
  private final ServerToken token;

  /**
   * Makes a client that has not talked to the server.
   *
   * @param executor runs what the client does by itself
   */
  GatewayClient(URI server, ServerToken token, Executor executor) {
    String text = server.toString();
    this.server = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    this.token = token;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(executor);
    if ("http".equals(server.getScheme())) {
      builder.sslContext(trustingNobody());
    }
    this.client = builder.build();
  }

  /** The client always wants one; the default one reads all the certificates of the JDK first. */
  private static SSLContext trustingNobody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[0], new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
  }

  /** Returns whether the server has a living kernel of that id. */
  boolean hasKernel(String kernelId) throws RelayException, InterruptedException {
    HttpResponse<byte[]> answer = send(request("/api/kernels/" + kernelId).GET());
    if (answer.statusCode() == NOT_FOUND) {
      return false;
    }
    return !expect(answer, OK).path("execution_state").asText().equals("dead");
  }

  /** Lets the server have a living kernel of that id, one that is there or a new one. */
  void findOrCreate(String kernelId, String kind, Optional<String> session)
      throws RelayException, InterruptedException {
    if (hasKernel(kernelId)) {
      return;
    }
    // A dead one of the same id, from a relay before this one, would be in the way.
    delete(kernelId);
    ObjectNode body = JupyterJson.object().put("name", kind).put("relay", true);
    body.putObject("env").put("KERNEL_ID", kernelId);
    session.ifPresent(idOrName -> body.put("session", idOrName));
    BodyPublisher json = BodyPublishers.ofByteArray(JupyterJson.write(body));
    HttpResponse<byte[]> answer =
        send(request("/api/kernels").header("Content-Type", "application/json").POST(json));
    if (answer.statusCode() != CONFLICT || !hasKernel(kernelId)) {
      expect(answer, CREATED);
    }
  }

  /** Ends a kernel, if it can be reached soon. */
  void delete(String kernelId) throws RelayException, InterruptedException {
    send(request("/api/kernels/" + kernelId).timeout(DELETE_TIMEOUT).DELETE());
  }

  /**
   * Opens the WebSocket to a kernel and returns when it is open.
   *
   * @param clientSession names this relay, so that it can come back
   */
  void openChannels(String kernelId, String clientSession, WebSocket.Listener listener)
      throws RelayException, InterruptedException {
    String path = "/api/kernels/" + kernelId + "/channels?session_id=" + clientSession;
    WebSocket.Builder builder =
        client
            .newWebSocketBuilder()
            .subprotocols(V1WebSocketCodec.SUBPROTOCOL)
            .connectTimeout(CONNECT_TIMEOUT);
    token.authorization().ifPresent(value -> builder.header("Authorization", value));
    try {
      URI http = uri(path);
      URI address = new URI(http.toString().replaceFirst("^http", "ws"));
      builder
          .buildAsync(address, listener)
          .get(CONNECT_TIMEOUT.toMillis() * 2, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException | URISyntaxException e) {
      throw new RelayException("The server at " + server + " opens no channel to its kernel.", e);
    }
  }

  private HttpRequest.Builder request(String path) throws RelayException {
    HttpRequest.Builder builder = HttpRequest.newBuilder(uri(path)).timeout(REQUEST_TIMEOUT);
    token.authorization().ifPresent(value -> builder.header("Authorization", value));
    return builder;
  }

  private URI uri(String path) throws RelayException {
    URI address;
    try {
      address = new URI(server + path);
    } catch (URISyntaxException e) {
      throw notAnAddress(e);
    }
    String scheme = String.valueOf(address.getScheme());
    if (address.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      throw notAnAddress(null);
    }
    return address;
  }

  private RelayException notAnAddress(Throwable cause) {
    return new RelayException(server + " is not the address of a server.", cause);
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request)
      throws RelayException, InterruptedException {
    HttpResponse<byte[]> answer;
    try {
      answer = client.send(request.build(), BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new RelayException(
          "No Polybius server answers at "
              + server
              + "; start one with: polybius serve (or name another with --server URL).",
          e);
    }
    if (answer.statusCode() == UNAUTHORIZED || answer.statusCode() == FORBIDDEN) {
      throw new RelayException(
          "The server at "
              + server
              + " does not let this user in; put its token into the environment variable "
              + ServerToken.VARIABLE
              + ", or into a file of mode 600 that "
              + ServerToken.FILE_VARIABLE
              + " names.");
    }
    return answer;
  }

  private ObjectNode expect(HttpResponse<byte[]> answer, int status) throws RelayException {
    ObjectNode body;
    try {
      body = JupyterJson.readObject(answer.body());
    } catch (MalformedMessageException e) {
      body = JupyterJson.object();
    }
    if (answer.statusCode() != status) {
      throw new RelayException(
          "The server at "
              + server
              + " refuses the kernel: "
              + body.path("message").asText("status " + answer.statusCode()));
    }
    return body;
  }
}
