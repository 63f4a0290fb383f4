package io.polybius.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Requests to one server, and their answers as JSON. All methods may be called by any thread; none
 * but {@link #await} waits. When it is closed, requests under way are broken off, and its threads
 * end a few seconds after; the one that the JDK's client has of its own ends when that is garbage.
 * A JDK before 16 cannot break off a request before its answer begins: there it ends with that, or
 * with the request's time.
 */
final class Connection implements AutoCloseable {

  /** Whether a request that has failed may be sent again, as long as the outage is bearable. */
  enum Repeat {
    /** At once, it is said what is wrong. */
    NEVER,
    /** If the server cannot have seen it. */
    IF_NOT_SENT,
    /** If the server cannot answer just now: asking twice does no harm. */
    ALWAYS,
    /** As always, but only in the first seconds, for somebody waits to be done. */
    BRIEFLY
  }

  /** Results are long texts in it; the server bounds them. */
  static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final Duration BRIEF_OUTAGE = Duration.ofSeconds(5);
  private static final long IDLE_THREAD_SECONDS = 5;
  private static final int MAX_MESSAGE_CHARS = 2000;

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Address address;
  private final Timeouts timeouts;
  private final Executor executor;
  private final ScheduledThreadPoolExecutor timer;
  private final HttpClient client;
  private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Connection(Address address, Timeouts timeouts, SSLContext tls) {
    this.address = address;
    this.timeouts = timeouts;
    String name = "polybius-client-" + COUNT.incrementAndGet();
    this.executor =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> daemon(task, name));
    this.timer = new ScheduledThreadPoolExecutor(1, task -> daemon(task, name + "-timer"));
    timer.setRemoveOnCancelPolicy(true);
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeouts.connect())
            .executor(executor);
    if (tls != null) {
      builder.sslContext(tls);
    }
    this.client = builder.build();
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  Timeouts timeouts() {
    return timeouts;
  }

  Executor executor() {
    return executor;
  }

  // ---- requests

  CompletableFuture<JsonNode> get(String path) {
    return get(path, Duration.ZERO);
  }

  /**
   * Asks for something that the server may hold back.
   *
   * @param held for how long
   */
  CompletableFuture<JsonNode> get(String path, Duration held) {
    return send(path, request(path, timeouts.answer().plus(held)).GET(), Repeat.ALWAYS, held);
  }

  /** Deletes something; one that is gone already is a 404. */
  CompletableFuture<JsonNode> delete(String path) {
    return send(path, request(path, timeouts.answer()).DELETE(), Repeat.BRIEFLY, Duration.ZERO);
  }

  CompletableFuture<JsonNode> post(String path, Map<String, ?> body, Repeat repeat) {
    return post(path, body, repeat, Duration.ZERO);
  }

  CompletableFuture<JsonNode> post(String path, Map<String, ?> body, Repeat repeat, Duration held) {
    try {
      return post(path, JSON.writeValueAsBytes(body), repeat, held);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  CompletableFuture<JsonNode> post(String path, byte[] json, Repeat repeat, Duration held) {
    return send(
        path,
        request(path, timeouts.answer().plus(held))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(json)),
        repeat,
        held);
  }

  /** Sends what is not JSON. */
  CompletableFuture<JsonNode> post(
      String path, String contentType, BodyPublisher body, Duration held) {
    return send(
        path,
        request(path, timeouts.answer().plus(held)).header("Content-Type", contentType).POST(body),
        Repeat.NEVER,
        held);
  }

  /**
   * Sends a request for events, once.
   *
   * @param lastEventId the last event that is known; -1 for none
   */
  CompletableFuture<HttpResponse<String>> follow(
      String path, long lastEventId, BodyHandler<String> handler) {
    HttpRequest.Builder request =
        request(path, timeouts.answer()).header("Accept", "text/event-stream").GET();
    if (lastEventId >= 0) {
      request.header("Last-Event-ID", String.valueOf(lastEventId));
    }
    return sendOnce(request.build(), handler);
  }

  /**
   * Sends a request once. If the future fails, by a time limit, by whoever cancels it or because
   * the client is closed, the request is broken off.
   */
  private <T> CompletableFuture<HttpResponse<T>> sendOnce(
      HttpRequest request, BodyHandler<T> handler) {
    BreakableBody<T> body = new BreakableBody<>(handler);
    CompletableFuture<HttpResponse<T>> sent = client.sendAsync(request, body);
    CompletableFuture<HttpResponse<T>> response = new CompletableFuture<>();
    response.whenComplete(
        (value, error) -> {
          if (error != null) {
            sent.cancel(true);
            body.breakOff();
          }
        });
    sent.whenComplete(
        (value, error) -> {
          if (error != null) {
            response.completeExceptionally(error);
          } else {
            response.complete(value);
          }
        });
    return untilClosed(response);
  }

  /** Has a future fail when the client is closed, or at once if it is closed already. */
  <T> CompletableFuture<T> untilClosed(CompletableFuture<T> future) {
    pending.add(future);
    future.whenComplete((value, error) -> pending.remove(future));
    if (closed) {
      future.completeExceptionally(clientClosed());
    }
    return future;
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address.resolve(path))
            .timeout(timeout)
            .header("Accept", "*/*")
            .header("X-Requested-By", "polybius-client");
    address.authorization().ifPresent(value -> request.header("Authorization", value));
    return request;
  }

  private CompletableFuture<JsonNode> send(
      String path, HttpRequest.Builder builder, Repeat repeat, Duration held) {
    CompletableFuture<JsonNode> answer = untilClosed(new CompletableFuture<>());
    new Exchange(path, builder.build(), repeat, held, answer).run();
    return answer;
  }

  /** One request, until it is answered or given up. */
  private final class Exchange implements Runnable {
    private final String path;
    private final HttpRequest request;
    private final Repeat repeat;
    private final Duration held;
    private final CompletableFuture<JsonNode> answer;
    private final Duration outage;
    private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    private long failingSince;

    Exchange(
        String path,
        HttpRequest request,
        Repeat repeat,
        Duration held,
        CompletableFuture<JsonNode> answer) {
      this.path = path;
      this.request = request;
      this.repeat = repeat;
      this.held = held;
      this.answer = answer;
      if (repeat == Repeat.BRIEFLY) {
        this.outage = shorter(BRIEF_OUTAGE, timeouts.outage());
        this.failingSince = System.nanoTime();
      } else {
        this.outage = timeouts.outage();
      }
    }

    @Override
    public void run() {
      if (answer.isDone()) {
        // The client was closed.
        return;
      }
      // The client's own limit ends when the head of the answer has come.
      Duration limit = timeouts.answer().plus(timeouts.answer()).plus(held);
      sendOnce(request, BodyHandlers.ofByteArray())
          .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
          .whenCompleteAsync(this::take, executor);
    }

    private void take(HttpResponse<byte[]> response, Throwable error) {
      try {
        if (error != null) {
          Throwable cause = unwrapped(error);
          boolean again =
              mayRepeatAnyway() && isOutage(cause)
                  || repeat == Repeat.IF_NOT_SENT && isNotSent(cause);
          fail(again, unreachable(cause));
        } else if (response.statusCode() < 300) {
          answer.complete(json(response.body()));
        } else {
          fail(
              mayRepeatAnyway() && isPassing(response.statusCode()),
              refused(request, path, response));
        }
      } catch (RuntimeException e) {
        answer.completeExceptionally(e);
      }
    }

    private boolean mayRepeatAnyway() {
      return repeat == Repeat.ALWAYS || repeat == Repeat.BRIEFLY;
    }

    private void fail(boolean again, PolybiusException error) {
      long now = System.nanoTime();
      if (failingSince == 0) {
        failingSince = now;
      }
      if (!again || closed || now - failingSince > outage.toNanos()) {
        answer.completeExceptionally(closed ? clientClosed() : error);
        return;
      }
      later(backoff.next(), this);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /**
   * Runs a task after a while, on one of the client's threads; never once it is closed. So whatever
   * waits for the task has to be {@link #untilClosed}.
   */
  void later(Duration pause, Runnable task) {
    try {
      timer.schedule(() -> executor.execute(task), pause.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // The client is closed, and what waits for the task fails.
    }
  }

  private static boolean isNotSent(Throwable cause) {
    return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
  }

  /** An answer that stops in its middle shows itself by a time limit that is no IOException. */
  private static boolean isOutage(Throwable cause) {
    return (cause instanceof IOException || cause instanceof TimeoutException) && !isTls(cause);
  }

  private static boolean isTls(Throwable cause) {
    for (Throwable each = cause; each != null; each = each.getCause()) {
      if (each instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  /** Whether a server, or a proxy before it, is likely to answer otherwise after a while. */
  static boolean isPassing(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
  }

  private static JsonNode json(byte[] body) {
    if (body.length == 0) {
      return MissingNode.getInstance();
    }
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new PolybiusException(
          "The answer is no JSON: "
              + shortened(new String(body, StandardCharsets.UTF_8))
              + "\nIs the address that of a Polybius server?",
          e);
    }
  }

  // ---- what goes wrong

  private PolybiusException unreachable(Throwable cause) {
    String message;
    if (isTls(cause)) {
      message =
          "TLS with "
              + address
              + " does not work: "
              + cause.getMessage()
              + "\nIf its certificate is your own, name it: trustCertificates(Path).";
    } else if (cause instanceof HttpTimeoutException || cause instanceof TimeoutException) {
      message = address + " does not answer in time.";
    } else {
      message = address + " cannot be reached: " + cause + "\nDoes the server run there?";
    }
    return new ServerUnreachableException(message, cause);
  }

  private RequestRefusedException refused(
      HttpRequest request, String path, HttpResponse<byte[]> response) {
    int status = response.statusCode();
    return refused(
        request.method() + " " + path,
        status,
        new String(response.body(), StandardCharsets.UTF_8),
        response.headers().firstValue("Location").orElse(""));
  }

  private RequestRefusedException refused(
      String request, int status, String body, String location) {
    String advice = "";
    if (status < 400) {
      advice = "\nThe server is elsewhere: " + withoutQuery(location) + ". Use that address.";
    } else if (status == 401) {
      advice = "\nThe server wants its access token: token(...) or tokenFile(...).";
    } else if (status == 404 && body.isEmpty()) {
      advice = "\nIs the address that of a Polybius server?";
    }
    return new RequestRefusedException(
        status, request + " at " + address + ": " + status + " " + messageOf(body) + advice);
  }

  RequestRefusedException refused(String path, HttpResponse<String> response) {
    return refused("GET " + path, response.statusCode(), response.body(), "");
  }

  private static String withoutQuery(String location) {
    int query = location.indexOf('?');
    return query < 0 ? location : location.substring(0, query);
  }

  private static String messageOf(String body) {
    try {
      JsonNode json = JSON.readTree(body);
      if (json.hasNonNull("msg")) {
        return shortened(json.get("msg").asText());
      } else if (json.isTextual()) {
        return shortened(json.asText());
      }
    } catch (JsonProcessingException e) {
      // Then it is shown as it is.
    }
    return shortened(body);
  }

  private static String shortened(String text) {
    return text.length() <= MAX_MESSAGE_CHARS ? text : text.substring(0, MAX_MESSAGE_CHARS) + "...";
  }

  private PolybiusException clientClosed() {
    return new PolybiusException("This client was closed.");
  }

  static Throwable unwrapped(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /**
   * Waits for something.
   *
   * @param what it is, for the error if it does not come in time
   */
  static <T> T await(CompletableFuture<T> future, Duration limit, String what) {
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new TimeLimitException(what + " has not come within " + limit.toSeconds() + " s.");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PolybiusException("Interrupted while waiting: " + what + " has not come yet.", e);
    } catch (ExecutionException e) {
      Throwable cause = unwrapped(e);
      if (cause instanceof PolybiusException) {
        throw (PolybiusException) cause;
      }
      throw new PolybiusException(what + " has not come: " + cause, cause);
    }
  }

  /** Waits for the answer to a request, as long as such a request can take. */
  JsonNode await(CompletableFuture<JsonNode> answer, Duration held) {
    Duration limit =
        timeouts.outage().plus(timeouts.answer().multipliedBy(2)).plus(held).plusSeconds(1);
    return await(answer, limit, "The server's answer");
  }

  @Override
  public String toString() {
    return address.toString();
  }

  /** What is still waited for fails, and its requests are broken off. */
  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    for (CompletableFuture<?> each : pending) {
      each.completeExceptionally(clientClosed());
    }
  }
}
