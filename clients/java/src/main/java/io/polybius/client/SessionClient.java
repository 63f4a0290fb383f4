package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.job.Job;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A session of a Polybius server. All methods may be called by any thread, and however much is
 * waited for at a time, no thread is taken for it but those of the callers.
 *
 * <pre>{@code
 * try (SessionClient session = SessionClient.at("http://localhost:8998").open()) {
 *   session.uploadClassesOf(Main.class);
 *   long count = session.run(context -> context.sparkSession().range(100).count());
 * }
 * }</pre>
 */
public final class SessionClient implements AutoCloseable {

  /** What a server waits for a session that still starts, before it adds something to it. */
  private static final Duration ADDING = Duration.ofMinutes(5);

  private static final int LOG_LINES = 20;

  private final Connection connection;
  private final String path;
  private final long id;
  private final boolean endsSession;
  private final ObjectInputFilter resultFilter;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean isReady;

  /**
   * @param endsSession whether the session goes with the client
   * @param resultFilter says what results may be made of; null for all
   */
  SessionClient(
      Connection connection, long id, boolean endsSession, ObjectInputFilter resultFilter) {
    this.connection = connection;
    this.path = "/sessions/" + id;
    this.id = id;
    this.endsSession = endsSession;
    this.resultFilter = resultFilter;
  }

  /**
   * Begins to say which session is wanted.
   *
   * @param server its address, such as {@code http://localhost:8998}
   * @throws IllegalArgumentException if that is no address of a server
   */
  public static SessionBuilder at(String server) {
    URI uri;
    try {
      uri = URI.create(server);
    } catch (IllegalArgumentException e) {
      // The text may have a password in it, and so may the exception.
      throw new IllegalArgumentException(
          "The address of a server is one such as http://localhost:8998.");
    }
    return at(uri);
  }

  /**
   * Begins to say which session is wanted.
   *
   * @param server its address, under which the server's routes are
   * @throws IllegalArgumentException if that is no address of a server
   */
  public static SessionBuilder at(URI server) {
    return new SessionBuilder(server);
  }

  /** Returns the session's number, by which others can join it. */
  public long id() {
    return id;
  }

  /**
   * Returns the state of the session: {@code starting}, {@code idle}, {@code busy}, {@code
   * shutting_down}, {@code dead} or {@code killed}.
   */
  public String state() {
    return stateOf(connection.await(connection.get(path + "/state"), Duration.ZERO));
  }

  private static String stateOf(JsonNode session) {
    return session.path("state").asText();
  }

  /**
   * Waits until the session is ready for statements, ten minutes at most or as long as {@link
   * SessionBuilder#startTimeout} says. Jobs, jars and files need not be waited with.
   *
   * @throws SessionEndedException if it has ended, or could not be started
   * @throws TimeLimitException if it takes longer
   */
  public void awaitReady() {
    awaitReady(connection.timeouts().start());
  }

  /**
   * Waits until the session is ready for statements.
   *
   * @param limit how long at most
   * @throws SessionEndedException if it has ended, or could not be started
   * @throws TimeLimitException if it takes longer
   */
  public void awaitReady(Duration limit) {
    if (isReady || isReady(state())) {
      return;
    }
    CompletableFuture<Void> ready = connection.untilClosed(new CompletableFuture<>());
    try (EventStream events =
        new EventStream(
            connection,
            path + "/events",
            event -> {
              // It may be one of long ago; what counts is what the session says now.
              if (event.type().equals("session") && !stateOf(event.json()).equals("starting")) {
                checkReady(ready);
              }
            })) {
      events.end().whenComplete((nothing, error) -> checkReady(ready));
      events.start();
      Void unused = Connection.await(ready, limit, "The start of session " + id);
    } finally {
      ready.cancel(false);
    }
  }

  private void checkReady(CompletableFuture<Void> ready) {
    if (ready.isDone()) {
      return;
    }
    connection
        .get(path + "/state")
        .whenComplete(
            (session, error) -> {
              try {
                if (error != null) {
                  ready.completeExceptionally(Connection.unwrapped(error));
                } else if (isReadyOrStarts(stateOf(session))) {
                  ready.complete(null);
                }
              } catch (SessionEndedException e) {
                // The log is asked for on a thread that may wait.
                connection
                    .executor()
                    .execute(() -> ready.completeExceptionally(new SessionEndedException(ended())));
              }
            });
  }

