package io.polybius.session;

import java.util.List;
import java.util.Optional;

/**
 * A session as it was at one moment.
 *
 * @param id counts from 0, never used twice
 * @param settings what its creator asked for
 * @param owner who created it
 * @param state where it was in its life
 * @param driver about its driver, once that is up
 * @param application what its cluster says of the driver's application, if a cluster has one
 * @param incarnation counts its drivers, from 1; a restart begins the next
 * @param firstStatementId the id of the first statement of this incarnation
 * @param statements its statements of all incarnations, oldest first, without hidden ones
 * @param jobs its compiled jobs of all incarnations that are kept, oldest first
 * @param endedMillis epoch milliseconds of its end, 0 before
 */
public record SessionSnapshot(
    int id,
    SessionSettings settings,
    Optional<String> owner,
    SessionState state,
    Optional<DriverInfo> driver,
    Optional<ClusterApplication> application,
    int incarnation,
    int firstStatementId,
    List<Statement> statements,
    List<Job> jobs,
    long endedMillis) {

  /** Returns the id of its Spark application, once that is known. */
  public Optional<String> applicationId() {
    return application.map(ClusterApplication::id).or(() -> driver.map(DriverInfo::applicationId));
  }

  /** Returns the address of Spark's web page, if it has one that can be reached. */
  public Optional<String> sparkUiUrl() {
    return application
        .flatMap(ClusterApplication::trackingUrl)
        .or(() -> driver.flatMap(DriverInfo::sparkUiUrl));
  }

  /** Returns the statement of that id, if it is kept. */
  public Optional<Statement> statement(int statementId) {
    // Ids ascend without gaps: the oldest ones are forgotten first.
    int index = statements.isEmpty() ? -1 : statementId - statements.get(0).id();
    return index < 0 || index >= statements.size()
        ? Optional.empty()
        : Optional.of(statements.get(index));
  }

  /** Returns the job of that id, if it is kept. */
  public Optional<Job> job(int jobId) {
    return jobs.stream().filter(job -> job.id() == jobId).findFirst();
  }

  /**
   * About the driver of a session.
   *
   * @param sparkVersion for example {@code 3.5.5}
   * @param scalaVersion for example {@code 2.12.18}
   * @param applicationId Spark's application id
   * @param sparkUiUrl address of Spark's web page, if it has one
   */
  public record DriverInfo(
      String sparkVersion,
      String scalaVersion,
      String applicationId,
      Optional<String> sparkUiUrl) {}
}
