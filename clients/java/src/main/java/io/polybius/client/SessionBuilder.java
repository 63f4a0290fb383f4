package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;

/**
 * How a client comes to a session: where the server is and what it wants to know, then either
 * {@link #open()} for a new session, of which the other methods say what it is to be like, or
 * {@link #join(String)} for one that there is. For one thread.
 */
public final class SessionBuilder {

  private Address address;
  private Timeouts timeouts = Timeouts.DEFAULT;
  private SSLContext tls;
  private boolean keepsSession;
  private ObjectInputFilter resultFilter;
  private final Map<String, Object> wanted = new LinkedHashMap<>();
  private final Map<String, String> conf = new LinkedHashMap<>();

  SessionBuilder(URI server) {
    this.address = Address.of(server);
  }

  // ---- how to get to the server

  /** Gives the server's access token. */
  public SessionBuilder token(String token) {
    address = address.withToken(token.strip());
    return this;
  }

  /**
   * Gives the server's access token, from a file.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  public SessionBuilder tokenFile(Path file) {
    try {
      return token(Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalArgumentException("The token in " + file + " cannot be read: " + e, e);
    }
  }

  /** Gives a user and a password, for Basic authentication. */
  public SessionBuilder password(String user, String password) {
    address = address.withPassword(user, password);
    return this;
  }

  /** Uses TLS as somebody has set it up, with certificates of the client's own if need be. */
  public SessionBuilder sslContext(SSLContext context) {
    tls = context;
    return this;
  }

  /** Trusts the certificates of a PEM file, and no others. */
  public SessionBuilder trustCertificates(Path pemFile) {
    return sslContext(Trust.certificates(pemFile));
  }

  /** Trusts the certificates of a key store, and no others. */
  public SessionBuilder trustStore(Path keyStore, char[] password) {
    return sslContext(Trust.store(keyStore, password));
  }

  // ---- what to take from it

  /**
   * Bounds of which classes the results of jobs may be made here, such as {@code
   * ObjectInputFilter.Config.createFilter("java.base/*;com.example.*;!*")}. In a session that
   * others use too, results can be theirs. Without it, all classes that the program has may be.
   */
  public SessionBuilder resultFilter(ObjectInputFilter filter) {
    resultFilter = filter;
    return this;
  }

  // ---- how long to wait

  /** Says how long a connection may take; by default ten seconds. */
  public SessionBuilder connectTimeout(Duration time) {
    timeouts = timeouts.withConnect(time);
    return this;
  }

  /** Says how long an answer may take that the server can give at once; by default a minute. */
  public SessionBuilder requestTimeout(Duration time) {
    timeouts = timeouts.withAnswer(time);
    return this;
  }

  /**
   * Says how long a server that does not answer is asked again for the end of a job, because a
   * server that starts anew may have it still; by default two minutes.
   */
  public SessionBuilder outageTimeout(Duration time) {
    timeouts = timeouts.withOutage(time);
    return this;
  }

  /** Says how long a session may take to become ready; by default ten minutes. */
  public SessionBuilder startTimeout(Duration time) {
    timeouts = timeouts.withStart(time);
    return this;
  }

  /**
   * Says how long jobs and statements are waited for where nothing else is said; by default a day.
   */
  public SessionBuilder jobTimeout(Duration time) {
    timeouts = timeouts.withEnd(time);
    return this;
  }

  // ---- what a new session is to be like

  /** Says the default language of its statements, such as {@code spark} or {@code pyspark}. */
  public SessionBuilder kind(String kind) {
    return with("kind", kind);
  }

  /** Gives it a name, by which others can join it. */
  public SessionBuilder name(String name) {
    return with("name", name);
  }

  /** Sets a setting of Spark, or of the session. */
  public SessionBuilder conf(String key, String value) {
    conf.put(key, value);
    return this;
  }

