package io.polybius.session;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What an operator can choose about sessions and batches.
 *
 * @param limits how long sessions wait and how much they keep
 * @param lifetimes when sessions end by themselves
 * @param rules what users may submit
 * @param creations how many sessions may be starting and batches running at the same time; the same
 *     object for both services
 * @param logFolder where logs are kept; empty for a bounded part of them in memory
 */
public record CoreSettings(
    SessionLimits limits,
    Lifetimes lifetimes,
    SubmissionRules rules,
    CreationLimit creations,
    Optional<Path> logFolder) {

  private static final int MOST_STARTING = 100;

  /** Returns settings with these limits, and else what holds unless the operator sets it. */
  public static CoreSettings of(SessionLimits limits) {
    return new CoreSettings(
        limits,
        Lifetimes.DEFAULT,
        SubmissionRules.NONE,
        new CreationLimit(MOST_STARTING),
        Optional.empty());
  }

  /** Returns the same settings with other lifetimes. */
  public CoreSettings withLifetimes(Lifetimes other) {
    return new CoreSettings(limits, other, rules, creations, logFolder);
  }

  /** Returns the same settings with another limit on creation. */
  public CoreSettings withCreations(CreationLimit other) {
    return new CoreSettings(limits, lifetimes, rules, other, logFolder);
  }

  /** Returns the same settings with other rules. */
  public CoreSettings withRules(SubmissionRules other) {
    return new CoreSettings(limits, lifetimes, other, creations, logFolder);
  }

  /** Returns the same settings with a folder for logs. */
  public CoreSettings withLogFolder(Path folder) {
    return new CoreSettings(limits, lifetimes, rules, creations, Optional.of(folder));
  }

  /** Returns the log of the driver of that session. */
  ProcessLog sessionLog(int id) {
    return new ProcessLog(logFolder, "session-" + id, true);
  }

  /** Returns the log of the program of that batch. */
  ProcessLog batchLog(int id) {
    return new ProcessLog(logFolder, "batch-" + id, false);
  }
}
