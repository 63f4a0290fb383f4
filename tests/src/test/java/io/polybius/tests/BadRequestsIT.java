package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever bytes a client sends: it gets an error that is its own, in time, and nothing is left of
 * it. Requests are made by combining routes, fields and values, and sent over plain sockets.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadRequestsIT {

  private static final int PATIENCE_MILLIS = 20_000;

  /** Values that are wrong for one type or another. */
  private static final List<String> VALUES =
      List.of(
          "{}",
          "[]",
          "[[]]",
          "{\"a\":{\"b\":[]}}",
          "-1",
          "1e400",
          "99999999999999999999",
          "true",
          "\"\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"../../etc/passwd\"",
          "\"" + "x".repeat(70_000) + "\"",
          "NaN",
          "'single'",
          "[".repeat(3_000),
          "{\"a\":".repeat(3_000));

  /** Those that are no JSON. */
  private static final Set<String> BROKEN = Set.of("NaN", "'single'");

  private static final String UNKNOWN_FIELD = "no such field";

  /** Fields that are lists. */
  private static final Set<String> LISTS = Set.of("jars", "args", "pyFiles");

  private static final Map<String, List<String>> FIELDS =
      Map.of(
          "/sessions",
          List.of(
              "kind",
              "proxyUser",
              "jars",
              "driverMemory",
              "driverCores",
              "numExecutors",
              "name",
              "conf",
              "heartbeatTimeoutInSecond",
              "ttl",
              "idleTimeout",
              UNKNOWN_FIELD),
          "/batches",
          List.of(
              "file", "className", "args", "pyFiles", "executorMemory", "executorCores", "conf"),
          "/sessions/0/statements",
          List.of("code", "kind", "cursor"));

  private ScriptedServer server;
  private RestClient rest;

  @BeforeAll
  void start() throws IOException {
    server = new ScriptedServer();
    rest = server.rest();
    rest.openSession();
  }

  @AfterAll
  void stop() throws IOException {
    server.close();
  }

  @Test
  void wrongValuesInBodiesAreTheClientsFault() throws IOException {
    int sent = 0;
    for (Map.Entry<String, List<String>> route : FIELDS.entrySet()) {
      for (String field : route.getValue()) {
        for (String value : VALUES) {
          String others =
              switch (route.getKey()) {
                case "/batches" -> field.equals("file") ? "" : ",\"file\":\"/a.jar\"";
                case "/sessions" -> field.equals("kind") ? "" : ",\"kind\":\"spark\"";
                default -> field.equals("code") ? "" : ",\"code\":\"value 1\"";
              };
          String body = "{\"" + field + "\":" + value + others + "}";
          Reply reply = send(post(route.getKey(), body));
          if (reply.status() != 201 || !mayBeRight(field, value)) {
            assertClientsFault(reply, body);
          }
          sent++;
        }
      }
    }
    assertThat(sent).isGreaterThan(300);
    assertNothingIsLeft();
  }

  /** A text or a number may be right after all; a list or an object only where the field is one. */
  private static boolean mayBeRight(String field, String value) {
    if (value.startsWith("[")) {
      return value.equals("[]") && LISTS.contains(field);
    } else if (value.startsWith("{")) {
      return value.equals("{}") && field.equals("conf");
    }
    return !BROKEN.contains(value) && !field.equals(UNKNOWN_FIELD);
  }

  @Test
  void bodiesThatAreNoJsonAreTheClientsFault() throws IOException {
    List<byte[]> bodies = new ArrayList<>();
    for (String text : List.of("", " ", "null", "{", "[", "\"", "{]", "<x/>", "a=b&c=d", "{}{}")) {
      bodies.add(text.getBytes(StandardCharsets.UTF_8));
    }
    bodies.add(new byte[] {'{', '"', (byte) 0xc3, (byte) 0x28, '"', ':', '1', '}'});
    bodies.add(new byte[] {(byte) 0xff, (byte) 0xfe, '{', 0});
    bodies.add(new byte[5_000]);
    for (String path : List.of("/sessions", "/batches", "/sessions/0/statements")) {
      for (byte[] body : bodies) {
        assertClientsFault(send(post(path, body, "")), path + " " + Arrays.toString(body));
        // Encodings that the body does not have.
        for (String encoding : List.of("gzip", "deflate")) {
          assertClientsFault(
              send(post(path, body, "Content-Encoding: " + encoding + "\r\n")), path + encoding);
        }
      }
    }
    assertNothingIsLeft();
  }

  @Test
  void pathsAndQueriesThatCannotBeAreTheClientsFault() throws IOException {
    List<String> ids =
        List.of("7", "-1", "99999999999999999999", "nobody", "%00", "%2e%2e", "%zz", "%", "a%2fb");
    for (String id : ids) {
      for (String path :
          List.of(
              "/sessions/" + id,
              "/sessions/" + id + "/log",
              "/sessions/" + id + "/statements",
              "/sessions/0/statements/" + id,
              "/batches/" + id,
              "/batches/" + id + "/state")) {
        Reply reply = send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(reply.status()).as(path).isIn(400, 404);
      }
    }
    for (String number : List.of("x", "1.5", "99999999999", "%00", "1%201", "0x1")) {
      for (String path :
          List.of("/sessions", "/batches", "/sessions/0/log", "/sessions/0/statements")) {
        String query = path + "?from=" + number + "&size=" + number;
        assertThat(send("GET " + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status())
            .as(query)
            .isEqualTo(400);
      }
    }
    for (String paging :
        List.of("from=-5", "from=2147483647", "size=0", "size=-1", "size=2147483647")) {
      for (String path :
          List.of("/sessions", "/batches", "/sessions/0/log", "/sessions/0/statements")) {
        assertThat(
                send("GET " + path + "?" + paging + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .status())
            .as(path + "?" + paging)
            .isEqualTo(200);
      }
    }
    assertNothingIsLeft();
  }

  @Test
  void methodsThatAPathDoesNotHaveAreRefused() throws IOException {
    for (String method : List.of("PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "X")) {
      for (String path :
          List.of(
              "/sessions",
              "/sessions/0",
              "/sessions/0/statements",
              "/batches",
              "/version",
              "/no")) {
        Reply reply =
            send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        assertThat(reply.status()).as(method + " " + path).isIn(400, 404, 405, 501);
      }
    }
    assertNothingIsLeft();
  }

  @Test
  void requestsThatAreNoHttpAreRefusedOrCutOff() throws IOException {
    Map<String, String> requests = new TreeMap<>();
    requests.put("no line", "\r\n\r\n");
    requests.put("binary", "\u0000\u0001\u0002\u00ff\r\n\r\n");
    requests.put("tls", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003");
    requests.put("no version", "GET /sessions\r\n\r\n");
    requests.put("bad version", "GET /sessions HTTP/9.9\r\nHost: localhost\r\n\r\n");
    requests.put("no host", "GET /sessions HTTP/1.1\r\n\r\n");
    requests.put(
        "two hosts", "GET /sessions HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n");
    requests.put("other host", "GET /sessions HTTP/1.1\r\nHost: example.org\r\n\r\n");
    requests.put(
        "long path", "GET /" + "x".repeat(300_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    requests.put(
        "long header",
        "GET /sessions HTTP/1.1\r\nHost: localhost\r\nX-A: " + "x".repeat(300_000) + "\r\n\r\n");
    requests.put(
        "many headers",
        "GET /sessions HTTP/1.1\r\nHost: localhost\r\n" + "X-A: 1\r\n".repeat(20_000) + "\r\n");
    requests.put(
        "negative length",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}");
    requests.put(
        "length that is none",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n{}");
    requests.put(
        "huge length",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n{}");
    requests.put(
        "bad chunks",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n");
    requests.put(
        "huge chunk",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"
            + "{".repeat(2_000_000));
    requests.put(
        "length and chunks",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    requests.put(
        "strange expectation",
        "POST /sessions HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\nContent-Length: 2\r\n\r\n[]");
    requests.put(
        "unsupported api",
        "GET /sessions HTTP/1.1\r\nHost: localhost\r\n"
            + "Accept: application/vnd.livy.v9.9+json\r\n\r\n");
    for (Map.Entry<String, String> request : requests.entrySet()) {
      Reply reply = send(request.getValue());
      assertThat(reply.status())
          .as(request.getKey() + ": " + reply)
          .satisfiesAnyOf(
              status -> assertThat(status).isEqualTo(Reply.CUT_OFF),
              status -> assertThat(status).isBetween(400, 499),
              status -> assertThat(status).isIn(501, 505));
    }
    assertNothingIsLeft();
  }

  @Test
  void clientsThatStopInTheMiddleDoNotKeepOthersWaiting() throws IOException {
    List<Socket> halfOpen = new ArrayList<>();
    try {
      for (int i = 0; i < 150; i++) {
        Socket socket = connect();
        halfOpen.add(socket);
        String begun =
            switch (i % 4) {
              case 0 -> "";
              case 1 -> "GET /sess";
              case 2 -> "GET /sessions HTTP/1.1\r\nHost: local";
              default ->
                  "POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"ki";
            };
        socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(rest.state(0)).isEqualTo("idle");
        assertThat(rest.run(0, "value 1").get("state").asText()).isEqualTo("available");
      }
    } finally {
      for (Socket socket : halfOpen) {
        socket.close();
      }
    }
    assertNothingIsLeft();
  }

  private void assertNothingIsLeft() {
    JsonNode sessions = rest.call("GET", "/sessions", null);
    for (JsonNode session : sessions.get("sessions")) {
      // Some odd values are right after all, such as an empty text for the queue.
      if (session.get("id").asInt() != 0) {
        rest.call("DELETE", "/sessions/" + session.get("id"), null);
      }
    }
    for (JsonNode batch : rest.call("GET", "/batches", null).get("sessions")) {
      assertThat(batch.get("state").asText()).isEqualTo("running");
      rest.call("DELETE", "/batches/" + batch.get("id"), null);
    }
    assertThat(rest.call("GET", "/sessions", null).get("total").asInt()).isEqualTo(1);
    assertThat(rest.run(0, "value 2").at("/output/status").asText()).isEqualTo("ok");
  }

  /** A request that is wrong gets a 400 that says why. */
  private static void assertClientsFault(Reply reply, String request) throws IOException {
    String shown = request.substring(0, Math.min(200, request.length())) + " -> " + reply;
    assertThat(reply.status()).as(shown).isIn(400, 413);
    JsonNode body = RestClient.JSON.readTree(reply.body());
    assertThat(body.get("msg").asText()).as(shown).isNotBlank();
    assertThat(body.get("msg").asText()).as(shown).doesNotContain("\tat ", "io.polybius");
  }

  private static byte[] post(String path, String body) {
    return post(path, body.getBytes(StandardCharsets.UTF_8), "");
  }

  private static byte[] post(String path, byte[] body, String headers) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(
        ("POST "
                + path
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + headers
                + "Content-Length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(body);
    return request.toByteArray();
  }

  private Reply send(String request) throws IOException {
    return send(request.getBytes(StandardCharsets.ISO_8859_1));
  }

  private Reply send(byte[] request) throws IOException {
    try (Socket socket = connect()) {
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
      } catch (IOException e) {
        // The server has seen enough; its answer may be there all the same.
      }
      return Reply.read(socket);
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(server.uri().getHost(), server.uri().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /**
   * What came back.
   *
   * @param status of HTTP, or {@link #CUT_OFF}
   * @param body as text
   */
  private record Reply(int status, String body) {

    /** The connection was closed without an answer. */
    static final int CUT_OFF = 0;

    static Reply read(Socket socket) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      try {
        socket.getInputStream().transferTo(all);
      } catch (SocketTimeoutException e) {
        throw new AssertionError("no answer within " + PATIENCE_MILLIS + " ms", e);
      } catch (IOException e) {
        // Reset by the server, perhaps after its answer.
      }
      String text = all.toString(StandardCharsets.UTF_8);
      if (!text.startsWith("HTTP/1.1 ")) {
        return new Reply(CUT_OFF, text);
      }
      int bodyBegin = text.indexOf("\r\n\r\n") + 4;
      return new Reply(Integer.parseInt(text.substring(9, 12)), text.substring(bodyBegin));
    }
  }
}
