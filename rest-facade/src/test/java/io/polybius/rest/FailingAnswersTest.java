package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.rest.Route.Speed;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import io.undertow.util.Methods;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Answers that turn out to be impossible when they are made. */
@Timeout(20)
class FailingAnswersTest {

  private TestingRestServer server;

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> answerOf(Speed speed, Endpoint endpoint) {
    Route route = Route.of(Methods.GET, "/broken", speed, endpoint);
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(Script.TINY),
            TestingRestServer.SETTINGS,
            Deadlines.DEFAULT,
            handler ->
                exchange ->
                    new RoutedRequest(
                            exchange,
                            route,
                            Map.of(),
                            new Json(),
                            new BodyLimits(1_000, new BodyRoom(1_000)),
                            Deadlines.DEFAULT)
                        .begin());
    return server.get("/broken");
  }

  private static Object fail(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(failure);
  }

  /** What nobody can encode. */
  @SuppressWarnings("unused")
  private static final class Unreadable {
    public String getValue() {
      throw new IllegalStateException("no value");
    }
  }

  static Stream<Answer> failing() {
    Supplier<?> overflow = () -> fail(new StackOverflowError("too deep"));
    Supplier<?> memory = () -> fail(new OutOfMemoryError("too large"));
    Supplier<?> unexpected = () -> fail(new Exception("unexpected"));
    return Stream.of(
        Answer.okLazily(overflow),
        Answer.okLazily(memory),
        Answer.okLazily(unexpected),
        Answer.ok(new Unreadable()));
  }

  private static void assertServerFailed(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).startsWith("{\"msg\":\"The server failed (request ");
  }

  @ParameterizedTest
  @MethodSource("failing")
  void answerThatCannotBeMadeIsTheServersFault(Answer answer) {
    assertServerFailed(answerOf(Speed.QUICK, request -> CompletableFuture.completedFuture(answer)));
  }

  @ParameterizedTest
  @MethodSource("failing")
  void soIsOneThatCannotBeMadeLater(Answer answer) {
    assertServerFailed(
        answerOf(Speed.AS_ASKED, request -> CompletableFuture.supplyAsync(() -> answer)));
  }

  @ParameterizedTest
  @EnumSource
  void endpointThatFailsIsTheServersFault(Speed speed) {
    assertServerFailed(
        answerOf(
            speed,
            request -> {
              throw new StackOverflowError("too deep");
            }));
  }
}
