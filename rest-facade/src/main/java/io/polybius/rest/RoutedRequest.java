package io.polybius.rest;

import io.polybius.rest.Route.Speed;
import io.polybius.session.Caller;
import io.undertow.security.api.SecurityContext;
import io.undertow.server.Connectors;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * One request of a route, from its head to its answer. No thread waits for a client or for the
 * session core: the body is collected on the IO thread as it comes, and the endpoint runs there, if
 * it is quick, or on a worker thread. If its stage is complete then, the answer is written by the
 * same thread, else later by the IO thread; whoever answers first, the endpoint or the clock, is
 * then the only one to touch the exchange.
 */
final class RoutedRequest {

  private static final Logger log = LoggerFactory.getLogger(RoutedRequest.class);

  private static final HttpString REQUEST_ID = new HttpString("X-Request-Id");
  private static final String LAST_EVENT_ID = "Last-Event-ID";

  private final HttpServerExchange exchange;
  private final Route route;
  private final Map<String, String> pathParameters;
  private final Json json;
  private final BodyLimits bodies;
  private final Deadlines deadlines;
  private final AtomicBoolean answered = new AtomicBoolean();

  /** Set before another thread is asked to go on. */
  private Optional<IncomingBody> incoming = Optional.empty();

  /** What the body has of the server's memory, if it may be large; used on the IO thread. */
  private Optional<BodyRoom.Place> place = Optional.empty();

  RoutedRequest(
      HttpServerExchange exchange,
      Route route,
      Map<String, String> pathParameters,
      Json json,
      BodyLimits bodies,
      Deadlines deadlines) {
    this.exchange = exchange;
    this.route = route;
    this.pathParameters = pathParameters;
    this.json = json;
    this.bodies = bodies;
    this.deadlines = deadlines;
  }

  /** Takes the request; to be called on the exchange's IO thread, in a handler. */
  void begin() {
    if (route.speed() == Speed.UPLOADED) {
      incoming = Optional.of(new IncomingBody(exchange, deadlines.body()));
      exchange.dispatch(() -> run(noBody()));
    } else if (exchange.getRequestMethod().equals(Methods.POST)) {
      takeBody();
    } else if (route.speed() == Speed.AT_ONCE || route.speed() == Speed.AS_ASKED) {
      run(noBody());
    } else {
      exchange.dispatch(() -> run(noBody()));
    }
  }

  private static Queue<byte[]> noBody() {
    return new ArrayDeque<>();
  }

  private void takeBody() {
    // The listener would close the connection of a body that is too long; whoever collects it
    // answers.
    exchange.setMaxEntitySize(Long.MAX_VALUE);
    long length = exchange.getRequestContentLength();
    boolean isSmall = length >= 0 && length <= BodyRoom.SMALL;
    if (isSmall || length > bodies.maxBytes()) {
      collectBody();
    } else {
      long most = length < 0 ? bodies.maxBytes() : length;
      // Undertow ends an exchange whose handler has neither answered nor dispatched it.
      exchange.dispatch(SameThreadExecutor.INSTANCE, () -> collectWhenThereIsRoom(most));
    }
  }

  private void collectWhenThereIsRoom(long bytes) {
    XnioExecutor.Key clock =
        after(
            deadlines.answer(),
            () ->
                sendResult(CompletableFuture.failedFuture(RejectedRequestException.noRoom(bytes))));
    BodyRoom.Place taken =
        bodies
            .room()
            .take(
                bytes,
                () ->
                    exchange
                        .getIoThread()
                        .execute(
                            () -> {
                              if (clock.remove()) {
                                Connectors.executeRootHandler(same -> collectBody(), exchange);
                              }
                            }));
    // Whoever lets it in has the IO thread go on, which is this one.
    place = Optional.of(taken);
    exchange.addExchangeCompleteListener(
        (complete, next) -> {
          taken.close();
          next.proceed();
        });
  }

  private void collectBody() {
    XnioExecutor.Key clock = breakOffAfter(deadlines.body());
    new BodyCollector(bodies.maxBytes())
        .collect(
            exchange,
            body -> {
              clock.remove();
              place.ifPresent(room -> room.shrink(length(body)));
              exchange.dispatch(() -> run(body));
            },
            () ->
                exchange.dispatch(
                    () ->
                        sendResult(
                            CompletableFuture.failedFuture(
                                RejectedRequestException.bodyTooLarge(bodies.maxBytes())))));
  }

