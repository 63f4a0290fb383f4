package io.polybius.driver;

import io.polybius.driver.ShownTables.Shown;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.protocol.DriverCommand.SendMoreResult;
import io.polybius.driver.protocol.DriverCommand.SendResult;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ResultFailure;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.magic.MagicException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends whole tables of statements and shared values to the server, beside the statements: each on
 * a thread of its own, whose Spark jobs are a group of their own, and no faster than the server
 * asks for the pieces.
 */
final class ResultDownloads implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ResultDownloads.class);

  /** At a time; each has a thread, and the rows of one partition. */
  static final int MOST = 4;

  /** A server that has not asked for a piece for so long does not want any more. */
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  /** How often a download that should stop is told so. */
  private static final Duration STOP_INTERVAL = Duration.ofMillis(100);

  private static final int MAX_MESSAGE_CHARS = 10_000;

  private final ShownTables tables;
  private final SharedValues shared;
  private final SparkContext spark;
  private final Consumer<DriverEvent> events;
  private final ScheduledExecutorService timer;
  private final ClassLoader classLoader;

  // Guarded by this:
  private final Map<Integer, Download> underWay = new HashMap<>();
  private boolean closed;

  /**
   * @param tables what statements have shown
   * @param shared what the session's languages share
   * @param timer tells downloads to stop
   * @param classLoader of the classes that statements define
   */
  ResultDownloads(
      ShownTables tables,
      SharedValues shared,
      SparkContext spark,
      Consumer<DriverEvent> events,
      ScheduledExecutorService timer,
      ClassLoader classLoader) {
    this.tables = tables;
    this.shared = shared;
    this.spark = spark;
    this.events = events;
    this.timer = timer;
    this.classLoader = classLoader;
  }

  /** Begins to send a table, or says why not. */
  void start(SendResult command) {
    Optional<ResultTable.Maker> result = find(command);
    if (result.isEmpty()) {
      return;
    }
    Download download = new Download(command, result.get());
    synchronized (this) {
      if (!closed && underWay.size() < MOST) {
        underWay.put(command.downloadId(), download);
        download.thread.start();
        return;
      }
    }
    fail(
        command,
        ResultFailure.BUSY,
        MOST + " results of this session are being downloaded already; try again later.");
  }

  /** Returns what makes the table, if there is one; else says why not. */
  private Optional<ResultTable.Maker> find(SendResult command) {
    if (command.source() instanceof ResultSource.OfStatement statement) {
      Optional<Shown> shown = tables.of(statement.statementId());
      if (shown.isEmpty()) {
        boolean forgotten = tables.hasForgotten(statement.statementId());
        fail(
            command,
            forgotten ? ResultFailure.FORGOTTEN : ResultFailure.NO_RESULT,
            forgotten
                ? "The table of statement "
                    + statement.statementId()
                    + " is no longer remembered; run the statement again."
                : "Statement " + statement.statementId() + " has shown no table.");
      }
      return shown.map(found -> () -> ResultTable.of(found));
    } else if (command.source() instanceof ResultSource.OfShared named) {
      Optional<SharedValue> value = shared.find(named.name());
      if (value.isEmpty()) {
        fail(
            command,
            ResultFailure.NOT_SHARED,
            "Nothing is shared under the name " + named.name() + ".");
      }
      return value.map(found -> () -> ResultTable.of(found));
    }
    return Optional.of(() -> ResultTable.of(shared.list()));
  }

  private void fail(SendResult command, ResultFailure failure, String message) {
    events.accept(new DriverEvent.ResultFailed(command.downloadId(), failure, message));
  }

  /** Lets a download go on; one that has ended is left alone. */
  synchronized void more(SendMoreResult command) {
    Optional.ofNullable(underWay.get(command.downloadId()))
        .ifPresent(download -> download.permits.release(command.parts()));
  }

  /** Stops a download; one that has ended is left alone. */
  synchronized void stop(int downloadId) {
    Optional.ofNullable(underWay.get(downloadId)).ifPresent(Download::stop);
  }

  /** Returns whether any download is under way. */
  synchronized boolean areUnderWay() {
    return !underWay.isEmpty();
  }

  /** Stops them all. */
  @Override
  public synchronized void close() {
    closed = true;
    List.copyOf(underWay.values()).forEach(Download::stop);
  }

  /** The server wants no more of it. */
  private static final class StoppedException extends IOException {
    private static final long serialVersionUID = 1;

    StoppedException(String message) {
      super(message);
    }
  }

  private final class Download {

    private final SendResult command;
    private final ResultTable.Maker table;
    private final String jobGroup;
    private final Semaphore permits;
    private final Thread thread;

    private volatile boolean stopped;

    /** Guarded by the downloads. */
    private ScheduledFuture<?> stopper;

    Download(SendResult command, ResultTable.Maker table) {
      this.command = command;
      this.table = table;
      this.jobGroup = SparkProgress.JOB_GROUP_PREFIX + "result-" + command.downloadId();
      this.permits = new Semaphore(command.parts());
      this.thread = new Thread(this::run, "result-" + command.downloadId());
      thread.setDaemon(true);
      thread.setContextClassLoader(classLoader);
    }

    private void run() {
      try {
        spark.setJobGroup(jobGroup, "Download of " + command.source(), true);
        PartStream parts = new PartStream(this::send);
        table.make().write(command.format(), parts);
        parts.close();
        end(new DriverEvent.ResultEnded(command.downloadId()));
      } catch (MagicException e) {
        failed(ResultFailure.NO_RESULT, e.getMessage());
      } catch (Throwable e) {
        // Also checked exceptions, which the user's own code throws without declaring them.
        String text = e.getMessage() == null ? "" : ": " + e.getMessage();
        failed(ResultFailure.FAILED, e.getClass().getName() + text);
      }
    }

    private void send(byte[] bytes) throws IOException {
      try {
        if (!permits.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new StoppedException(
              "Nobody has taken any of it for " + PATIENCE.toMinutes() + " min.");
        }
      } catch (InterruptedException e) {
        throw new StoppedException("It was interrupted.");
      }
      if (stopped) {
        throw new StoppedException("It was stopped.");
      }
      events.accept(new DriverEvent.ResultPart(command.downloadId(), bytes));
    }

    private void failed(ResultFailure failure, String message) {
      log.debug("the download of {} failed: {}", command.source(), message);
      String shortened =
          message.length() <= MAX_MESSAGE_CHARS
              ? message
              : message.substring(0, MAX_MESSAGE_CHARS) + "...";
      end(new DriverEvent.ResultFailed(command.downloadId(), failure, shortened));
    }

    private void end(DriverEvent last) {
      synchronized (ResultDownloads.this) {
        underWay.remove(command.downloadId());
        if (stopper != null) {
          stopper.cancel(false);
        }
      }
      // The link has a lock of its own, which is held when its commands come here.
      if (!stopped) {
        events.accept(last);
      }
    }

    void stop() {
      if (!stopped) {
        stopped = true;
        stopper =
            timer.scheduleWithFixedDelay(
                this::interrupt, 0, STOP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
      }
    }

    /** Called until it has stopped: between two jobs there is nothing to be cancelled. */
    private void interrupt() {
      try {
        spark.cancelJobGroup(jobGroup);
      } catch (RuntimeException e) {
        log.debug("the jobs of a download could not be cancelled", e);
      }
      thread.interrupt();
    }
  }
}
