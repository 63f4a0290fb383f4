package io.polybius.session;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.Journal.Change;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The compiled jobs of a session: their numbers, those that wait for the driver to be up, what
 * became of the others, what they have returned, and how much of that is kept. The driver has all
 * of them at once, beside the statements. Whatever changes about them is noted in the journal, and
 * told, here. Used in the session's tasks only, but for {@link #areUnderWay} and {@link
 * #giveUpOldest}.
 */
final class Jobs implements ResultRoom.Holder {

  /** What may not have ended, so that nobody can fill the memory of server and driver with it. */
  static final int MOST_UNFINISHED = 1_000;

  /** How large those may be together that the driver has not begun. */
  static final long MOST_UNBEGUN_BYTES = 64L << 20;

  /** Of those that have ended, no more are kept; the oldest go first. */
  static final int RETAINED = 1_000;

  /** Nor more than this of what they have returned and of their errors. */
  static final long RETAINED_BYTES = 64L << 20;

  private static final int MOST_ERROR_CHARS = 1 << 20;

  private final Duration cancelTimeout;
  private final ProcessLog log;
  private final Clock clock;
  private final JobRoom room;
  private final ResultRoom resultRoom;
  private final Tasks tasks;
  private final Journal journal;
  private final EventLog events;
  private final Drivers drivers;
  private final Runnable onShown;
  private final EndWaits<JobReport> waits;

  private final NavigableMap<Integer, Job> jobs = new TreeMap<>();
  private final Map<Integer, byte[]> results = new HashMap<>();

  /** Those that have ended, in the order in which they have. */
  private final Deque<Integer> finished = new ArrayDeque<>();

  /** Those that wait for the driver, in the order in which they came. */
  private final Map<Integer, byte[]> waiting = new LinkedHashMap<>();

  /** The bytes of those that the driver has not begun, also of those that wait. */
  private final Map<Integer, Integer> unbegun = new HashMap<>();

  /** Those that the driver was told to stop, and has not. */
  private final Set<Integer> cancelling = new HashSet<>();

  private int nextId = 1;
  private long unbegunBytes;
  private long retainedBytes;

  /** Nothing is held any more, whatever still comes. */
  private boolean forgotten;

  private volatile boolean underWay;

  /**
   * @param log told of jobs that do not stop
   * @param drivers get the jobs
   * @param onShown called when what clients see has changed
   */
  Jobs(
      SessionLimits limits,
      ProcessLog log,
      Session.Environment environment,
      Tasks tasks,
      Journal journal,
      EventLog events,
      Drivers drivers,
      Runnable onShown) {
    this.cancelTimeout = limits.cancelTimeout();
    this.log = log;
    this.clock = environment.clock();
    this.room = environment.jobRoom();
    this.resultRoom = environment.resultRoom();
    this.tasks = tasks;
    this.journal = journal;
    this.events = events;
    this.drivers = drivers;
    this.onShown = onShown;
    this.waits = new EndWaits<>(tasks);
  }

  /** Returns whether any job has not ended. */
  boolean areUnderWay() {
    return underWay;
  }

  /** Returns those that are kept, oldest first. */
  List<Job> shown() {
    return List.copyOf(jobs.values());
  }

  /**
   * Adds a job, and gives it to the driver if that is up.
   *
   * @param payload as the client has serialized it; belongs to the session from now on
   * @return the job as it was added
   */
  Job add(Kind kind, byte[] payload, boolean driverIsUp) {
    if (jobs.size() - finished.size() >= MOST_UNFINISHED) {
      throw new SessionException(
          ErrorCode.TOO_MANY_WAITING,
          "Too many jobs of this session have not ended; send more when some have.");
    }
    if (unbegunBytes + payload.length > MOST_UNBEGUN_BYTES || !room.take(payload.length)) {
      throw new SessionException(
          ErrorCode.TOO_MANY_WAITING,
          "There is no room for a job of "
              + payload.length
              + " bytes beside those that wait to be run; send it again when some have begun.");
    }
    Job job = Job.sent(nextId, kind, clock.millis());
    add(job);
    holdUnbegun(job.id(), payload.length);
    tasks.happened(
        sequence -> new Change.JobAdded(sequence, job.id(), kind, job.submittedMillis()),
        sequence -> new SessionEvent.JobChanged(sequence, job));
    if (driverIsUp) {
      start(job, payload);
    } else {
      waiting.put(job.id(), payload);
      journal.note(new Change.JobWaits(job.id(), payload));
      update(job.queued());
    }
    return job;
  }

