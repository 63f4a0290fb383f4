package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.rest.EventReader.Event;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that follow a session or a statement. */
@Timeout(60)
class EventsTest {

  private static final String SESSION = "/sessions/0/events";
  private static final String STATEMENT = "/sessions/0/statements/0/events";

  /** More events than a session keeps. */
  private static final int VERY_MANY = 3_000;

  private TestingRestServer server = new TestingRestServer(ScriptedLauncher.ready(Script.TINY));

  @AfterEach
  void stop() {
    server.close();
  }

  private void serveWith(ScriptedLauncher launcher, Duration heartbeat, Clock clock) {
    server.close();
    server =
        new TestingRestServer(
            launcher,
            TestingRestServer.SETTINGS,
            new Deadlines(
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                heartbeat),
            handler -> handler,
            clock);
  }

  private void serveWithHeartbeats() {
    serveWith(ScriptedLauncher.ready(Script.TINY), Duration.ofMillis(50), Clock.systemUTC());
  }

  private void post(String code) {
    assertThat(
            server
                .post("/sessions/0/statements", "{\"code\":\"" + code.replace("\n", "\\n") + "\"}")
                .statusCode())
        .isEqualTo(201);
  }

  private static List<String> summaries(List<Event> events) {
    return events.stream().map(Event::summary).toList();
  }

  private static List<Long> ids(List<Event> events) {
    return events.stream().map(Event::id).toList();
  }

