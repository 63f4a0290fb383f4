package io.polybius.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.security.api.SecurityContext;
import io.undertow.security.idm.Account;
import io.undertow.security.impl.SecurityContextImpl;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.BlockingHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Principal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class AccessLogTest {

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @TempDir Path temporary;

  private Path folder() {
    return temporary.resolve("logs");
  }

  private Path today() {
    return folder().resolve("access-" + LocalDate.now() + ".log");
  }

  /** Serves these requests, one after the other, and returns what was logged of them. */
  private List<String> linesOf(HttpHandler handler, String... requests) throws IOException {
    try (AccessLog accessLog = new AccessLog(folder(), 3);
        HttpServer server =
            new HttpServer(
                Listener.on(LOOPBACK, 0, 1024),
                Optional.empty(),
                Optional.of(accessLog),
                handler)) {
      for (String request : requests) {
        send(server, request);
      }
    }
    return Files.readAllLines(today());
  }

  private static void send(HttpServer server, String request) throws IOException {
    try (Socket socket = new Socket(LOOPBACK, server.uri().getPort())) {
      socket.setSoTimeout(5000);
      socket
          .getOutputStream()
          .write(
              (request
                      + " HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r-1\r\n"
                      + "Connection: close\r\n\r\n")
                  .getBytes(StandardCharsets.ISO_8859_1));
      assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
    }
  }

  @Test
  void aLineForEachRequestWithoutItsQuery() throws Exception {
    List<String> lines =
        linesOf(
            exchange -> {
              exchange.setStatusCode(201);
              exchange.getResponseSender().send("12345");
            },
            "GET /sessions/0?token=secret",
            "DELETE /sessions/0/");

    String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)";
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).matches(time + " 127\\.0\\.0\\.1 - GET /sessions/0 201 5 \\d+ r-1");
    assertThat(lines.get(1))
        .matches(time + " 127\\.0\\.0\\.1 - DELETE /sessions/0/ 201 5 \\d+ r-1");
  }

  @Test
  void theAuthenticatedUserIsNamed() throws Exception {
    List<String> lines =
        linesOf(
            exchange -> {
              SecurityContext security = new SecurityContextImpl(exchange, null);
              security.authenticationComplete(new Named("al ice\n"), "test", false);
              exchange.setSecurityContext(security);
              exchange.endExchange();
            },
            "GET /");

    assertThat(lines).singleElement().asString().contains(" 127.0.0.1 al%20ice%0A GET / 200 0 ");
  }

  private record Named(String name) implements Account {
    @Override
    public Principal getPrincipal() {
      return () -> name;
    }

    @Override
    public Set<String> getRoles() {
      return Set.of();
    }
  }

  @Test
  void refusedAndFailedRequestsAreThereToo() throws Exception {
    List<String> lines =
        linesOf(
            exchange -> {
              throw new IllegalStateException("on purpose");
            },
            "GET /failure",
            "GET /elsewhere HTTP/1.1\r\nOrigin: http://evil.example\r\nX-Rest:");

    assertThat(lines.get(0)).contains(" GET /failure 500 ");
    assertThat(lines.get(1)).contains(" GET /elsewhere 403 ");
  }

  @Test
  void noRequestCanMakeUpALine() throws Exception {
    List<String> lines =
        linesOf(
            exchange -> exchange.endExchange(),
            "GET /a%0d%0a2026-01-01T00:00:00Z%20127.0.0.1%20-%20GET%20/b",
            "GET /%1b%5b2J%22%25%c3%a9%e2%80%a8");

    // A client may have its answer, and ask for more, before the line is written.
    assertThat(lines)
        .hasSize(2)
        .anyMatch(
            line ->
                line.contains(" GET /a%0D%0A2026-01-01T00:00:00Z%20127.0.0.1%20-%20GET%20/b 200 "))
        .anyMatch(line -> line.contains(" GET /%1B[2J%22%25%C3%A9%E2%80%A8 200 "));
  }

  @Test
  void onlyTheOwnerCanReadIt() throws Exception {
    linesOf(exchange -> exchange.endExchange(), "GET /");

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(today())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
  }

  @Test
  void anotherServerWritesOn() throws Exception {
    linesOf(exchange -> exchange.endExchange(), "GET /first");

    assertThat(linesOf(exchange -> exchange.endExchange(), "GET /second"))
        .hasSize(2)
        .last()
        .asString()
        .contains(" GET /second ");
  }

  @Test
  void daysThatAreOverAreDeleted() throws Exception {
    Files.createDirectories(folder());
    Path kept = dayBefore(2);
    Path old = dayBefore(5);
    Path other = Files.createFile(folder().resolve("access-notes.log"));

    linesOf(exchange -> exchange.endExchange(), "GET /");

    try (Stream<Path> files = Files.list(folder())) {
      assertThat(files).containsExactlyInAnyOrder(today(), kept, other);
    }
    assertThat(old).doesNotExist();
  }

  private Path dayBefore(int days) throws IOException {
    LocalDate day = LocalDate.now().minusDays(days);
    Path file = Files.writeString(folder().resolve("access-" + day + ".log"), "old\n");
    Files.setLastModifiedTime(
        file, FileTime.from(day.atStartOfDay(java.time.ZoneId.systemDefault()).toInstant()));
    return file;
  }

  @Test
  void withoutAFolderTheServerServesAllTheSame() throws Exception {
    Path file = Files.createFile(temporary.resolve("file"));
    for (Path folder : List.of(file, file.resolve("below"), temporary.resolve("100%d"))) {
      try (AccessLog accessLog = new AccessLog(folder, 3);
          HttpServer server =
              new HttpServer(
                  Listener.on(LOOPBACK, 0, 1024),
                  Optional.empty(),
                  Optional.of(accessLog),
                  exchange -> exchange.endExchange())) {
        send(server, "GET /");
      }
    }
  }

  @Test
  void aFileThatCannotBeOpenedIsNoReasonToFail() throws Exception {
    Files.createDirectories(today());
    try (AccessLog accessLog = new AccessLog(folder(), 3);
        HttpServer server =
            new HttpServer(
                Listener.on(LOOPBACK, 0, 1024),
                Optional.empty(),
                Optional.of(accessLog),
                new BlockingHandler(exchange -> exchange.getOutputStream().write(1)))) {
      send(server, "GET /");
    }
  }
}
