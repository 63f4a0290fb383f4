package io.polybius.server.http;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.TimeBasedRollingPolicy;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Who asked for what: a line for each request, in one file for each day, which only the server's
 * user can read. A line has the time, the client's address, the user or {@code -}, the method, the
 * path without its query (which may hold secrets), the status, the bytes of the answer's body, the
 * milliseconds until it was sent, and the request's id. Texts of clients are escaped as in URLs.
 *
 * <p>Lines are written by a thread of their own. If the disk cannot keep up with them, the newest
 * are left out; no request waits.
 */
public final class AccessLog implements AutoCloseable {

  private static final org.slf4j.Logger log = LoggerFactory.getLogger(AccessLog.class);

  private static final int WAITING_LINES = 10_000;
  private static final Duration LAST_LINES = Duration.ofSeconds(5);

  /** Apart from the server's own log, whose settings do not matter here. */
  private final LoggerContext logging = new LoggerContext();

  private final Logger lines = logging.getLogger("access");

  /**
   * Begins to write. Where that is not possible, says so in the server's log and does without.
   *
   * @param folder where the files are; made if it is missing
   * @param days how many days they are kept
   */
  public AccessLog(Path folder, int days) {
    logging.setMDCAdapter(new LogbackMDCAdapter());
    lines.setLevel(Level.OFF);
    if (folder.toString().contains("%")) {
      // Logback would take it for a part of its pattern.
      log.warn("There is no access log, because {} has a % in its name", folder);
      return;
    }
    try {
      Files.createDirectories(folder, onlyForOwner(folder, "rwx------"));
    } catch (IOException e) {
      log.warn("There is no access log, because its folder cannot be made: {}", e.toString());
      return;
    }
    DailyFile file = new DailyFile();
    file.setContext(logging);
    TimeBasedRollingPolicy<ILoggingEvent> daily = new TimeBasedRollingPolicy<>();
    daily.setContext(logging);
    daily.setParent(file);
    daily.setFileNamePattern(folder + "/access-%d{yyyy-MM-dd}.log");
    daily.setMaxHistory(days);
    daily.setCleanHistoryOnStart(true);
    daily.start();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(logging);
    encoder.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %msg%n");
    encoder.start();
    file.setRollingPolicy(daily);
    file.setEncoder(encoder);
    file.start();
    if (!file.isStarted()) {
      log.warn("There is no access log, because {} cannot be written", file.getFile());
      return;
    }
    AsyncAppender queue = new AsyncAppender();
    queue.setContext(logging);
    queue.setName("access-log");
    queue.setQueueSize(WAITING_LINES);
    queue.setDiscardingThreshold(0);
    queue.setNeverBlock(true);
    queue.setMaxFlushTime((int) LAST_LINES.toMillis());
    queue.addAppender(file);
    queue.start();
    lines.addAppender(queue);
    lines.setLevel(Level.INFO);
  }

  /** Returns a handler that notes each request when it has been answered. */
  HttpHandler around(HttpHandler next) {
    if (!lines.isInfoEnabled()) {
      return next;
    }
    return exchange -> {
      long began = System.nanoTime();
      exchange.addExchangeCompleteListener(
          (ended, listeners) -> {
            lines.info(line(ended, System.nanoTime() - began));
            listeners.proceed();
          });
      next.handleRequest(exchange);
    };
  }

  /** Writes the lines that wait, and ends. */
  @Override
  public void close() {
    logging.stop();
  }

  private static String line(HttpServerExchange exchange, long nanos) {
    return String.join(
        " ",
        address(exchange),
        user(exchange),
        Printable.of(exchange.getRequestMethod().toString()),
        Printable.of(exchange.getRequestPath()),
        String.valueOf(exchange.getStatusCode()),
        String.valueOf(exchange.getResponseBytesSent()),
        String.valueOf(Duration.ofNanos(nanos).toMillis()),
        RequestIds.of(exchange));
  }

  private static String address(HttpServerExchange exchange) {
    return Optional.ofNullable(exchange.getSourceAddress())
        .map(InetSocketAddress::getAddress)
        .map(InetAddress::getHostAddress)
        .orElse("-");
  }

  private static String user(HttpServerExchange exchange) {
    return Optional.ofNullable(exchange.getSecurityContext())
        .map(context -> context.getAuthenticatedAccount())
        .map(account -> Printable.of(account.getPrincipal().getName()))
        .orElse("-");
  }

  private static FileAttribute<?>[] onlyForOwner(Path where, String permissions) {
    return where.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  private static final class DailyFile extends RollingFileAppender<ILoggingEvent> {
    @Override
    public void openFile(String name) throws IOException {
      Path file = Path.of(name);
      try {
        Files.createFile(file, onlyForOwner(file, "rw-------"));
      } catch (FileAlreadyExistsException ofEarlierToday) {
        // Written on.
      }
      super.openFile(name);
    }
  }
}