  private void add(Job job) {
    nextId = job.id() + 1;
    underWay = true;
    jobs.put(job.id(), job);
  }

  private boolean areAnyUnfinished() {
    return jobs.size() > finished.size();
  }

  private void holdUnbegun(int id, int bytes) {
    unbegun.put(id, bytes);
    unbegunBytes += bytes;
  }

  /** The driver has begun a job, or never will. */
  private void freeUnbegun(int id) {
    Integer bytes = unbegun.remove(id);
    if (bytes != null) {
      unbegunBytes -= bytes;
      room.free(bytes);
    }
  }

  private void start(Job job, byte[] payload) {
    drivers.tell(new DriverCommand.RunJob(job.id(), job.kind().canonicalName(), payload));
    update(job.started(clock.millis()));
  }

  /** The driver is up, and gets the jobs that wait for it. */
  void driverIsUp() {
    Map<Integer, byte[]> all = new LinkedHashMap<>(waiting);
    waiting.clear();
    all.forEach((id, payload) -> start(jobs.get(id), payload));
  }

  /** The driver of an earlier server is there again, which may have been told to stop jobs. */
  void driverIsTakenBack() {
    cancelling.forEach(this::watchCancellation);
  }

  /**
   * Stops a job; one that has ended is left alone.
   *
   * @throws SessionException if there is none
   */
  void cancel(int id) {
    Job job = find(id);
    if (waiting.remove(id) != null) {
      end(job.cancelled(clock.millis()));
    } else if (job.state() == JobState.STARTED && cancelling.add(id)) {
      journal.note(new Change.JobCancelled(id));
      drivers.tell(new DriverCommand.CancelJob(id));
      watchCancellation(id);
    }
  }

  private void watchCancellation(int id) {
    tasks.later(
        cancelTimeout,
        () -> {
          if (cancelling.contains(id)) {
            log.append(
                StreamName.STDERR,
                "Job "
                    + id
                    + " does not react to being cancelled and runs on; restart the session's"
                    + " kernel, or delete the session, to be rid of it.");
            end(jobs.get(id).cancelled(clock.millis()));
          }
        });
  }

  /** The driver says something about a job. */
  void heard(DriverEvent.OfJob event) {
    Job job = jobs.get(event.jobId());
    if (job == null || job.state() != JobState.STARTED) {
      // It has ended for its client, who did not want to wait for the driver.
      return;
    }
    if (event instanceof DriverEvent.JobStarted) {
      freeUnbegun(job.id());
    } else if (event instanceof DriverEvent.JobProgressed progressed) {
      update(
          job.progressed(
              new TaskProgress(
                  progressed.completedTasks(),
                  progressed.totalTasks(),
                  progressed.completedStages(),
                  progressed.totalStages())));
    } else if (event instanceof DriverEvent.JobSucceeded succeeded) {
      if (succeeded.hasResult()) {
        journal.note(new Change.JobReturned(job.id(), succeeded.result()));
        keepResult(job.id(), succeeded.result());
      }
      end(job.succeeded(clock.millis()));
    } else if (event instanceof DriverEvent.JobFailed failed) {
      end(job.failed(bounded(failed.error()), clock.millis()));
    } else if (event instanceof DriverEvent.JobCancelled) {
      end(job.cancelled(clock.millis()));
    }
  }

  private static String bounded(String error) {
    return error.length() <= MOST_ERROR_CHARS
        ? error
        : error.substring(0, MOST_ERROR_CHARS) + "\n... (the rest is left out)";
  }

  private void keepResult(int id, byte[] result) {
    results.put(id, result);
    retainedBytes += result.length;
  }

  /** Ends all jobs, of which the driver will say nothing more. */
  void endAll(String why) {
    waiting.clear();
    for (Job job : shown()) {
      if (cancelling.contains(job.id())) {
        end(job.cancelled(clock.millis()));
      } else if (!job.state().isTerminal()) {
        end(job.failed(bounded(why), clock.millis()));
      }
    }
  }

  private void end(Job job) {
    ended(job);
    update(job);
    waits.ended(job.id(), report(job));
    forgetOld();
    if (!forgotten) {
      resultRoom.holds(this, retainedBytes);
    }
    onShown.run();
  }

  /** Counts a job as one that has ended. */
  private void ended(Job job) {
    freeUnbegun(job.id());
    cancelling.remove(job.id());
    retainedBytes += errorChars(job);
    finished.add(job.id());
    underWay = areAnyUnfinished();
  }

