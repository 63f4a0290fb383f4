package io.polybius.session;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.RecordCodec;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.driver.protocol.WireException;
import io.polybius.session.SessionSnapshot.DriverInfo;
import io.polybius.session.spi.SessionRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what becomes of a session, if it is to outlive the server. It is the outcomes that are
 * kept, not what led to them: so a later server needs no clock and no timer to come to the same
 * state. All that one task of the mailbox changes is one record, and so is there as a whole or not
 * at all. Used in the session's mailbox only.
 */
final class Journal {

  private static final Logger logger = LoggerFactory.getLogger(Journal.class);

  /** A journal is written anew when it has grown by this much. */
  private static final long MOST_GROWTH = 32L << 20;

  private static final int CHANGES_OF_A_PART = 1_000;

  /** Numbers of events begin with 1; this one stands for those that are no longer retained. */
  static final long NO_EVENT = 0;

  private static final Map<Integer, Class<?>> TABLE =
      Map.ofEntries(
          Map.entry(200, Task.class),
          Map.entry(201, Change.Opened.class),
          Map.entry(202, Change.Added.class),
          Map.entry(203, Change.Moved.class),
          Map.entry(204, Change.PutOut.class),
          Map.entry(206, Change.Launched.class),
          Map.entry(207, Change.Sent.class),
          Map.entry(208, Change.Received.class),
          Map.entry(209, Change.DriverHas.class),
          Map.entry(210, Change.Counted.class),
          Map.entry(211, Change.InputRequested.class),
          Map.entry(212, Change.CommSent.class),
          Map.entry(213, Change.JobAdded.class),
          Map.entry(214, Change.JobWaits.class),
          Map.entry(215, Change.JobMoved.class),
          Map.entry(216, Change.JobReturned.class),
          Map.entry(217, Change.JobCancelled.class),
          Map.entry(218, Change.JobsCounted.class),
          Map.entry(219, Change.Became.class),
          Map.entry(220, NewStatement.class),
          Map.entry(221, Origin.class),
          Map.entry(223, StatementState.class),
          Map.entry(224, SessionState.class),
          Map.entry(225, SessionSettings.class),
          Map.entry(226, ApplicationSettings.class),
          Map.entry(227, DriverInfo.class),
          Map.entry(228, TaskProgress.class),
          Map.entry(229, Kind.class),
          Map.entry(230, JobState.class),
          Map.entry(238, ClusterApplication.class),
          Map.entry(239, ClusterApplication.State.class),
          Map.entry(240, Optional.class),
          Map.entry(241, OptionalInt.class),
          Map.entry(242, Map.of().getClass()),
          Map.entry(243, Map.of("", "").getClass()));

  /** One thing that was changed. Those that listeners are told have the number of the event. */
  sealed interface Change {

    /**
     * The session was opened; always the first.
     *
     * @param settings what its creator asked for
     * @param checked the same, as it may be used
     * @param createdMillis epoch milliseconds
     */
    record Opened(
        SessionSettings settings,
        SessionSettings checked,
        Optional<String> owner,
        long createdMillis)
        implements Change {}

    /** A statement was added and waits. */
    record Added(long event, int id, NewStatement request) implements Change {}

    /** A statement's state or progress changed. */
    record Moved(
        long event,
        int id,
        StatementState state,
        Optional<StatementError> error,
        TaskProgress tasks,
        long startedMillis,
        long completedMillis,
        List<ExpressionResult> expressions)
        implements Change {
      /** Copies the list. */
      public Moved {
        expressions = List.copyOf(expressions);
      }

      /** Returns the change to what a statement is now. */
      static Moved to(long event, Statement statement) {
        return new Moved(
            event,
            statement.id(),
            statement.state(),
            statement.error(),
            statement.tasks(),
            statement.startedMillis(),
            statement.completedMillis(),
            statement.expressions());
      }
    }

    /** A statement put something out. */
    record PutOut(long event, int id, StatementOutput output) implements Change {}

    /** A statement waits for a line that its client types. */
    record InputRequested(long event, int id, String prompt, boolean password) implements Change {}

    /** The driver's side of a comm said something. */
    record CommSent(long event, int requestId, CommMessage message) implements Change {}

    /** A job was added. */
    record JobAdded(long event, int id, Kind kind, long submittedMillis) implements Change {}

    /** A job waits for the driver to be up. One that the driver was given is kept as a command. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
    record JobWaits(int id, byte[] payload) implements Change {}

    /** A job's state or progress changed. */
    record JobMoved(
        long event,
        int id,
        JobState state,
        Optional<String> error,
        TaskProgress tasks,
        long startedMillis,
        long completedMillis)
        implements Change {

      /** Returns the change to what a job is now. */
      static JobMoved to(long event, Job job) {
        return new JobMoved(
            event,
            job.id(),
            job.state(),
            job.error(),
            job.tasks(),
            job.startedMillis(),
            job.completedMillis());
      }
    }

    /** A job, which is about to end well, has returned something. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
    record JobReturned(int id, byte[] result) implements Change {}

    /** The driver was told to stop a job. */
    record JobCancelled(int id) implements Change {}

    /** The next number of a job. */
    record JobsCounted(int nextJobId) implements Change {}

    /** The session's state or its driver changed. */
    record Became(
        long event,
        SessionState state,
        Optional<DriverInfo> driver,
        Optional<ClusterApplication> application,
        int incarnation,
        int firstStatementId,
        long endedMillis)
        implements Change {}

    /**
     * A driver is on its way.
     *
     * @param sent number of the last command that its launcher has sent it
     */
    record Launched(int incarnation, long sent) implements Change {}

    /** A command is sent to that driver. */
    record Sent(DriverCommand command) implements Change {}

