package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.DriverEvent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;

/**
 * Tells how many tasks are done of each group of Spark jobs that somebody works for: a statement, a
 * compiled job. Spark calls it on its listener thread; whoever works says when.
 */
public final class SparkProgress extends SparkListener {

  /** The local property that has the group of a Spark job. */
  public static final String JOB_GROUP = "spark.jobGroup.id";

  /**
   * How the groups of what runs beside the statements begin. Those of statements are numbers, as in
   * Livy.
   */
  public static final String JOB_GROUP_PREFIX = "polybius-";

  /** Where {@link SparkListenerJobStart} has the stages among its elements. */
  private static final int STAGE_INFOS = 2;

  private static final long MIN_INTERVAL_NANOS = 100_000_000;

  private final Consumer<DriverEvent> events;
  private final ScheduledExecutorService timer;

  /** By their names; guarded by this, and so is what is in them. */
  private final Map<String, Group> groups = new HashMap<>();

  /** Makes the event that tells of a group. */
  public interface Told {
    /** Returns it. */
    DriverEvent event(int completedTasks, int totalTasks, int completedStages, int totalStages);
  }

  /**
   * Makes one.
   *
   * @param events takes the progress, of each group ten times a second at most
   * @param timer says what was held back for that
   */
  public SparkProgress(Consumer<DriverEvent> events, ScheduledExecutorService timer) {
    this.events = events;
    this.timer = timer;
  }

  /** From now on counts the tasks of that group. */
  public synchronized void begin(String jobGroup, Told told) {
    groups.put(jobGroup, new Group(told));
  }

  /** Nobody works for that group any more. */
  public synchronized void end(String jobGroup) {
    Group group = groups.remove(jobGroup);
    if (group != null) {
      group.end();
    }
  }

  private synchronized void sayHeldBack(Group group) {
    group.sayHeldBack();
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    Group group = properties == null ? null : groups.get(properties.getProperty(JOB_GROUP, ""));
    if (group == null) {
      return;
    }
    // The type that stageInfos() returns has another name in Scala 2.13; as an element it has none.
    scala.collection.Iterator<?> stages =
        ((scala.collection.Iterable<?>) start.productElement(STAGE_INFOS)).iterator();
    while (stages.hasNext()) {
      group.knows((StageInfo) stages.next(), start.jobId());
    }
    group.say();
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted stage) {
    groups.values().forEach(group -> group.starts(stage.stageInfo().stageId()));
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    groups.values().forEach(group -> group.skips(end.jobId()));
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.taskInfo().successful()) {
      groups.values().forEach(group -> group.completesTask(end.stageId()));
    }
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted stage) {
    groups.values().forEach(group -> group.completesStage(stage.stageInfo().stageId()));
  }

  /** What is known of the Spark jobs of one group. */
  private final class Group {

    private final Told told;
    private final Map<Integer, Integer> tasksOfStage = new HashMap<>();
    private final Map<Integer, Set<Integer>> stagesOfJob = new HashMap<>();
    private final Set<Integer> startedStages = new HashSet<>();
    private int completed;
    private int total;
    private int completedStages;
    private long lastSaid = System.nanoTime() - MIN_INTERVAL_NANOS;
    private Optional<ScheduledFuture<?>> heldBack = Optional.empty();

    Group(Told told) {
      this.told = told;
    }

    void knows(StageInfo stage, int job) {
      if (tasksOfStage.putIfAbsent(stage.stageId(), stage.numTasks()) == null) {
        total += stage.numTasks();
        stagesOfJob.computeIfAbsent(job, each -> new HashSet<>()).add(stage.stageId());
      }
    }

    void starts(int stage) {
      if (tasksOfStage.containsKey(stage)) {
        startedStages.add(stage);
      }
    }

    /** Spark skips a stage whose result it still has from an earlier job. */
    void skips(int job) {
      Set<Integer> skipped = stagesOfJob.remove(job);
      if (skipped == null) {
        return;
      }
      skipped.removeAll(startedStages);
      skipped.forEach(stage -> total -= tasksOfStage.remove(stage));
      if (!skipped.isEmpty()) {
        say();
      }
    }

    void completesTask(int stage) {
      if (tasksOfStage.containsKey(stage)) {
        completed = Math.min(completed + 1, total);
        say();
      }
    }

    void completesStage(int stage) {
      if (tasksOfStage.containsKey(stage)) {
        completedStages = Math.min(completedStages + 1, tasksOfStage.size());
        say();
      }
    }

    /** Many small stages can come and go at a time; of those, the last state is said. */
    void say() {
      long sinceLast = System.nanoTime() - lastSaid;
      if (heldBack.isPresent()) {
        return;
      } else if (sinceLast >= MIN_INTERVAL_NANOS) {
        sayNow();
      } else {
        heldBack =
            Optional.of(
                timer.schedule(
                    () -> SparkProgress.this.sayHeldBack(this),
                    MIN_INTERVAL_NANOS - sinceLast,
                    TimeUnit.NANOSECONDS));
      }
    }

    void sayHeldBack() {
      if (heldBack.isPresent()) {
        heldBack = Optional.empty();
        sayNow();
      }
    }

    void end() {
      heldBack.ifPresent(held -> held.cancel(false));
      sayHeldBack();
    }

    private void sayNow() {
      lastSaid = System.nanoTime();
      events.accept(told.event(completed, total, completedStages, tasksOfStage.size()));
    }
  }
}
