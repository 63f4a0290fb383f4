package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How bodies are read and written, whatever headers say about them. */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BodiesTest {

  private static final int MAX_BODY = 20_000;
  private static final String CODE = "{\"code\":\"print \u00e9\u4e16\ud83d\ude00\"}";

  private final TestingRestServer server =
      new TestingRestServer(
          ScriptedLauncher.ready(Script.TINY),
          new RestSettings(
              TestingRestServer.VERSION, false, MAX_BODY, TestingRestServer.SECURITY_HEADERS),
          Deadlines.DEFAULT,
          handler -> handler);

  @BeforeAll
  void openSession() {
    server.openIdleSession();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private HttpResponse<String> post(byte[] body, String... headers) {
    HttpRequest.Builder request = server.to("/sessions/0/statements");
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return server.send(request.POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  private static void assertRuns(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    assertThat(json(answer).get("code").asText()).isEqualTo("print \u00e9\u4e16\ud83d\ude00");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private interface Compressor {
    OutputStream to(OutputStream out) throws IOException;
  }

  private static byte[] compressed(Compressor compressor, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream compressing = compressor.to(out)) {
      compressing.write(bytes);
    }
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "nonsense"
      })
  void contentTypeDoesNotMatter(String type) {
    assertRuns(post(utf8(CODE), "Content-Type", type));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "utf-8", "identity", "br", "nonsense"})
  void unknownContentEncodingIsIgnored(String encoding) {
    assertRuns(post(utf8(CODE), "Content-Encoding", encoding));
  }

  @Test
  void compressedBodiesAreRead() throws Exception {
    assertRuns(post(compressed(GZIPOutputStream::new, utf8(CODE)), "Content-Encoding", "gzip"));
    assertRuns(post(compressed(GZIPOutputStream::new, utf8(CODE)), "Content-Encoding", "X-GZIP"));
    assertRuns(
        post(compressed(DeflaterOutputStream::new, utf8(CODE)), "Content-Encoding", "deflate"));
  }

  @Test
  void bodyThatIsNotCompressedAsItSaysIsBad() {
    HttpResponse<String> answer = post(utf8(CODE), "Content-Encoding", "gzip");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("Content-Encoding");
  }

  @Test
  void bodyOfUnknownLengthIsRead() {
    HttpResponse<String> answer =
        server.send(
            server
                .to("/sessions/0/statements")
                .POST(
                    HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(utf8(CODE)))));

    assertRuns(answer);
  }

  @Test
  void tooLongBodyIsRefusedHoweverItComes() throws Exception {
    byte[] long1 = utf8("{\"code\":\"" + " ".repeat(MAX_BODY) + "\"}");
    byte[] longer = utf8("{\"code\":\"" + " ".repeat(3_000_000) + "\"}");
    String expected =
        "{\"msg\":\"The body is longer than 20000 bytes; put large things into files.\"}";

    for (byte[] body : new byte[][] {long1, longer}) {
      HttpResponse<String> plain = post(body);
      assertThat(plain.body()).isEqualTo(expected);
      assertThat(plain.statusCode()).isEqualTo(413);

      HttpResponse<String> chunked =
          server.send(
              server
                  .to("/sessions/0/statements")
                  .POST(
                      HttpRequest.BodyPublishers.ofInputStream(
                          () -> new ByteArrayInputStream(body))));
      assertThat(chunked.statusCode()).isEqualTo(413);

      HttpResponse<String> bomb =
          post(compressed(GZIPOutputStream::new, body), "Content-Encoding", "gzip");
      assertThat(bomb.body()).isEqualTo(expected);
      assertThat(bomb.statusCode()).isEqualTo(413);
    }
  }

  @Test
  void bodyOfTheGreatestLengthIsRead() {
    String frame = "{\"code\":\"\"}";
    byte[] body = utf8(frame.replace("\"\"", "\"" + "x".repeat(MAX_BODY - frame.length()) + "\""));

    assertThat(body).hasSize(MAX_BODY);
    assertThat(post(body).statusCode()).isEqualTo(201);
  }

  @Test
  void bodiesOfRoutesThatTakeNoneAreIgnored() {
    assertThat(server.post("/sessions/0/connect", "not JSON").statusCode()).isEqualTo(200);
    assertThat(server.post("/sessions/0/statements/0/cancel", "[}").statusCode()).isEqualTo(200);
    assertThat(
            server
                .send(
                    server
                        .to("/sessions/0/state")
                        .method("GET", HttpRequest.BodyPublishers.ofString("{}")))
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void answersAreCompressedForThoseWhoAcceptIt() throws Exception {
    String path =
        post(utf8("{\"code\":\"print " + "0123456789".repeat(200) + "\"}"))
            .headers()
            .firstValue("Location")
            .orElseThrow();
    String plain = server.awaitEnd(path);
    HttpResponse<byte[]> answer =
        server.send(
            server.to(path).header("Accept-Encoding", "gzip, deflate").GET(),
            BodyHandlers.ofByteArray());

    assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(plain);
    }
  }

  @Test
  void shortAnswersAreNotCompressed() {
    HttpResponse<String> answer =
        server.send(server.to("/sessions/0").header("Accept-Encoding", "gzip").GET());

    assertThat(answer.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(answer.body()).startsWith("{\"id\":0");
  }

  @Test
  void largeAnswersAreCompressedWhole() throws Exception {
    String line = "print " + "0123456789".repeat(100);
    StringBuilder code = new StringBuilder();
    for (int i = 0; i < 19; i++) {
      code.append(line).append("\\n");
    }
    for (int i = 0; i < 100; i++) {
      assertThat(post(utf8("{\"code\":\"" + code + "\"}")).statusCode()).isEqualTo(201);
    }
    server.awaitState(0, "idle");

    String plain = server.get("/sessions/0/statements").body();
    HttpResponse<byte[]> answer =
        server.send(
            server.to("/sessions/0/statements").header("Accept-Encoding", "gzip").GET(),
            BodyHandlers.ofByteArray());

    assertThat(plain.length()).isGreaterThan(3_000_000);
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(plain);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity;q=0", "br", "*;q=0", "gzip;q=0", ";;;"})
  void noAcceptEncodingIsRefused(String accepted) {
    HttpResponse<String> answer =
        server.send(server.to("/version").header("Accept-Encoding", accepted).GET());

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).startsWith("{\"version\"");
  }

  @Test
  void emptyAnswersAreNotCompressed() {
    HttpResponse<String> answer =
        server.send(server.to("/nowhere").header("Accept-Encoding", "gzip").GET());

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void headIsGetWithoutTheBody() {
    for (String path : new String[] {"/version", "/sessions", "/sessions/0"}) {
      HttpResponse<String> answer =
          server.send(server.to(path).method("HEAD", HttpRequest.BodyPublishers.noBody()));

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).isEmpty();
      assertThat(answer.headers().firstValue("Content-Type"))
          .hasValue("application/json;charset=utf-8");
    }
    assertThat(
            server
                .send(
                    server
                        .to("/sessions/9")
                        .header("Accept-Encoding", "gzip")
                        .method("HEAD", HttpRequest.BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(404);
  }
}
