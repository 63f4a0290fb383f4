package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelConnection;
import io.polybius.kernel.link.LinkEnd;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import io.undertow.websockets.WebSocketConnectionCallback;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.protocol.Handshake;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;

/**
 * The WebSockets of all kernels. A client that names itself in {@code session_id} keeps its place
 * for a while when its WebSocket breaks; if no other client is there, until one comes. A kernel
 * that a relay has opened ends when its last client does not come back.
 *
 * <p>May be used from any thread. No lock of a kernel is taken while this object's lock is held.
 * The thread that finds out that a client is gone takes neither: it may hold the lock of a place,
 * which others take while they hold one of those.
 */
final class KernelChannels implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelChannels.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
  private static final int SERVICE_RESTART = 1012;
  private static final String RELAY = "relay";

  /** What Jupyter's servers are made of. */
  private static final String TORNADO = "Tornado/";

  private final ScheduledExecutorService timer;
  private final Duration grace;
  private final AtomicLong arrivals = new AtomicLong();
  private final Map<String, Seats> kernels = new HashMap<>();
  private final List<CompletableFuture<Void>> leaving = new ArrayList<>();
  private volatile int closeCode = CloseMessage.NORMAL_CLOSURE;

  /** Stands for a relay that has not come yet. */
  private static final ClientName EXPECTED_RELAY = new ClientName("", Optional.empty(), false);

  /** The clients of one kernel. */
  private static final class Seats {
    private final Map<ClientName, Seat> seats = new HashMap<>();

    /** Those that were made for a WebSocket which has not come yet. */
    private final Set<ClientName> expected = new HashSet<>();

    /** When, in the order of arrival, the latest WebSocket for each of them was asked for. */
    private final Map<ClientName, Long> latest = new HashMap<>();

    /** Those whose clients were waited for in vain. */
    private final Map<ClientName, Seat> parked = new HashMap<>();

    /** The latest losses of clients that are waited for; one that comes back takes its own away. */
    private final Map<ClientName, Object> losses = new HashMap<>();

    private boolean relay;

    boolean isAlone() {
      return seats.values().stream().noneMatch(Seat::isLive);
    }
  }

  /**
   * What a client is known by when it comes again.
   *
   * @param session the name that it gave itself, or got
   * @param form how its messages are written; nothing for a relay
   * @param comesAgain whether it can come again, because it knows that name
   */
  private record ClientName(String session, Optional<WireForm> form, boolean comesAgain) {

    ObjectNode write() {
      return JupyterJson.object()
          .put("session", session)
          .put("form", form.map(WireForm::name).orElse(RELAY));
    }

    static ClientName read(ObjectNode written) {
      String form = written.path("form").asText();
      return new ClientName(
          written.path("session").asText(),
          form.equals(RELAY) ? Optional.empty() : Optional.of(WireForm.valueOf(form)),
          true);
    }
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
    kernel.journal().ofRelay();
    await(kernel, EXPECTED_RELAY, () -> {});
  }

  /** Answers a request for a WebSocket to a kernel. */
  void open(HttpServerExchange exchange, Kernel kernel) {
    if (!exchange.getRequestHeaders().contains(Headers.SEC_WEB_SOCKET_KEY)) {
      JsonExchange.of(exchange)
          .fail(StatusCodes.BAD_REQUEST, "The channels of a kernel are a WebSocket.");
      return;
    }
    Optional<WireForm> form =
        offers(exchange, LinkEnd.SUBPROTOCOL) ? Optional.empty() : Optional.of(form(exchange));
    Optional<String> session =
        JsonExchange.query(exchange, "session_id").filter(name -> !name.isEmpty());
    ClientName client =
        new ClientName(
            session.orElseGet(() -> UUID.randomUUID().toString()), form, session.isPresent());
    Consumer<Seat> onLost =
        seat -> after(Duration.ZERO, () -> lost(kernel, client, seat, session.isPresent()));
    long arrival = arrivals.incrementAndGet();
    WebSocketConnectionCallback connected =
        (upgraded, channel) -> sit(kernel, client, arrival, onLost, channel);
    HttpHandler unsupported =
        refused ->
            JsonExchange.of(refused)
                .fail(StatusCodes.BAD_REQUEST, "Only WebSocket version 13 is spoken here.");
    HttpHandler handshake =
        new WebSocketProtocolHandshakeHandler(List.of(handshake(form)), connected, unsupported);
    exchange.dispatch(
        (HttpHandler)
            taken -> {
              // Before the client is answered, so that it misses nothing from then on; and not on a
              // thread that serves many, for the kernel may let it wait.
              Seat unused = seat(kernel, client, onLost);
              handshake.handleRequest(taken);
            });
  }

  private static boolean offers(HttpServerExchange exchange, String subprotocol) {
    HeaderValues offered = exchange.getRequestHeaders().get(Headers.SEC_WEB_SOCKET_PROTOCOL);
    return offered != null
        && offered.stream()
            .flatMap(names -> Arrays.stream(names.split(",")))
            .anyMatch(name -> name.strip().equals(subprotocol));
  }

  private static WireForm form(HttpServerExchange exchange) {
    if (offers(exchange, V1WebSocketCodec.SUBPROTOCOL)) {
      return WireForm.V1;
    }
    String program = exchange.getRequestHeaders().getFirst(Headers.USER_AGENT);
    return program != null && program.startsWith(TORNADO) ? WireForm.LEGACY_TEXT : WireForm.LEGACY;
  }

  private static Handshake handshake(Optional<WireForm> form) {
    if (form.isEmpty()) {
      return new Hybi13Handshake(Set.of(LinkEnd.SUBPROTOCOL), false);
    }
    return form.get() == WireForm.V1
        ? new Hybi13Handshake(Set.of(V1WebSocketCodec.SUBPROTOCOL), false)
        : new LegacyHandshake();
  }

  /**
   * Lets a client go on over a new WebSocket. A Jupyter Server that connects twice in a row has
   * given the first connection up, whichever is dealt with first here.
   */
  private void sit(
      Kernel kernel,
      ClientName client,
      long arrival,
      Consumer<Seat> onLost,
      WebSocketChannel channel) {
    boolean sits = false;
    while (!sits) {
      Seat seat = seat(kernel, client, onLost);
      Runnable begin = () -> {};
      Map<ClientName, Seat> abandoned = Map.of();
      // It can have been given up at the very moment at which its client comes back.
      synchronized (this) {
        Seats all = seats(kernel);
        sits = all.seats.get(client) == seat;
        if (sits && all.latest.merge(client, arrival, Math::max) > arrival) {
          begin = () -> IoUtils.safeClose(channel);
        } else if (sits) {
          all.losses.remove(client);
          all.losses.remove(EXPECTED_RELAY);
          all.parked.remove(client);
          if (all.expected.remove(client)) {
            abandoned = Map.copyOf(all.parked);
            all.parked.clear();
          }
          begin = seat.take(channel);
        }
      }
      begin.run();
      abandoned.forEach((name, other) -> leave(kernel, name, other));
    }
  }

  /** Returns the client's place, which it has at least until a WebSocket would have come. */
  private Seat seat(Kernel kernel, ClientName client, Consumer<Seat> onLost) {
    Seat seat;
    synchronized (this) {
      Seats all = seats(kernel);
      Seat known = all.seats.get(client);
      if (known != null && !known.isOver()) {
        return known;
      }
      SeatLog seatLog =
          client.comesAgain()
              ? kernel
                  .journal()
                  .seats()
                  .map(
                      in -> SeatLog.begin(in.resolve(UUID.randomUUID().toString()), client.write()))
                  .orElseGet(SeatLog::none)
              : SeatLog.none();
      seat = newSeat(kernel, client, seatLog, onLost);
      all.seats.put(client, seat);
      all.parked.remove(client);
      all.latest.remove(client);
      all.expected.add(client);
    }
    kernel.connect(seat);
    await(kernel, client, () -> leave(kernel, client, seat));
    return seat;
  }

  private Seat newSeat(Kernel kernel, ClientName client, SeatLog seatLog, Consumer<Seat> onLost) {
    return client
        .form()
        .<Seat>map(form -> new ChannelSeat(kernel, form, seatLog, onLost, () -> closeCode))
        .orElseGet(() -> new RelaySeat(kernel, seatLog, onLost, () -> closeCode));
  }

  /**
   * Gives the clients of an earlier server their places back, where they are waited for as if they
   * had just been lost.
   *
   * @return their connections by the names under which they are kept
   */
  Map<String, KernelConnection> restore(Kernel kernel) {
    Map<String, KernelConnection> byName = new HashMap<>();
    for (SeatLog seatLog : SeatLog.leftIn(kernel.journal().seats())) {
      ClientName client = ClientName.read(seatLog.client());
      Seat seat =
          newSeat(
              kernel,
              client,
              seatLog,
              lost -> after(Duration.ZERO, () -> lost(kernel, client, lost, true)));
      synchronized (this) {
        seats(kernel).seats.put(client, seat);
      }
      kernel.connect(seat);
      byName.put(seat.keptName(), seat);
      lost(kernel, client, seat, true);
    }
    if (kernel.journal().identity().relay()) {
      expectRelay(kernel);
    }
    return byName;
  }

  private Seats seats(Kernel kernel) {
    return kernels.computeIfAbsent(kernel.id(), id -> new Seats());
  }

  /** A client is gone, unless it is back already. */
  private void lost(Kernel kernel, ClientName client, Seat seat, boolean mayComeAgain) {
    if (seat.isLive()) {
      return;
    }
    if (!mayComeAgain) {
      leave(kernel, client, seat);
      await(kernel, client, () -> {});
      return;
    }
    await(
        kernel,
        client,
        () -> {
          if (!parks(kernel, client, seat)) {
            leave(kernel, client, seat);
          }
        });
  }

  /**
   * Waits for a client from now on.
   *
   * @param inVain what is done if it does not come in time; then a kernel ends that has nobody else
   */
  private void await(Kernel kernel, ClientName client, Runnable inVain) {
    Object loss = new Object();
    Seats all;
    synchronized (this) {
      all = kernels.getOrDefault(kernel.id(), new Seats());
      all.losses.put(client, loss);
    }
    after(
        grace,
        () -> {
          boolean lost;
          synchronized (this) {
            // Else it has come back, and may have been lost once more.
            lost = all.losses.remove(client, loss);
          }
          if (lost) {
            inVain.run();
            endIfAlone(kernel, all);
          }
        });
  }

  /** The last client may be a notebook that is opened again tomorrow. */
  private synchronized boolean parks(Kernel kernel, ClientName client, Seat seat) {
    Seats all = kernels.get(kernel.id());
    if (all == null
        || all.relay
        || !all.isAlone()
        || seat.isOver()
        || all.seats.get(client) != seat) {
      return false;
    }
    all.parked.put(client, seat);
    return true;
  }

  /** Gives a place up, unless its client is there. */
  private void leave(Kernel kernel, ClientName client, Seat seat) {
    synchronized (this) {
      if (seat.isLive()) {
        return;
      }
      Seats known = kernels.get(kernel.id());
      if (known != null) {
        if (known.seats.remove(client, seat)) {
          known.latest.remove(client);
          known.expected.remove(client);
        }
        if (known.seats.isEmpty() && !known.relay) {
          kernels.remove(kernel.id());
        }
      }
    }
    kernel.disconnect(seat);
    seat.forget();
  }

  private void endIfAlone(Kernel kernel, Seats all) {
    synchronized (this) {
      boolean isOver = kernels.get(kernel.id()) != all;
      if (isOver || !all.relay || !all.isAlone() || !all.losses.isEmpty()) {
        return;
      }
    }
    log.info("kernel {} ends because its relay is gone", kernel.id());
    kernel.shutDown();
  }

  private void after(Duration delay, Runnable task) {
    try {
      ScheduledFuture<?> unused = timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
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
        known.seats.values().forEach(seat -> leaving.add(seat.left().thenRun(seat::close)));
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
