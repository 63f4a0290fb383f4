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
 * @param incarnation counts its drivers, from 1; a restart begins the next
 * @param firstStatementId the id of the first statement of this incarnation
 * @param statements its statements of all incarnations, oldest first, without hidden ones
 */
public record SessionSnapshot(
    int id,
    SessionSettings settings,
    Optional<String> owner,
    SessionState state,
    Optional<DriverInfo> driver,
    int incarnation,
    int firstStatementId,
    List<Statement> statements) {

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
