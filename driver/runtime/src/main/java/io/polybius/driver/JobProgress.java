package io.polybius.driver;

import io.polybius.driver.protocol.DriverEvent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;

/**
 * Tells how many tasks of the running statement's job group are done. Spark calls it on its
 * listener thread; the statement thread says which statement runs.
 */
final class JobProgress extends SparkListener {

  /** Where {@link SparkListenerJobStart} has the stages among its elements. */
  private static final int STAGE_INFOS = 2;

  private static final String JOB_GROUP = "spark.jobGroup.id";
  private static final long MIN_INTERVAL_NANOS = 100_000_000;

  private final Consumer<DriverEvent> events;

  // Guarded by this:
  private final Map<Integer, Integer> tasksOfStage = new HashMap<>();
  private final Map<Integer, Set<Integer>> stagesOfJob = new HashMap<>();
  private final Set<Integer> startedStages = new HashSet<>();
  private int statementId;
  private String jobGroup = "";
  private int completed;
  private int total;
  private int completedStages;
  private long lastSaid;

  /**
   * @param events takes the progress
   */
  JobProgress(Consumer<DriverEvent> events) {
    this.events = events;
  }

  /** From now on counts the tasks of that statement. */
  synchronized void begin(int statement, String group) {
    statementId = statement;
    jobGroup = group;
    forget();
    completed = 0;
    total = 0;
    completedStages = 0;
  }

  /** No statement runs. */
  synchronized void end() {
    jobGroup = "";
    forget();
  }

  private void forget() {
    tasksOfStage.clear();
    stagesOfJob.clear();
    startedStages.clear();
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    if (properties == null || !jobGroup.equals(properties.getProperty(JOB_GROUP, "-"))) {
      return;
    }
    // The type that stageInfos() returns has another name in Scala 2.13; as an element it has none.
    scala.collection.Iterator<?> stages =
        ((scala.collection.Iterable<?>) start.productElement(STAGE_INFOS)).iterator();
    while (stages.hasNext()) {
      StageInfo stage = (StageInfo) stages.next();
      if (tasksOfStage.putIfAbsent(stage.stageId(), stage.numTasks()) == null) {
        total += stage.numTasks();
        stagesOfJob.computeIfAbsent(start.jobId(), job -> new HashSet<>()).add(stage.stageId());
      }
    }
    say(true);
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted stage) {
    startedStages.add(stage.stageInfo().stageId());
  }

  /** Spark skips a stage whose result it still has from an earlier job. */
  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    Set<Integer> skipped = stagesOfJob.getOrDefault(end.jobId(), new HashSet<>());
    skipped.removeAll(startedStages);
    skipped.forEach(stage -> total -= tasksOfStage.remove(stage));
    if (!skipped.isEmpty()) {
      say(true);
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (tasksOfStage.containsKey(end.stageId()) && end.taskInfo().successful()) {
      completed = Math.min(completed + 1, total);
      say(false);
    }
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted stage) {
    if (tasksOfStage.containsKey(stage.stageInfo().stageId())) {
      completedStages = Math.min(completedStages + 1, tasksOfStage.size());
      say(true);
    }
  }

  private void say(boolean now) {
    if (now || System.nanoTime() - lastSaid > MIN_INTERVAL_NANOS) {
      lastSaid = System.nanoTime();
      events.accept(
          new DriverEvent.StatementProgressed(
              statementId, completed, total, completedStages, tasksOfStage.size()));
    }
  }
}