  /** Chooses one of the server's launch profiles. */
  public SessionBuilder profile(String name) {
    return conf("polybius.profile", name);
  }

  /** Adds a jar that the driver can read. */
  public SessionBuilder jar(URI jar) {
    return withAnother("jars", jar);
  }

  /** Adds a file that the driver can read. */
  public SessionBuilder file(URI file) {
    return withAnother("files", file);
  }

  /** Adds a module of Python, or an archive of some, that the driver can read. */
  public SessionBuilder pyFile(URI file) {
    return withAnother("pyFiles", file);
  }

  /** Says how much memory its driver has, such as {@code 2g}. */
  public SessionBuilder driverMemory(String size) {
    return with("driverMemory", size);
  }

  /** Says how many cores its driver has. */
  public SessionBuilder driverCores(int cores) {
    return with("driverCores", cores);
  }

  /** Says how much memory each executor has, such as {@code 2g}. */
  public SessionBuilder executorMemory(String size) {
    return with("executorMemory", size);
  }

  /** Says how many cores each executor has. */
  public SessionBuilder executorCores(int cores) {
    return with("executorCores", cores);
  }

  /** Says how many executors it has. */
  public SessionBuilder executors(int count) {
    return with("numExecutors", count);
  }

  /** Says in which queue of its cluster it is. */
  public SessionBuilder queue(String name) {
    return with("queue", name);
  }

  /** Says as which user it runs, where the server lets clients say so. */
  public SessionBuilder proxyUser(String user) {
    return with("proxyUser", user);
  }

  /** Says after how long it ends if nobody uses it. */
  public SessionBuilder idleTimeout(Duration time) {
    return with("idleTimeout", time.toSeconds() + "s");
  }

  /** Lets the session live on when the client that opens it is closed. */
  public SessionBuilder keepSession() {
    keepsSession = true;
    return this;
  }

  private SessionBuilder with(String field, Object value) {
    wanted.put(field, value);
    return this;
  }

  @SuppressWarnings("unchecked")
  private SessionBuilder withAnother(String field, URI value) {
    ((List<String>) wanted.computeIfAbsent(field, key -> new ArrayList<String>()))
        .add(value.toString());
    return this;
  }

  // ---- the session

  /**
   * Opens a session, which may still start when this returns: jobs wait for it. It ends when the
   * client is closed, unless {@link #keepSession()} was called.
   *
   * @throws PolybiusException if the server does not open it
   */
  public SessionClient open() {
    Map<String, Object> body = new LinkedHashMap<>(wanted);
    body.put("conf", new LinkedHashMap<>(conf));
    return client("/sessions", body, !keepsSession);
  }

  /**
   * Joins a session that there is, by its number.
   *
   * @throws PolybiusException if there is none, or it has ended
   */
  public SessionClient join(long id) {
    return join(String.valueOf(id));
  }

  /**
   * Joins a session that there is, by its name or its number. It stays when the client is closed.
   *
   * @throws PolybiusException if there is none, or it has ended
   */
  public SessionClient join(String nameOrId) {
    if (nameOrId.isEmpty() || nameOrId.indexOf('/') >= 0) {
      throw new IllegalArgumentException("A session to join has a name without / or a number.");
    }
    return client("/sessions/" + encoded(nameOrId) + "/connect", Map.of(), false);
  }

  private SessionClient client(String path, Map<String, Object> body, boolean endsSession) {
    Connection connection = new Connection(address, timeouts, tls);
    try {
      JsonNode answer =
          connection.await(connection.post(path, body, Connection.Repeat.NEVER), Duration.ZERO);
      if (!answer.path("id").isNumber()) {
        throw new PolybiusException(
            "What is at " + address + " does not answer as a Polybius server does.");
      }
      return new SessionClient(connection, answer.get("id").asLong(), endsSession, resultFilter);
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** A path knows blanks by another sign than a form. */
  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public String toString() {
    return "session at " + address;
  }
}
