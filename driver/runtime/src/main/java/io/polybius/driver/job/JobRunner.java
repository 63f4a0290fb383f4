package io.polybius.driver.job;

import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.protocol.DriverCommand.RunJob;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs compiled jobs beside the statements: each on a thread of its own, whose Spark jobs are a
 * group of their own and have a fair share of the cluster. So many run at a time; others wait, in
 * the order in which they came, as long as they are not too many. All methods may be called by any
 * thread.
 */
public final class JobRunner implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(JobRunner.class);

  /** How often a job that should stop is told so. */
  private static final Duration CANCEL_INTERVAL = Duration.ofMillis(100);

  private static final byte[] NOTHING = {};

  private static final String NO_THREAD =
      "The driver has no thread for the job; send it again when less runs in the session.";

  /**
   * How much is taken on.
   *
   * @param running how many jobs run at a time
   * @param waiting how many wait
   * @param waitingBytes how large those are that wait, together
   * @param stopPatience after which a job that does not stop is given up
   */
  public record Limits(int running, int waiting, long waitingBytes, Duration stopPatience) {

    /** What drivers take on. */
    public static final Limits DEFAULT = new Limits(16, 1000, 256 << 20, Duration.ofSeconds(20));
  }

  /**
   * What a runner works with.
   *
   * @param languages one for each kind of jobs
   * @param classLoader of the classes of jars and statements
   * @param standApart lets the calling thread belong to no statement
   * @param timer tells jobs to stop
   */
  public record Tools(
      List<JobLanguage> languages,
      SparkContext spark,
      ClassLoader classLoader,
      SparkProgress progress,
      Runnable standApart,
      Consumer<DriverEvent> events,
      ScheduledExecutorService timer,
      Limits limits) {}

  private final Map<String, JobLanguage> languages;
  private final Tools tools;
  private final Limits limits;

  // Guarded by this; events are sent without the lock, as the link has one of its own, which is
  // held when commands come:
  private final Map<Integer, Work> underWay = new HashMap<>();
  private final Deque<Work> waiting = new ArrayDeque<>();
  private final BitSet places = new BitSet();
  private long waitingBytes;
  private boolean closed;
  private long idleSince = System.nanoTime();

  /** Makes one that has nothing to do yet. */
  public JobRunner(Tools tools) {
    this.tools = tools;
    this.limits = tools.limits();
    this.languages =
        tools.languages().stream()
            .collect(Collectors.toMap(JobLanguage::kind, Function.identity()));
  }

  /** Runs a job as soon as there is a place for it, or says why not. */
  public void run(RunJob command) {
    JobLanguage language = languages.get(command.kind());
    if (language == null) {
      fail(
          command.jobId(),
          "This driver runs no jobs of kind "
              + command.kind()
              + ", only of "
              + String.join(", ", new TreeSet<>(languages.keySet()))
              + ".");
      return;
    }
    Optional<String> refusal = take(new Work(command, language));
    refusal.ifPresent(why -> fail(command.jobId(), why));
  }

  /** Returns why there is no place for it. */
  private synchronized Optional<String> take(Work work) {
    if (closed) {
      return Optional.empty();
    } else if (places.cardinality() < limits.running()) {
      underWay.put(work.jobId, work);
      return begin(work) ? Optional.empty() : Optional.of(NO_THREAD);
    } else if (waiting.size() < limits.waiting()
        && waitingBytes + work.bytes <= limits.waitingBytes()) {
      underWay.put(work.jobId, work);
      waiting.add(work);
      waitingBytes += work.bytes;
      return Optional.empty();
    }
    return Optional.of(
        "Too many jobs of this session wait already ("
            + limits.waiting()
            + " jobs, or "
            + (limits.waitingBytes() >> 20)
            + " MiB of them, are the limit); send it again later.");
  }

  private void fail(int jobId, String message) {
    tools.events().accept(new DriverEvent.JobFailed(jobId, message));
  }

  /**
   * To be called with the lock, when there is a place.
   *
   * @return whether it has begun; there may be no more threads to be had
   */
  private boolean begin(Work work) {
    work.place = places.nextClearBit(0);
    places.set(work.place);
    try {
      work.thread.start();
      return true;
    } catch (OutOfMemoryError e) {
      log.error("no thread for a job", e);
      places.clear(work.place);
      underWay.remove(work.jobId);
      return false;
    }
  }

  /** Stops a job; one that has ended is left alone. */
  public void cancel(int jobId) {
    Work work;
    boolean hasBegun;
    synchronized (this) {
      work = underWay.get(jobId);
      if (work == null) {
        return;
      }
      hasBegun = !waiting.remove(work);
      if (!hasBegun) {
        waitingBytes -= work.bytes;
        underWay.remove(jobId);
      }
    }
    if (hasBegun) {
      work.cancel();
    } else {
      tools.events().accept(new DriverEvent.JobCancelled(jobId));
    }
  }

  /** Returns for how long no job has run or waited. */
  public synchronized Duration idleTime() {
    return underWay.isEmpty() ? Duration.ofNanos(System.nanoTime() - idleSince) : Duration.ZERO;
  }

  /** Stops them all. */
  @Override
  public void close() {
    List<Work> all;
    synchronized (this) {
      closed = true;
      waiting.forEach(work -> underWay.remove(work.jobId));
      waiting.clear();
      all = List.copyOf(underWay.values());
    }
    all.forEach(Work::cancel);
  }

  private void leave(Work work) {
    List<Work> withoutThread = new ArrayList<>();
    synchronized (this) {
      underWay.remove(work.jobId);
      places.clear(work.place);
      idleSince = System.nanoTime();
      boolean begun = false;
      while (!begun && !closed && !waiting.isEmpty()) {
        Work next = waiting.remove();
        waitingBytes -= next.bytes;
        begun = begin(next);
        if (!begun) {
          withoutThread.add(next);
        }
      }
    }
    withoutThread.forEach(next -> fail(next.jobId, NO_THREAD));
  }

  private final class Work implements JobExecution {

    private final int jobId;
    private final long bytes;
    private final JobLanguage language;
    private final String jobGroup;
    private final Thread thread;

    private volatile boolean cancelled;

    /** What the client has sent, until it is read: many run for long. */
    private byte[] payload;

    /** Which of those that run at a time it is; set before the thread starts. */
    private int place;

    // Guarded by this, so that whoever interrupts a job finds it running or not at all:
    private boolean ended;
    private ScheduledFuture<?> canceller;

    Work(RunJob command, JobLanguage language) {
      this.jobId = command.jobId();
      this.payload = command.payload();
      this.bytes = payload.length;
      this.language = language;
      this.jobGroup = SparkProgress.JOB_GROUP_PREFIX + "job-" + jobId;
      this.thread = new JobThread(this::run, jobId, tools.classLoader());
    }

    @Override
    public int jobId() {
      return jobId;
    }

    @Override
    public String jobGroup() {
      return jobGroup;
    }

    @Override
    public void adopt() {
      tools.standApart().run();
      tools.spark().setJobGroup(jobGroup, "Job " + jobId, true);
      // Pools stay for good, so that there are only as many as jobs run at a time.
      tools.spark().setLocalProperty("spark.scheduler.pool", "polybius-jobs-" + place);
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    private void run() {
      DriverEvent end;
      try {
        tools.events().accept(new DriverEvent.JobStarted(jobId()));
        tools
            .progress()
            .begin(
                jobGroup,
                (completedTasks, totalTasks, completedStages, totalStages) ->
                    new DriverEvent.JobProgressed(
                        jobId(), completedTasks, totalTasks, completedStages, totalStages));
        adopt();
        end = succeeded(language.run(takePayload(), this));
      } catch (JobException e) {
        end = new DriverEvent.JobFailed(jobId(), StackTraces.shortened(e.getMessage()));
      } catch (Throwable e) {
        // Also an OutOfMemoryError: what the job has held is free again.
        end = new DriverEvent.JobFailed(jobId(), StackTraces.of(e));
      }
      end(end);
    }

    private byte[] takePayload() {
      byte[] taken = payload;
      payload = NOTHING;
      return taken;
    }

    private DriverEvent succeeded(Optional<byte[]> result) {
      int length = result.map(bytes -> bytes.length).orElse(0);
      return length > JobSucceeded.MAX_BYTES
          ? new DriverEvent.JobFailed(
              jobId(),
              "The result takes "
                  + length
                  + " bytes; more than "
                  + (JobSucceeded.MAX_BYTES >> 20)
                  + " MiB cannot be sent. Write it to a file, or share it and return its name.")
          : new DriverEvent.JobSucceeded(jobId(), result.isPresent(), result.orElse(NOTHING));
    }

    /** From here on nobody interrupts this thread for the job's sake. */
    private void end(DriverEvent end) {
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
        if (canceller != null) {
          canceller.cancel(false);
        }
      }
      Thread.interrupted();
      if (cancelled) {
        // Spark may have taken a job from it at the last moment, for which nobody waits any more.
        cancelSparkJobs();
      }
      tools.progress().end(jobGroup);
      leave(this);
      tools.events().accept(cancelled ? new DriverEvent.JobCancelled(jobId()) : end);
    }

    synchronized void cancel() {
      if (!cancelled && !ended) {
        cancelled = true;
        long begin = System.nanoTime();
        canceller =
            tools
                .timer()
                .scheduleWithFixedDelay(
                    () -> interrupt(Duration.ofNanos(System.nanoTime() - begin)),
                    0,
                    CANCEL_INTERVAL.toMillis(),
                    TimeUnit.MILLISECONDS);
      }
    }

    private void cancelSparkJobs() {
      try {
        tools.spark().cancelJobGroup(jobGroup);
      } catch (RuntimeException e) {
        log.debug("the Spark jobs of a job could not be cancelled", e);
      }
    }

    /** Called until it has stopped: between two Spark jobs there is nothing to be cancelled. */
    private void interrupt(Duration elapsed) {
      cancelSparkJobs();
      if (elapsed.compareTo(limits.stopPatience()) > 0) {
        log.warn("job {} does not stop, and is left to itself", jobId());
        end(new DriverEvent.JobCancelled(jobId()));
        return;
      }
      synchronized (this) {
        if (!ended) {
          try {
            language.interrupt(this, thread, elapsed);
          } catch (RuntimeException e) {
            log.warn("job {} could not be interrupted", jobId(), e);
          }
        }
      }
    }
  }
}