  private boolean isReady(String state) {
    try {
      return isReadyOrStarts(state);
    } catch (SessionEndedException e) {
      throw new SessionEndedException(ended());
    }
  }

  private boolean isReadyOrStarts(String state) {
    if (state.equals("idle") || state.equals("busy")) {
      isReady = true;
      return true;
    } else if (state.equals("starting")) {
      return false;
    }
    throw new SessionEndedException("Session " + id + " is " + state + ".");
  }

  private String ended() {
    StringBuilder text = new StringBuilder("Session " + id + " has ended. Its log ends with:");
    try {
      connection
          .await(connection.get(path + "/log?size=" + LOG_LINES), Duration.ZERO)
          .path("log")
          .forEach(line -> text.append('\n').append(line.asText()));
    } catch (PolybiusException e) {
      text.append("\n(").append(e.getMessage()).append(')');
    }
    return text.toString();
  }

  // ---- jobs

  /**
   * Sends a job, and returns when the server has it. A session that still starts takes jobs too.
   *
   * @throws IllegalArgumentException if the job cannot be serialized
   * @throws PolybiusException if the server does not take it
   */
  public <T> JobHandle<T> submit(Job<T> job) {
    JsonNode sent =
        connection.await(
            connection.post(
                path + "/submit-job",
                JobBytes.requestOf(job),
                Connection.Repeat.IF_NOT_SENT,
                Duration.ZERO),
            Duration.ZERO);
    return new JobHandle<>(
        connection, path, sent.path("id").asLong(), JobBytes.reader(resultFilter));
  }

  /**
   * Runs a job and waits for what it returns, as {@link JobHandle#get()} does.
   *
   * @throws IllegalArgumentException if the job cannot be serialized
   * @throws JobFailedException if it has thrown something
   * @throws PolybiusException if its value cannot be had
   */
  public <T> T run(Job<T> job) {
    return submit(job).get();
  }

  /**
   * Runs a job and waits for what it returns.
   *
   * @param limit how long at most
   * @throws IllegalArgumentException if the job cannot be serialized
   * @throws JobFailedException if it has thrown something
   * @throws TimeLimitException if it takes longer; it runs on
   * @throws PolybiusException if its value cannot be had
   */
  public <T> T run(Job<T> job, Duration limit) {
    return submit(job).get(limit);
  }

  /**
   * Returns a job that was sent already, perhaps by a client that is no more. What it returns is
   * opened here, whoever has sent it: {@link SessionBuilder#resultFilter} bounds what that may be.
   *
   * @param jobId its number
   * @param type of what it returns
   */
  public <T> JobHandle<T> job(long jobId, Class<T> type) {
    return new JobHandle<>(connection, path, jobId, JobBytes.reader(type, resultFilter));
  }

  // ---- statements

  /**
   * Runs code in the session's default language. A session that still starts is waited for.
   *
   * @throws PolybiusException if the server does not take it
   */
  public StatementHandle execute(String code) {
    return execute(Map.of("code", code));
  }

  /**
   * Runs code. A session that still starts is waited for.
   *
   * @param kind its language, such as {@code spark}, {@code pyspark} or {@code sql}
   * @throws PolybiusException if the server does not take it
   */
  public StatementHandle execute(String code, String kind) {
    Map<String, String> body = new LinkedHashMap<>();
    body.put("code", code);
    body.put("kind", kind);
    return execute(body);
  }

  private StatementHandle execute(Map<String, String> body) {
    awaitReady();
    JsonNode sent =
        connection.await(
            connection.post(path + "/statements", body, Connection.Repeat.IF_NOT_SENT),
            Duration.ZERO);
    return new StatementHandle(connection, path, sent.path("id").asLong());
  }

  // ---- jars and files

