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
import java.net.URI;
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
 * but {@link #await} waits. Its threads end a few seconds after it has been closed.
 */
final class Connection implements AutoCloseable {

  /** Whether a request that has failed may be sent again, as long as the outage is bearable. */
  enum Repeat {
    /** At once, it is said what is wrong. */
    NEVER,
    /** If the server cannot have seen it. */
    IF_NOT_SENT,
    /** If the server cannot answer just now: asking twice does no harm. */
    ALWAYS
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

  boolean isClosed() {
    return closed;
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

  CompletableFuture<JsonNode> delete(String path) {
    return send(path, request(path, timeouts.answer()).DELETE(), Repeat.NEVER, Duration.ZERO);
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
    return client.sendAsync(request.build(), handler);
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
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    pending.add(answer);
    answer.whenComplete((value, error) -> pending.remove(answer));
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
    private long failingSince;
    private Duration pause = FIRST_PAUSE;

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
    }

    @Override
    public void run() {
      if (closed) {
        answer.completeExceptionally(clientClosed());
        return;
      }
      // The client's own limit ends when the head of the answer has come.
      Duration limit = timeouts.answer().plus(timeouts.answer()).plus(held);
      client
          .sendAsync(request, BodyHandlers.ofByteArray())
          .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
          .whenCompleteAsync(this::take, executor);
    }

    private void take(HttpResponse<byte[]> response, Throwable error) {
      try {
        if (error != null) {
          Throwable cause = unwrapped(error);
          boolean again =
              repeat == Repeat.ALWAYS && cause instanceof IOException && !isTls(cause)
                  || repeat == Repeat.IF_NOT_SENT && isNotSent(cause);
          fail(again, unreachable(cause));
        } else if (response.statusCode() < 300) {
          answer.complete(json(response.body()));
        } else {
          fail(
              repeat == Repeat.ALWAYS && isPassing(response.statusCode()),
              refused(request, path, response));
        }
      } catch (RuntimeException e) {
        answer.completeExceptionally(e);
      }
    }

    private void fail(boolean again, PolybiusException error) {
      long now = System.nanoTime();
      if (failingSince == 0) {
        failingSince = now;
      }
      if (!again || closed || now - failingSince > timeouts.outage().toNanos()) {
        answer.completeExceptionally(closed ? clientClosed() : error);
        return;
      }
      later(pause, this);
      pause = shorter(pause.multipliedBy(2), LONGEST_PAUSE);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** Runs a task after a while, on one of the client's threads; never once it is closed. */
  void later(Duration pause, Runnable task) {
    if (!closed) {
      timer.schedule(() -> executor.execute(task), pause.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private static boolean isNotSent(Throwable cause) {
    return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
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

  URI resolve(String path) {
    return address.resolve(path);
  }

  @Override
  public String toString() {
    return address.toString();
  }

  /** What is still waited for fails. */
  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    for (CompletableFuture<?> each : pending) {
      each.completeExceptionally(clientClosed());
    }
  }
}