  /** Puts a job in the place of what it was before. */
  private void update(Job job) {
    jobs.put(job.id(), job);
    onShown.run();
    tasks.happened(
        sequence -> Change.JobMoved.to(sequence, job),
        sequence -> new SessionEvent.JobChanged(sequence, job));
  }

  /** Forgets those that have ended of which there are too many, but never the latest. */
  private void forgetOld() {
    while (finished.size() > RETAINED || (retainedBytes > RETAINED_BYTES && finished.size() > 1)) {
      forgetOldest();
    }
  }

  private void forgetOldest() {
    int id = finished.remove();
    byte[] result = results.remove(id);
    retainedBytes -= errorChars(jobs.remove(id)) + (result == null ? 0 : result.length);
  }

  /** May be called by any thread. */
  @Override
  public void giveUpOldest() {
    tasks.run(
        () -> {
          if (!forgotten && resultRoom.isOverfull() && !finished.isEmpty()) {
            forgetOldest();
            onShown.run();
            resultRoom.holds(this, retainedBytes);
          }
        });
  }

  /** All was taken over that an earlier server has kept. */
  void restored() {
    resultRoom.holds(this, retainedBytes);
  }

  /** Nobody asks for the session any more. */
  void forgetResults() {
    forgotten = true;
    results.clear();
    resultRoom.holds(this, 0);
  }

  private static int errorChars(Job job) {
    return job.error().map(String::length).orElse(0);
  }

  /**
   * Waits for the end of a job.
   *
   * @param answer gets the job when it has ended, or as it is after the time; fails with {@link
   *     SessionException} if there is none
   */
  void await(int id, Duration patience, CompletableFuture<JobReport> answer) {
    Job job = find(id);
    if (job.state().isTerminal() || patience.isZero()) {
      answer.complete(report(job));
    } else {
      waits.add(id, patience, answer, () -> report(jobs.get(id)));
    }
  }

  private JobReport report(Job job) {
    return new JobReport(job, Optional.ofNullable(results.get(job.id())));
  }

  private Job find(int id) {
    Job job = jobs.get(id);
    if (job == null) {
      throw id > 0 && id < nextId
          ? new SessionException(
              ErrorCode.JOB_NOT_FOUND, "Job " + id + " has ended and is no longer kept.")
          : SessionException.jobNotFound(id);
    }
    return job;
  }

  /** Tells all who wait for an end that they do so in vain. */
  void endWaits(SessionException why) {
    waits.endAll(why);
  }

  /** Takes over what an earlier server has kept, if it is about jobs. */
  void restore(Change change) {
    if (change instanceof Change.JobAdded added) {
      Job job = Job.sent(added.id(), added.kind(), added.submittedMillis());
      add(job);
      events.restore(added.event(), sequence -> new SessionEvent.JobChanged(sequence, job));
    } else if (change instanceof Change.JobWaits added) {
      waiting.put(added.id(), added.payload());
      holdUnbegun(added.id(), added.payload().length);
      room.takeAnyway(added.payload().length);
    } else if (change instanceof Change.JobMoved moved) {
      Job job = jobs.get(moved.id()).restored(moved);
      if (job.state() != JobState.QUEUED) {
        // What an earlier server has given to the driver is a command, if it is still here at all.
        waiting.remove(job.id());
        freeUnbegun(job.id());
      }
      jobs.put(job.id(), job);
      if (job.state().isTerminal()) {
        ended(job);
        forgetOld();
      }
      events.restore(moved.event(), sequence -> new SessionEvent.JobChanged(sequence, job));
    } else if (change instanceof Change.JobReturned returned) {
      keepResult(returned.id(), returned.result());
    } else if (change instanceof Change.JobCancelled cancelled) {
      cancelling.add(cancelled.id());
    } else if (change instanceof Change.JobsCounted counted) {
      nextId = counted.nextJobId();
    }
  }

  /** Returns the changes that lead from nothing to what is the case. */
  List<Change> changes() {
    List<Change> changes = new ArrayList<>();
    for (Job job : jobs.values()) {
      int id = job.id();
      changes.add(new Change.JobAdded(Journal.NO_EVENT, id, job.kind(), job.submittedMillis()));
      if (waiting.containsKey(id)) {
        changes.add(new Change.JobWaits(id, waiting.get(id)));
      }
      if (results.containsKey(id)) {
        changes.add(new Change.JobReturned(id, results.get(id)));
      }
      changes.add(Change.JobMoved.to(Journal.NO_EVENT, job));
      if (cancelling.contains(id)) {
        changes.add(new Change.JobCancelled(id));
      }
    }
    changes.add(new Change.JobsCounted(nextId));
    return changes;
  }
}
