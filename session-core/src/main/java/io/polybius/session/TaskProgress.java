package io.polybius.session;

/**
 * How far the Spark jobs of a statement are.
 *
 * @param completedTasks tasks that have ended well
 * @param totalTasks all tasks that are known, 0 if the statement has started no job
 * @param completedStages stages that have ended
 * @param totalStages all stages that are known
 */
public record TaskProgress(
    int completedTasks, int totalTasks, int completedStages, int totalStages) {

  /** No job so far. */
  public static final TaskProgress NONE = new TaskProgress(0, 0, 0, 0);

  /** Returns the share of the tasks that is done, from 0.0 to 1.0. */
  public double share() {
    return totalTasks == 0 ? 0.0 : (double) completedTasks / totalTasks;
  }
}
