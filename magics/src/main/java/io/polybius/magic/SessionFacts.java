package io.polybius.magic;

import java.util.List;
import java.util.Optional;

/**
 * What a session is.
 *
 * @param session its number in the server; empty where no server has started it
 * @param application the name of the Spark application
 * @param applicationId Spark's id of it
 * @param sparkVersion for example {@code 3.5.5}
 * @param scalaVersion for example {@code 2.12.18}
 * @param master where Spark runs
 * @param sparkUi address of Spark's web page, if there is one
 * @param languages the kinds of statements that can run, by their canonical names
 */
public record SessionFacts(
    Optional<String> session,
    String application,
    String applicationId,
    String sparkVersion,
    String scalaVersion,
    String master,
    Optional<String> sparkUi,
    List<String> languages) {

  /** Copies the list. */
  public SessionFacts {
    languages = List.copyOf(languages);
  }
}