  private void awaitLasting(int count) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(server::lastingRequests, lasting -> lasting == count);
  }

  @Test
  void statementIsToldFromItsBeginningToItsEnd() throws Exception {
    server.openIdleSession();
    post("print a\nwarn b\nvalue 2\ndisplay text/html <b>");

    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      List<Event> events = reader.rest();

      assertThat(summaries(events))
          .containsExactly(
              "statement 0 waiting",
              "statement 0 running",
              "output 0 stdout a",
              "output 0 stderr b",
              "output 0 echo res0: Int = 2",
              "output 0 {\"text/plain\":\"2\"}",
              "output 0 {\"text/html\":\"<b>\"}",
              "statement 0 available");
      assertThat(ids(events)).isSorted().doesNotHaveDuplicates();
      assertThat(events.get(1).data().get("output").isNull()).isTrue();
      assertThat(events.get(7).data())
          .isEqualTo(TestingRestServer.json(server.get("/sessions/0/statements/0")));
    }
    awaitLasting(0);
  }

  @Test
  void answerIsAStreamThatNobodyHoldsBack() throws Exception {
    server.openIdleSession();

    try (EventReader reader =
        new EventReader(server, server.to(SESSION).header("Accept-Encoding", "gzip"))) {
      assertThat(reader.response().headers().map())
          .containsEntry("content-type", List.of("text/event-stream;charset=utf-8"))
          .containsEntry("cache-control", List.of("no-store"))
          .containsEntry("x-accel-buffering", List.of("no"))
          .doesNotContainKey("content-encoding");
      assertThat(reader.next().name()).isEqualTo("session");
    }
  }

  @Test
  void outputComesWhileTheStatementRuns() throws Exception {
    server.openIdleSession();
    post("print a\nwait");

    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      assertThat(summaries(reader.next(3))).endsWith("output 0 stdout a");
      server.post("/sessions/0/interrupt", "");

      assertThat(summaries(reader.rest()))
          .containsExactly("statement 0 cancelling", "statement 0 cancelled");
    }
  }

  @Test
  void progressIsTold() throws Exception {
    serveWith(ScriptedLauncher.ready(Script.COLLECT), Duration.ofSeconds(15), Clock.systemUTC());
    server.openIdleSession();
    ScriptedDriver driver = server.launcher().nextDriver();
    post("x");
    driver.nextCommand(DriverCommand.Execute.class);

    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      reader.next(2);
      driver.say(new DriverEvent.StatementProgressed(0, 1, 4, 0, 1));
      Event progress = reader.next();

      assertThat(progress.summary()).isEqualTo("statement 0 running");
      assertThat(progress.data().get("progress").asDouble()).isEqualTo(0.25);
    }
  }

  @Test
  void jsonOfUsersStaysOnOneLine() throws Exception {
    serveWith(ScriptedLauncher.ready(Script.COLLECT), Duration.ofSeconds(15), Clock.systemUTC());
    server.openIdleSession();
    ScriptedDriver driver = server.launcher().nextDriver();
    post("x");
    driver.nextCommand(DriverCommand.Execute.class);
    driver.say(
        new DriverEvent.StatementPutOut(
            0,
            new StatementOutput.Display(
                new MimeBundle(List.of())
                    .with(MimeBundle.JSON, "{\n\"a\":\r\n\"b\\nc\"}")
                    .with("text/plain", "d\ne\ud83d\ude00\ud83d"))));
    driver.say(new DriverEvent.StatementSucceeded(0));

    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      List<Event> events = reader.rest();

      assertThat(events.get(2).data().get("data"))
          .isEqualTo(
              TestingRestServer.json(
                  "{\"application/json\":{\"a\":\"b\\nc\"},"
                      + "\"text/plain\":\"d\\ne\ud83d\ude00?\"}"));
      assertThat(events.get(3).summary()).isEqualTo("statement 0 available");
    }
  }

  @Test
  void sessionIsToldWithAllItsStatementsUntilItEnds() throws Exception {
    server.openIdleSession();
    post("print a");
    server.awaitEnd("/sessions/0/statements/0");
    server.awaitState(0, "idle");

    try (EventReader reader = EventReader.of(server, SESSION)) {
      assertThat(summaries(reader.next(7)))
          .containsExactly(
              "session 0 idle",
              "statement 0 waiting",
              "statement 0 running",
              "session 0 busy",
              "output 0 stdout a",
              "statement 0 available",
              "session 0 idle");
      post("fail b");
      assertThat(summaries(reader.next(5)))
          .contains("statement 1 running", "statement 1 available")
          .last()
          .isEqualTo("session 0 idle");
      server.delete("/sessions/0");

      assertThat(summaries(reader.rest()))
          .containsExactly("session 0 shutting_down", "session 0 dead");
    }
  }

  @Test
  void sessionInAnEventIsAsGetAnswersIt() throws Exception {
    server.openIdleSession();

    try (EventReader reader = EventReader.of(server, SESSION)) {
      assertThat(reader.next().data()).isEqualTo(TestingRestServer.json(server.get("/sessions/0")));
    }
  }

  @Test
  void readerThatWasCutOffGoesOnWithoutLossOrDoubling() throws Exception {
    server.openIdleSession();
    post("print a\nvalue 1");
    List<Event> all;
    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      all = reader.rest();
    }
    for (int cut = 1; cut < all.size(); cut++) {
      try (EventReader reader = EventReader.after(server, STATEMENT, all.get(cut - 1).id())) {
        assertThat(reader.rest()).isEqualTo(all.subList(cut, all.size()));
      }
    }
    try (EventReader reader =
        EventReader.of(server, STATEMENT + "?lastEventId=" + all.get(3).id())) {
      assertThat(reader.rest()).isEqualTo(all.subList(4, all.size()));
    }
  }

  @Test
  void readerThatKnowsTheEndIsToldToStop() throws Exception {
    server.openIdleSession();
    post("print a");
    long last;
    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      last = reader.rest().get(3).id();
    }
    server.post("/sessions/0/stop", "");
    for (String path :
        List.of(
            STATEMENT + "?lastEventId=" + last,
            STATEMENT + "?lastEventId=" + (last + 1),
            SESSION + "?lastEventId=" + (last + 3))) {
      HttpResponse<String> answer = server.get(path);

      assertThat(answer.statusCode()).as(path).isEqualTo(204);
      assertThat(answer.body()).isEmpty();
    }
    awaitLasting(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {SESSION, STATEMENT})
  void readerOfAServerBeforeThisOneIsToldAll(String path) throws Exception {
    server.openIdleSession();
    server.run("print a");
    server.awaitState(0, "idle");
    server.post("/sessions/0/stop", "");
    List<Event> all;
    try (EventReader reader = EventReader.of(server, path)) {
      all = reader.rest();
    }

    try (EventReader reader = EventReader.after(server, path, 1_000)) {
      assertThat(all).isNotEmpty();
      assertThat(reader.rest()).isEqualTo(all);
    }
  }

  @Test
  void readerOfAServerBeforeThisOneIsToldWhatIsNoLongerKept() throws Exception {
    server.openIdleSession();
    server.run("print x\n".repeat(VERY_MANY));
    server.awaitState(0, "idle");

    try (EventReader reader = EventReader.after(server, SESSION, 100_000)) {
      Event gap = reader.next();

      assertThat(gap.summary()).startsWith("gap 1-");
      assertThat(reader.next().id()).isEqualTo(gap.id() + 1);
    }
  }

  @Test
  void hiddenStatementsAreNotTold() throws Exception {
    server.openIdleSession();
    server
        .sessions()
        .execute("0", new NewStatement(Kind.SPARK, "print secret", Origin.REST, true, false, false))
        .toCompletableFuture()
        .get();
    server.run("print shown");

    try (EventReader reader = EventReader.of(server, SESSION)) {
      List<Event> events = new ArrayList<>(reader.next(1));
      while (!events.get(events.size() - 1).summary().equals("statement 0 available")) {
        events.add(reader.next());
      }

      assertThat(summaries(events))
          .contains("output 0 stdout shown")
          .noneMatch(event -> event.contains("secret") || event.contains(" -"));
      assertThat(summaries(events)).doesNotContain("gap");
    }
    assertThat(server.get("/sessions/0/statements/-1/events").statusCode()).isEqualTo(404);
  }

  @Test
  void whatIsNoLongerKeptIsAGap() throws Exception {
    server.openIdleSession();
    server.run("print x\n".repeat(VERY_MANY) + "print y");
    server.awaitState(0, "idle");

    try (EventReader reader = EventReader.after(server, SESSION, 2)) {
      Event gap = reader.next();
      Event next = reader.next();

      assertThat(gap.name()).isEqualTo("gap");
      assertThat(gap.data().get("from").asLong()).isEqualTo(3);
      assertThat(gap.id()).isEqualTo(gap.data().get("to").asLong());
      assertThat(next.id()).isEqualTo(gap.id() + 1);
      assertThat(next.summary()).isEqualTo("output 0 stdout x");
    }
    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      List<Event> events = reader.rest();

      assertThat(events.get(0).summary()).startsWith("gap 1-");
      assertThat(events.get(events.size() - 1).summary()).isEqualTo("statement 0 available");
    }
  }

  @Test
  void statementWhoseEventsAreAllGoneIsToldAsItIs() throws Exception {
    server.openIdleSession();
    String ended = server.run("print a");
    server.run("print x\n".repeat(VERY_MANY));
    server.awaitState(0, "idle");

    try (EventReader reader = EventReader.of(server, STATEMENT)) {
      List<Event> events = reader.rest();

      assertThat(summaries(events)).hasSize(2).last().isEqualTo("statement 0 available");
      assertThat(events.get(0).summary()).startsWith("gap 1-");
      assertThat(events.get(1).data()).isEqualTo(TestingRestServer.json(ended));
      assertThat(server.get(STATEMENT + "?lastEventId=" + events.get(1).id()).statusCode())
          .isEqualTo(204);
    }
  }

  @Test
  void statementThatIsNewerThanAGapHasNone() throws Exception {
    server.openIdleSession();
    server.run("print x\n".repeat(VERY_MANY));
    server.run("print a");

    try (EventReader reader = EventReader.of(server, "/sessions/0/statements/1/events")) {
      assertThat(summaries(reader.rest()))
          .containsExactly(
              "statement 1 waiting",
              "statement 1 running",
              "output 1 stdout a",
              "statement 1 available");
    }
  }

  @Test
  void slowReaderHoldsUpNobodyAndMissesNothingThatIsNotAGap() throws Exception {
    server.openIdleSession();
    try (EventReader reader = EventReader.of(server, SESSION)) {
      for (int i = 0; i < 20; i++) {
        server.run(("print " + "0123456789".repeat(30) + "\n").repeat(300));
      }
      server.delete("/sessions/0");

      long last = 0;
      int seen = 0;
      for (Event event = reader.next(); event != null; event = reader.next()) {
        if (event.name().equals("gap")) {
          assertThat(event.data().get("from").asLong()).isEqualTo(last + 1);
        } else {
          assertThat(event.id()).isEqualTo(last + 1);
        }
        last = event.id();
        seen++;
      }
      assertThat(seen).isPositive();
    }
    awaitLasting(0);
  }

  /** A client that asks for a stream and does not read it. */
  private Socket stopped() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    socket
        .getOutputStream()
        .write(
            ("GET " + SESSION + " HTTP/1.1\r\nHost: x\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void readerThatTakesNothingIsGivenUp() throws Exception {
    serveWithHeartbeats();
    server.openIdleSession();
    try (Socket reader = stopped()) {
      awaitLasting(1);
      for (int i = 0; i < 20; i++) {
        server.run(("print " + "0123456789".repeat(1000) + "\n").repeat(9));
      }
      for (int i = 0; i < 60 && server.lastingRequests() > 0; i++) {
        server.run(("print " + "0123456789".repeat(1000) + "\n").repeat(9));
      }

      awaitLasting(0);
      assertThat(reader.isConnected()).isTrue();
    }
  }

  @Test
  void manyStreamsOpenedAndDroppedLeaveNothingBehind() throws Exception {
    serveWithHeartbeats();
    server.openIdleSession();
    List<Socket> readers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      readers.add(stopped());
    }
    awaitLasting(100);
    assertThat(server.run("print a")).contains("\"state\":\"available\"");

    for (Socket reader : readers) {
      reader.close();
    }

    awaitLasting(0);
  }

  @Test
  void streamInWhichNothingHappensShowsThatItIsAlive() throws Exception {
    serveWithHeartbeats();
    server.openIdleSession();

    try (EventReader reader = EventReader.of(server, SESSION)) {
      reader.next();
      reader.awaitHeartbeats(3);
      server.run("print a");

      assertThat(reader.next().name()).isNotEqualTo("gap");
    }
  }

  @Test
  void clientThatFollowsIsAlive() throws Exception {
    ManualClock clock = new ManualClock();
    serveWith(ScriptedLauncher.ready(Script.TINY), Duration.ofMillis(50), clock);
    server.post("/sessions", "{\"kind\":\"spark\",\"heartbeatTimeoutInSecond\":100}");
    server.awaitState(0, "idle");

    try (EventReader reader = EventReader.of(server, SESSION)) {
      assertThat(reader.next().summary()).isEqualTo("session 0 idle");
      for (int i = 0; i < 5; i++) {
        clock.advance(Duration.ofSeconds(70));
        reader.awaitHeartbeats(8);
      }
    }
    awaitLasting(0);
    clock.advance(Duration.ofSeconds(200));
    await()
        .untilAsserted(
            () ->
                assertThat(server.sessions().sessions())
                    .noneMatch(each -> each.state().isActive()));
  }

  @Test
  void closingEndsStreamsAtOnceWhetherTheyAreReadOrNot() throws Exception {
    server.openIdleSession();
    server.openIdleSession();
    try (EventReader reader = EventReader.of(server, "/sessions/1/events");
        Socket stopped = stopped()) {
      awaitLasting(2);
      for (int i = 0; i < 40; i++) {
        server.run(("print " + "0123456789".repeat(1000) + "\n").repeat(9));
      }
      assertThat(reader.next().summary()).isEqualTo("session 1 idle");
      server.rest().close();

      assertThat(reader.next()).isNull();
      assertThat(server.lastingRequests()).isZero();
      assertThat(stopped.isConnected()).isTrue();
    }
    try (EventReader late = EventReader.of(server, "/sessions/1/events")) {
      assertThat(late.next()).isNull();
    }
  }

  @Test
  void headersCanBeAskedForAlone() {
    server.openIdleSession();

    HttpResponse<String> answer =
        server.send(server.to(SESSION).method("HEAD", HttpRequest.BodyPublishers.noBody()));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValue("text/event-stream;charset=utf-8");
    assertThat(answer.body()).isEmpty();
    awaitLasting(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/sessions/7/events",
        "/sessions/0/statements/7/events",
        "/sessions/7/statements/0/events"
      })
  void whatIsNotThereIsNotFound(String path) {
    server.openIdleSession();

    assertThat(server.get(path).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "", "1.5", "99999999999999999999"})
  void lastEventIdIsANumber(String id) {
    server.openIdleSession();

    HttpResponse<String> answer = server.get(SESSION + "?lastEventId=" + id);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).isEqualTo("{\"msg\":\"For input string: \\\"" + id + "\\\"\"}");
  }

  @Test
  void oldClientsGetTheStreamWithoutChunks() throws Exception {
    server.openIdleSession();
    post("print a");
    server.awaitEnd("/sessions/0/statements/0");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket
          .getOutputStream()
          .write(("GET " + STATEMENT + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(Stream.of(all.split("\r\n\r\n", 2)[1].split("\n\n")))
          .hasSize(5)
          .allMatch(event -> event.startsWith("retry: ") || event.startsWith("id: "));
    }
  }
}
