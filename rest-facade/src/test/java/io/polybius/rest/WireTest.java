package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only shows on the wire. */
@Timeout(20)
class WireTest {

  private final TestingRestServer server =
      new TestingRestServer(
          ScriptedLauncher.ready(Script.TINY),
          TestingRestServer.SETTINGS,
          new Deadlines(
              Duration.ofMillis(500),
              Duration.ofSeconds(5),
              Duration.ofSeconds(5),
              Duration.ofSeconds(5),
              Duration.ofSeconds(5)),
          handler -> handler);

  @AfterEach
  void stop() {
    server.close();
  }

  /** A connection on which a test says exactly what it wants. */
  private static final class Wire implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;
    private final OutputStream out;

    Wire(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(5000);
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      out = socket.getOutputStream();
    }

    void say(String text) throws IOException {
      out.write(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    }

    /** Returns the next line, or null at the end of the connection. */
    String line() throws IOException {
      return in.readLine();
    }

    /** Reads the head of an answer and as much of a body as it says, and returns all. */
    String answer() throws IOException {
      StringBuilder text = new StringBuilder();
      int length = 0;
      for (String line = line(); line != null && !line.isEmpty(); line = line()) {
        text.append(line).append('\n');
        if (line.startsWith("Content-Length: ")) {
          length = Integer.parseInt(line.substring("Content-Length: ".length()));
        }
      }
      text.append('\n');
      for (int i = 0; i < length; i++) {
        text.append((char) in.read());
      }
      return text.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void clientThatWaitsToBeToldToContinueIsTold() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say(
          """
          POST /sessions/ HTTP/1.1
          Host: x
          Expect: 100-continue
          Content-Encoding: UTF-8
          Content-Type: application/json
          Content-Length: 16

          """);
      assertThat(wire.line()).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(wire.line()).isEmpty();
      wire.say("{\"kind\":\"spark\"}");

      assertThat(wire.answer()).startsWith("HTTP/1.1 201 Created\n").contains("\"id\":0");
    }
  }

  @Test
  void clientThatWaitsInVainIsToldTheError() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say(
          """
          POST /sessions HTTP/1.1
          Host: x
          Expect: 100-continue
          Content-Length: 99999999

          """);

      assertThat(wire.answer()).startsWith("HTTP/1.1 413 ").contains("{\"msg\":");
    }
  }

  @Test
  void connectionServesOneRequestAfterTheOther() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say("GET /version HTTP/1.1\nHost: x\n\nGET /nowhere HTTP/1.1\nHost: x\n\n");
      assertThat(wire.answer()).startsWith("HTTP/1.1 200 OK\n");
      assertThat(wire.answer()).startsWith("HTTP/1.1 404 Not Found\n").endsWith("\n\n");
      wire.say("POST /sessions HTTP/1.1\nHost: x\nContent-Length: 1\n\n[");
      assertThat(wire.answer()).startsWith("HTTP/1.1 400 Bad Request\n");
      wire.say("HEAD /version HTTP/1.1\nHost: x\n\n");
      assertThat(wire.line()).isEqualTo("HTTP/1.1 200 OK");
      for (String line = wire.line(); !line.isEmpty(); line = wire.line()) {}
      wire.say("GET /version HTTP/1.1\nHost: x\nConnection: close\n\n");
      assertThat(wire.answer()).startsWith("HTTP/1.1 200 OK\n");
      assertThat(wire.line()).isNull();
    }
  }

  @Test
  void answerSaysHowBrowsersMayUseItAndNothingOfTheServer() throws Exception {
    for (String path : new String[] {"/version", "/nowhere", "/sessions/1"}) {
      try (Wire wire = new Wire(server.port())) {
        wire.say("GET " + path + " HTTP/1.1\nHost: x\n\n");

        assertThat(wire.answer())
            .contains(
                "X-Frame-Options: SAMEORIGIN\n",
                "X-XSS-Protection: 1; mode=block\n",
                "X-Content-Type-Options: nosniff\n",
                "Content-Security-Policy: default-src 'self'; frame-ancestors 'self'\n")
            .doesNotContain("Server:", "Strict-Transport-Security", "X-Powered-By");
      }
    }
  }

  @Test
  void oldProtocolIsServed() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say("GET /version HTTP/1.0\n\n");
      assertThat(wire.answer()).contains(" 200 OK\n").contains("\"version\":\"0.9.1\"");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /sessions/%zz HTTP/1.1\nHost: x\n\n",
        "GET /sessions/%00 HTTP/1.1\nHost: x\n\n",
        "GET /sessions/..%2f..%2fetc HTTP/1.1\nHost: x\n\n",
        "GET /sessions/a;b=c HTTP/1.1\nHost: x\n\n",
        "GET /sessions?from=%zz HTTP/1.1\nHost: x\n\n",
        "GET /sessions/\u00e9 HTTP/1.1\nHost: x\n\n",
        "POST /sessions HTTP/1.1\nHost: x\nContent-Length: x\n\n",
        "POST /sessions HTTP/1.1\nHost: x\nContent-Length: -1\n\n",
        "POST /sessions HTTP/1.1\nHost: x\nContent-Length: 9223372036854775807\n\n",
        "POST /sessions HTTP/1.1\nHost: x\nContent-Length: 4294967296\n\n",
        "POST /sessions HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nzz\n",
        "POST /sessions HTTP/1.1\nHost: x\nContent-Length: 5\n\n{\"a",
        "BREW /sessions HTTP/1.1\nHost: x\n\n",
        "GARBAGE\n\n",
      })
  void nonsenseIsRefusedAndNeverWaitedForLong(String request) throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say(request);
      String first = wire.line();

      if (first != null) {
        assertThat(first).matches("HTTP/1\\.1 4\\d\\d .*");
      }
    }
    assertThat(server.get("/version").statusCode()).isEqualTo(200);
    assertThat(server.get("/sessions").body()).contains("\"total\":0");
  }

  @Test
  void clientThatStopsInTheMiddleOfItsBodyIsLetGo() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say("POST /sessions HTTP/1.1\nHost: x\nContent-Length: 100\n\n{\"kind\":");

      assertThat(wire.line()).isNull();
    }
  }

  @Test
  void clientThatSendsAnEndlessBodyIsAnsweredAndLetGo() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      wire.say("POST /sessions HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n");
      String chunk = "10000\n" + "x".repeat(65536) + "\n";
      for (int i = 0; i < 200; i++) {
        wire.say(chunk);
      }

      assertThat(wire.answer()).startsWith("HTTP/1.1 413 ");
      assertThat(wire.line()).isNull();
    }
  }

  @Test
  void clientThatGoesAwayLeavesNothingBehind() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (Wire wire = new Wire(server.port())) {
        wire.say("POST /sessions HTTP/1.1\nHost: x\nContent-Length: 100\n\n{\"kind\":");
      }
    }
    assertThat(server.post("/sessions", "{}").headers().firstValue("Location"))
        .hasValue("/sessions/0");
  }
}