  private static long length(Queue<byte[]> body) {
    return body.stream().mapToLong(piece -> piece.length).sum();
  }

  private void run(Queue<byte[]> body) {
    CompletableFuture<Answer> answer = ask(body);
    if (answer.isDone()) {
      sendResult(answer);
    } else {
      // Undertow ends an exchange whose handler has neither answered nor dispatched it.
      exchange.dispatch(SameThreadExecutor.INSTANCE, () -> sendLater(answer));
    }
  }

  private CompletableFuture<Answer> ask(Queue<byte[]> body) {
    try {
      return route.endpoint().answer(request(body)).toCompletableFuture();
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** On the IO thread, where an exchange ends with the least effort. */
  private void sendLater(CompletableFuture<Answer> answer) {
    if (incoming.isPresent()) {
      // Its body has a clock of its own, and so has the core for what comes then.
      answer.whenCompleteAsync((sent, failure) -> sendResult(answer), exchange.getIoThread());
      return;
    }
    Duration deadline = deadlines.of(route.speed());
    XnioExecutor.Key clock = after(deadline, () -> tooLate(deadline));
    answer.whenCompleteAsync(
        (sent, failure) -> {
          clock.remove();
          sendResult(answer);
        },
        exchange.getIoThread());
  }

  private void sendResult(CompletableFuture<Answer> answer) {
    if (incoming.filter(IncomingBody::isClientGone).isPresent()) {
      breakOff();
      return;
    }
    Answer encoded;
    try {
      encoded =
          answer
              .thenApply(sent -> sent.encoded(json))
              .exceptionally(failure -> ErrorMapper.answer(failure, requestId()).encoded(json))
              .join();
    } catch (RuntimeException | Error e) {
      if (answered.compareAndSet(false, true)) {
        breakOff(e);
      }
      return;
    }
    send(encoded);
  }

  /** The listener's handlers have given it one, which stands in the answer's header already. */
  private String requestId() {
    return Optional.ofNullable(exchange.getResponseHeaders().getFirst(REQUEST_ID)).orElse("-");
  }

  private Request request(Queue<byte[]> body) {
    return new Request(
        pathParameters,
        exchange.getQueryParameters(),
        header(Headers.USER_AGENT_STRING).orElse(""),
        header(LAST_EVENT_ID),
        new RequestBody(body, header(Headers.CONTENT_ENCODING_STRING), bodies.maxBytes(), json),
        incoming,
        caller());
  }

  private Optional<String> header(String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }

  private Caller caller() {
    Optional<String> user =
        Optional.ofNullable(exchange.getSecurityContext())
            .map(SecurityContext::getAuthenticatedAccount)
            .map(account -> account.getPrincipal().getName());
    String address =
        Optional.ofNullable(exchange.getSourceAddress())
            .map(InetSocketAddress::getAddress)
            .map(InetAddress::getHostAddress)
            .orElse("unknown address");
    return new Caller(user, address);
  }

  private void tooLate(Duration deadline) {
    send(
        Answer.message(
            StatusCodes.SERVICE_UNAVAILABLE,
            "Not done within " + deadline.toSeconds() + " s; the server goes on with it."));
  }

  private void send(Answer answer) {
    if (!answered.compareAndSet(false, true)) {
      answer.discard();
      return;
    }
    try {
      if (!answer.isStream()) {
        // A stream has its own way to see that its client takes nothing.
        breakOffAfter(deadlines.taking());
      }
      answer.send(exchange, json);
    } catch (RuntimeException | Error e) {
      answer.discard();
      breakOff(e);
    }
  }

  /** Whatever it is, the client must not wait for ever, nor the exchange stay. */
  private void breakOff(Throwable failure) {
    breakOff();
    log.error("the answer to request {} ({}) could not be sent", requestId(), route, failure);
  }

  private void breakOff() {
    IoUtils.safeClose(exchange.getConnection());
    exchange.endExchange();
  }

  /** Closes the connection after that time, unless the exchange is complete before. */
  private XnioExecutor.Key breakOffAfter(Duration patience) {
    XnioExecutor.Key clock = after(patience, this::breakOff);
    exchange.addExchangeCompleteListener(
        (complete, next) -> {
          clock.remove();
          next.proceed();
        });
    return clock;
  }

  private XnioExecutor.Key after(Duration delay, Runnable task) {
    return exchange.getIoThread().executeAfter(task, delay.toMillis(), TimeUnit.MILLISECONDS);
  }
}
