package io.polybius.session;

import io.polybius.session.spi.SessionRecords;
import io.polybius.session.spi.SessionStore;
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
 * @param stagingFolder where uploaded files are kept, of this server only; empty if nothing can be
 *     uploaded
 * @param store keeps sessions so that they outlive the server; empty to end them with it
 */
public record CoreSettings(
    SessionLimits limits,
    Lifetimes lifetimes,
    SubmissionRules rules,
    CreationLimit creations,
    Optional<Path> logFolder,
    Optional<Path> stagingFolder,
    Optional<SessionStore> store) {

  private static final int MOST_STARTING = 100;

  /** Returns settings with these limits, and else what holds unless the operator sets it. */
  public static CoreSettings of(SessionLimits limits) {
    return new CoreSettings(
        limits,
        Lifetimes.DEFAULT,
        SubmissionRules.NONE,
        new CreationLimit(MOST_STARTING),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns the same settings with other lifetimes. */
  public CoreSettings withLifetimes(Lifetimes other) {
    return new CoreSettings(limits, other, rules, creations, logFolder, stagingFolder, store);
  }

  /** Returns the same settings with another limit on creation. */
  public CoreSettings withCreations(CreationLimit other) {
    return new CoreSettings(limits, lifetimes, rules, other, logFolder, stagingFolder, store);
  }

  /** Returns the same settings with other rules. */
  public CoreSettings withRules(SubmissionRules other) {
    return new CoreSettings(limits, lifetimes, other, creations, logFolder, stagingFolder, store);
  }

  /** Returns the same settings with a folder for logs. */
  public CoreSettings withLogFolder(Path folder) {
    return new CoreSettings(
        limits, lifetimes, rules, creations, Optional.of(folder), stagingFolder, store);
  }

  /** Returns the same settings with a folder for uploaded files. */
  public CoreSettings withStagingFolder(Path folder) {
    return new CoreSettings(
        limits, lifetimes, rules, creations, logFolder, Optional.of(folder), store);
  }

  /** Returns the same settings with a place where sessions are kept. */
  public CoreSettings withStore(SessionStore other) {
    return new CoreSettings(
        limits, lifetimes, rules, creations, logFolder, stagingFolder, Optional.of(other));
  }

  /**
   * Returns the log of the drivers of that session, which is among its records if there are any.
   */
  ProcessLog sessionLog(int id, Optional<SessionRecords> records) {
    return new ProcessLog(
        records.map(SessionRecords::folder).or(() -> logFolder), "session-" + id, true);
  }

  /** Returns the log of the program of that batch. */
  ProcessLog batchLog(int id) {
    return new ProcessLog(logFolder, "batch-" + id, false);
  }
}
