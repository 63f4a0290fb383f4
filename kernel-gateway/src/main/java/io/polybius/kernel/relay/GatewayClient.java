package io.polybius.kernel.relay;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.link.LinkEnd;
import io.polybius.kernel.relay.HttpConnection.Answer;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What a relay asks of the server over HTTP. Used by one thread. */
final class GatewayClient {

  /** The variable with options for the Spark of new kernels. */
  static final String SPARK_OPTIONS = "KERNEL_EXTRA_SPARK_OPTS";

  /** The variable with the launch profile of new kernels. */
  static final String PROFILE = "KERNEL_PROFILE";

  private static final byte[] NOTHING = new byte[0];
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CREATION_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration DELETE_TIMEOUT = Duration.ofSeconds(2);
  private static final int OK = 200;
  private static final int CREATED = 201;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  private final String server;
  private final ServerToken token;
  private final Map<String, String> wishes;

  /**
   * Makes a client that has not talked to the server.
   *
   * @param wishes variables that say what is asked for of the sessions of new kernels
   */
  GatewayClient(URI server, ServerToken token, Map<String, String> wishes) {
    String text = server.toString();
    this.server = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    this.token = token;
    this.wishes = Map.copyOf(wishes);
  }

  /** Returns whether the server has a living kernel of that id. */
  boolean hasKernel(String kernelId) throws RelayException {
    Answer answer = send("GET", "/api/kernels/" + kernelId, NOTHING, REQUEST_TIMEOUT);
    if (answer.status() == NOT_FOUND) {
      return false;
    }
    return !expect(answer, OK).path("execution_state").asText().equals("dead");
  }

  /** Lets the server have a living kernel of that id, one that is there or a new one. */
  void findOrCreate(String kernelId, String kind, Optional<String> session) throws RelayException {
    ObjectNode body = JupyterJson.object().put("name", kind).put("relay", true);
    ObjectNode variables = body.putObject("env").put("KERNEL_ID", kernelId);
    if (session.isPresent()) {
      body.put("session", session.get());
    } else {
      wishes.forEach(variables::put);
    }
    Answer answer = create(body);
    if (answer.status() == CONFLICT) {
      if (hasKernel(kernelId)) {
        return;
      }
      // A dead one of the same id, from a relay before this one, is in the way.
      delete(kernelId);
      answer = create(body);
    }
    expect(answer, CREATED);
  }

  private Answer create(ObjectNode body) throws RelayException {
    return send("POST", "/api/kernels", JupyterJson.write(body), CREATION_TIMEOUT);
  }

  /** Ends a kernel, if it can be reached soon. */
  void delete(String kernelId) throws RelayException {
    send("DELETE", "/api/kernels/" + kernelId, NOTHING, DELETE_TIMEOUT);
  }

  /**
   * Opens the WebSocket to a kernel.
   *
   * @param clientSession names this relay, so that it can come back
   */
  WebSocketConnection openChannels(String kernelId, String clientSession) throws RelayException {
    URI address = uri("/api/kernels/" + kernelId + "/channels?session_id=" + clientSession);
    try {
      return WebSocketConnection.upgrade(
          HttpConnection.open(address, CONNECT_TIMEOUT),
          target(address),
          headers(),
          LinkEnd.SUBPROTOCOL);
    } catch (IOException e) {
      throw new RelayException("The server at " + server + " opens no channel to its kernel.", e);
    }
  }

  private Map<String, String> headers() {
    return token.authorization().map(value -> Map.of("Authorization", value)).orElseGet(Map::of);
  }

  private static String target(URI address) {
    return address.getRawQuery() == null
        ? address.getRawPath()
        : address.getRawPath() + "?" + address.getRawQuery();
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

  private Answer send(String method, String path, byte[] body, Duration timeout)
      throws RelayException {
    URI address = uri(path);
    Map<String, String> headers = new HashMap<>(headers());
    headers.put("Connection", "close");
    headers.put("Content-Type", "application/json");
    Answer answer;
    try (HttpConnection connection = HttpConnection.open(address, timeout)) {
      answer = connection.exchange(method, target(address), headers, body);
    } catch (IOException e) {
      throw new RelayException(
          "No Polybius server answers at "
              + server
              + "; start one with: polybius serve (or name another with --server URL).",
          e);
    }
    if (answer.status() == UNAUTHORIZED || answer.status() == FORBIDDEN) {
      throw new RelayException(
          "The server at " + server + " does not let this user in. " + ServerToken.ADVICE);
    }
    return answer;
  }

  private ObjectNode expect(Answer answer, int status) throws RelayException {
    ObjectNode body;
    try {
      body = JupyterJson.readObject(answer.body());
    } catch (MalformedMessageException e) {
      body = JupyterJson.object();
    }
    if (answer.status() != status) {
      throw new RelayException(
          "The server at "
              + server
              + " refuses the kernel: "
              + body.path("message").asText("status " + answer.status()));
    }
    return body;
  }
}