    /** All that follows from that driver's event of this number has been done. */
    record Received(long sequence) implements Change {}

    /** This statement is with the driver, or none. */
    record DriverHas(Optional<Integer> statementId) implements Change {}

    /** The next numbers of everything. */
    record Counted(int nextStatementId, int nextHiddenId, int nextQuestionId, long lastEvent)
        implements Change {}
  }

  /** What one task has changed. */
  private record Task(List<Change> changes) {
    Task {
      changes = List.copyOf(changes);
    }
  }

  /**
   * What is known of a session that an earlier server had.
   *
   * @param opened how it began
   * @param changes what became of it
   * @param damage why that may not be all, if so
   */
  record Past(Change.Opened opened, List<Change> changes, Optional<String> damage) {}

  private final List<Change> noted = new ArrayList<>();
  private final Optional<SessionRecords> records;
  private final Optional<RecordCodec> codec;
  private final ProcessLog log;
  private volatile boolean kept;
  private long bytesWhenNew;

  /**
   * @param records where the journal is; empty to keep nothing
   * @param log the session's, which is told if nothing can be kept any more
   */
  Journal(Optional<SessionRecords> records, ProcessLog log) {
    this.records = records;
    this.codec = records.map(some -> new RecordCodec(TABLE));
    this.log = log;
    this.kept = records.isPresent();
  }

  /** Returns whether anything is kept; any thread may ask. */
  boolean isKept() {
    return kept;
  }

  /**
   * Returns what is kept of an earlier server's session; nothing if that server ended before it had
   * written anything, and so before anybody learned of the session.
   */
  Optional<Past> read() {
    List<Change> changes = new ArrayList<>();
    Optional<String> damage = Optional.empty();
    try {
      records.orElseThrow().read(content -> changes.addAll(decode(content).changes()));
    } catch (IOException | UncheckedIOException e) {
      damage = Optional.of(String.valueOf(e.getMessage()));
    }
    if (changes.isEmpty() && damage.isEmpty()) {
      return Optional.empty();
    }
    // Those who listened to the earlier server may still ask for its last events.
    bytesWhenNew = records.orElseThrow().bytes() / 2;
    if (!changes.isEmpty() && changes.remove(0) instanceof Change.Opened opened) {
      return Optional.of(new Past(opened, changes, damage));
    }
    return Optional.of(
        new Past(
            new Change.Opened(
                SessionSettings.of(Kind.SHARED),
                SessionSettings.of(Kind.SHARED),
                Optional.empty(),
                0),
            List.of(),
            damage.or(() -> Optional.of("it does not begin with a session's settings"))));
  }

  private Task decode(byte[] content) {
    try {
      return codec.orElseThrow().decode(content, Task.class);
    } catch (WireException e) {
      throw new UncheckedIOException(
          new IOException("a record is of another version, or damaged: " + e.getMessage(), e));
    }
  }

  /** Notes a change; it is kept with the others of this task. */
  void note(Change change) {
    if (isKept()) {
      noted.add(change);
    }
  }

  /** Keeps what was noted. */
  void commit() {
    if (!noted.isEmpty()) {
      Task task = new Task(noted);
      noted.clear();
      write(records -> records.append(codec.orElseThrow().encode(task)));
    }
  }

  /** Returns whether the journal holds much that is no longer needed. */
  boolean isLarge() {
    return isKept() && records.orElseThrow().bytes() > 2 * bytesWhenNew + MOST_GROWTH;
  }

  /**
   * Writes the journal anew.
   *
   * @param everything gives the changes that lead to the present state
   */
  void renew(Supplier<List<Change>> everything) {
    if (isKept()) {
      List<Change> changes = everything.get();
      write(records -> records.replaceAll(new Parts(changes.iterator())));
      bytesWhenNew = records.map(SessionRecords::bytes).orElse(0L);
    }
  }

  /**
   * Puts changes into several records, so that it takes no memory for all of them at a time: what
   * jobs have and return is in records of its own.
   */
  private final class Parts implements Iterator<byte[]> {

    private final Iterator<Change> changes;
    private Optional<Change> large = Optional.empty();

    Parts(Iterator<Change> changes) {
      this.changes = changes;
    }

    @Override
    public boolean hasNext() {
      return large.isPresent() || changes.hasNext();
    }

    @Override
    public byte[] next() {
      List<Change> part = new ArrayList<>();
      large.ifPresent(part::add);
      boolean isFull = large.isPresent();
      large = Optional.empty();
      while (!isFull && changes.hasNext()) {
        Change next = changes.next();
        if (next instanceof Change.JobReturned || next instanceof Change.JobWaits) {
          large = Optional.of(next);
        } else {
          part.add(next);
        }
        isFull = large.isPresent() || part.size() == CHANGES_OF_A_PART;
      }
      return codec.orElseThrow().encode(new Task(part));
    }
  }

  /** Writes something to the records. */
  private interface Write {
    void to(SessionRecords records) throws IOException;
  }

  private void write(Write write) {
    try {
      write.to(records.orElseThrow());
    } catch (Throwable e) {
      // Whatever it is: a journal with a gap would lead a later server astray.
      logger.error(
          "session {} can no longer be kept, and will end with the server",
          records.orElseThrow().sessionId(),
          e);
      kept = false;
      noted.clear();
      records.orElseThrow().abandon();
      log.append(
          StreamName.STDERR,
          "The session can no longer be kept, and will end with the server: " + e.getMessage());
    }
  }

  /** Frees what is open, when there is little more to come. */
  void release() {
    records.ifPresent(SessionRecords::release);
  }

  /** Removes what is kept, for good. */
  void delete() {
    kept = false;
    noted.clear();
    records.ifPresent(SessionRecords::delete);
  }
}
