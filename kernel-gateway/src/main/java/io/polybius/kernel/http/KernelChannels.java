package io.polybius.kernel.http;

import io.polybius.kernel.Kernel;
import io.polybius.kernel.link.LinkEnd;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import io.undertow.websockets.WebSocketConnectionCallback;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The WebSockets of all kernels. A client that names itself in {@code session_id} keeps its place
 * for a while when its WebSocket breaks. A kernel that a relay has opened ends when its last client
 * does not come back.
 *
 * <p>May be used from any thread. No lock of a kernel is taken while this object's lock is held.
 */
final class KernelChannels implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelChannels.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
  private static final int SERVICE_RESTART = 1012;

  private final ScheduledExecutorService timer;
  private final Duration grace;
  private final Map<String, Seats> kernels = new HashMap<>();
  private final List<CompletableFuture<Void>> leaving = new ArrayList<>();
  private volatile int closeCode = CloseMessage.NORMAL_CLOSURE;

  /** The clients of one kernel. */
  private static final class Seats {
    private final Map<String, Seat> seats = new HashMap<>();
    private boolean relay;
  }

  /**
   * Makes one without WebSockets.
   *
   * @param grace how long a lost client is waited for
   */
  KernelChannels(ScheduledExecutorService timer, Duration grace) {
    this.timer = timer;
    this.grace = grace;
  }

  /** Lets a kernel end if its relay does not connect in time, or does not come back. */
  void expectRelay(Kernel kernel) {
    synchronized (this) {
      seats(kernel).relay = true;
    }
    afterGrace(() -> endIfAlone(kernel));
  }

  /** Answers a request for a WebSocket to a kernel. */
  void open(HttpServerExchange exchange, Kernel kernel) throws Exception {
    if (!exchange.getRequestHeaders().contains(Headers.SEC_WEB_SOCKET_KEY)) {
      JsonExchange.of(exchange)
          .fail(StatusCodes.BAD_REQUEST, "The channels of a kernel are a WebSocket.");
      return;
    }
    boolean relay = offers(exchange, LinkEnd.SUBPROTOCOL);
    if (!relay && !offers(exchange, V1WebSocketCodec.SUBPROTOCOL)) {
      JsonExchange.of(exchange)
          .fail(
              StatusCodes.BAD_REQUEST,
              "The client must offer the WebSocket subprotocol "
                  + V1WebSocketCodec.SUBPROTOCOL
                  + ".");
      return;
    }
    String clientSession = clientSession(exchange);
    WebSocketConnectionCallback connected =
        (upgraded, channel) -> seat(kernel, clientSession, relay).take(channel);
    HttpHandler unsupported =
        refused ->
            JsonExchange.of(refused)
                .fail(StatusCodes.BAD_REQUEST, "Only WebSocket version 13 is spoken here.");
    new WebSocketProtocolHandshakeHandler(
            List.of(
                new Hybi13Handshake(
                    Set.of(relay ? LinkEnd.SUBPROTOCOL : V1WebSocketCodec.SUBPROTOCOL), false)),
            connected,
            unsupported)
        .handleRequest(exchange);
  }

  private static boolean offers(HttpServerExchange exchange, String subprotocol) {
    HeaderValues offered = exchange.getRequestHeaders().get(Headers.SEC_WEB_SOCKET_PROTOCOL);
    return offered != null
        && offered.stream()
            .flatMap(names -> Arrays.stream(names.split(",")))
            .anyMatch(name -> name.strip().equals(subprotocol));
  }

  private static String clientSession(HttpServerExchange exchange) {
    Deque<String> named = exchange.getQueryParameters().get("session_id");
    return named == null || named.isEmpty() || named.getFirst().isEmpty()
        ? UUID.randomUUID().toString()
        : named.getFirst();
  }

  private Seat seat(Kernel kernel, String clientSession, boolean relay) {
    Seat seat;
    synchronized (this) {
      Seat known = seats(kernel).seats.get(clientSession);
      if (known != null && !known.isOver()) {
        return known;
      }
      Consumer<Seat> onLost = lost -> lost(kernel, lost);
      seat =
          relay
              ? new RelaySeat(kernel, clientSession, onLost, () -> closeCode)
              : new ChannelSeat(kernel, clientSession, onLost, () -> closeCode);
      seats(kernel).seats.put(clientSession, seat);
    }
    kernel.connect(seat);
    return seat;
  }

  private Seats seats(Kernel kernel) {
    return kernels.computeIfAbsent(kernel.id(), id -> new Seats());
  }

  private void lost(Kernel kernel, Seat seat) {
    afterGrace(
        () -> {
          if (!seat.isLive()) {
            leave(kernel, seat);
          }
          endIfAlone(kernel);
        });
  }

  private void leave(Kernel kernel, Seat seat) {
    synchronized (this) {
      Seats known = kernels.get(kernel.id());
      if (known != null) {
        known.seats.remove(seat.clientSession(), seat);
        if (known.seats.isEmpty() && !known.relay) {
          kernels.remove(kernel.id());
        }
      }
    }
    kernel.disconnect(seat);
  }

  private void endIfAlone(Kernel kernel) {
    synchronized (this) {
      Seats known = kernels.get(kernel.id());
      if (known == null || !known.relay || known.seats.values().stream().anyMatch(Seat::isLive)) {
        return;
      }
    }
    log.info("kernel {} ends because its relay is gone", kernel.id());
    kernel.shutDown();
  }

  private void afterGrace(Runnable task) {
    try {
      ScheduledFuture<?> unused = timer.schedule(task, grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("the gateway is closing", e);
    }
  }

  /** Forgets a kernel that is over; its clients have been told. */
  void forget(Kernel kernel) {
    synchronized (this) {
      Seats known = kernels.remove(kernel.id());
      if (known != null) {
        leaving.removeIf(CompletableFuture::isDone);
        known.seats.values().forEach(seat -> leaving.add(seat.left()));
      }
    }
  }

  /** From now on, clients whose kernel ends are told that the server may come back. */
  void announceRestart() {
    closeCode = SERVICE_RESTART;
  }

  /** Waits a moment for clients to take what they have been told. */
  @Override
  public void close() {
    CompletableFuture<Void> all;
    synchronized (this) {
      all = CompletableFuture.allOf(leaving.toArray(CompletableFuture<?>[]::new));
    }
    try {
      all.get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.debug("some WebSockets are still open", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      log.error("a WebSocket could not be closed", e);
    }
  }
}