  /**
   * Adds a jar that the driver can read. Returns when jobs and statements see it.
   *
   * @throws PolybiusException if that does not work
   */
  public void addJar(URI jar) {
    add("/add-jar", jar);
  }

  /**
   * Adds a file that the driver can read. Returns when code can get it.
   *
   * @throws PolybiusException if that does not work
   */
  public void addFile(URI file) {
    add("/add-file", file);
  }

  /**
   * Adds a module of Python, or an archive of some, that the driver can read.
   *
   * @throws PolybiusException if that does not work
   */
  public void addPyFile(URI file) {
    add("/add-pyfile", file);
  }

  private void add(String route, URI uri) {
    JsonNode unused =
        connection.await(
            connection.post(
                path + route, Map.of("uri", uri.toString()), Connection.Repeat.IF_NOT_SENT, ADDING),
            ADDING);
  }

  /**
   * Uploads a jar of this machine. Returns when jobs and statements see it.
   *
   * @throws IllegalArgumentException if there is no such file
   * @throws PolybiusException if that does not work
   */
  public void uploadJar(Path jar) {
    upload("/upload-jar", "jar", jar);
  }

  /**
   * Uploads a file of this machine, which code gets by {@code SparkFiles.get}.
   *
   * @throws IllegalArgumentException if there is no such file
   * @throws PolybiusException if that does not work
   */
  public void uploadFile(Path file) {
    upload("/upload-file", "file", file);
  }

  /**
   * Uploads a module of Python, or an archive of some.
   *
   * @throws IllegalArgumentException if there is no such file
   * @throws PolybiusException if that does not work
   */
  public void uploadPyFile(Path file) {
    upload("/upload-pyfile", "file", file);
  }

  /**
   * Uploads what these classes were loaded from: the jar, or all of the folder. Of a class that is
   * only in memory, as with {@code java Main.java}, it is the class with those that are in it. What
   * they use beside that needs an upload of its own.
   *
   * @throws IllegalArgumentException if a class is one of the JDK, or nobody has its bytes
   * @throws PolybiusException if that does not work
   */
  public void uploadClassesOf(Class<?>... types) {
    try (ClassJars jars = new ClassJars(types)) {
      for (Path jar : jars.jars()) {
        uploadJar(jar);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("No jar could be made of the classes.", e);
    }
  }

  private void upload(String route, String part, Path file) {
    Upload upload = new Upload(part, file);
    JsonNode unused =
        connection.await(
            connection.post(path + route, upload.contentType(), upload.body(), upload.limit()),
            upload.limit());
  }

  // ---- the session itself

  /**
   * Follows what happens in the session: its states, statements, what they put out, and jobs, from
   * the oldest that the server has kept. Events come one after the other, on a thread of the
   * client, until the session ends or the client is closed. What the listener throws goes to the
   * thread's handler of uncaught exceptions, and the next event comes all the same.
   */
  public EventSubscription events(Consumer<SessionEvent> listener) {
    EventStream stream = new EventStream(connection, path + "/events", listener);
    stream.start();
    return stream;
  }

  /**
   * Ends the session, whoever has opened it, and closes the client.
   *
   * @throws PolybiusException if the server does not end it; the client is closed anyway
   */
  public void end() {
    if (closed.compareAndSet(false, true)) {
      try {
        delete();
      } finally {
        connection.close();
      }
    }
  }

  private void delete() {
    try {
      JsonNode unused = connection.await(connection.delete(path), Duration.ZERO);
    } catch (RequestRefusedException e) {
      if (e.status() != 404) {
        throw e;
      }
      // It has ended before.
    }
  }

  /**
   * Closes the client. The session ends if this client has opened it and was not told to keep it.
   * What is still waited for fails, requests under way are broken off, and listeners hear no more.
   * A server that cannot answer just now is asked again for five seconds to end the session.
   *
   * @throws PolybiusException if the server does not end the session; the client is closed anyway
   */
  @Override
  public void close() {
    if (endsSession) {
      end();
    } else if (closed.compareAndSet(false, true)) {
      connection.close();
    }
  }

  @Override
  public String toString() {
    return "session " + id + " at " + connection;
  }
}
