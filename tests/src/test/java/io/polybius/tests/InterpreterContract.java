package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every language does at the REST door, whatever Spark it runs on. A subclass has the code of
 * a language; all share one session of kind {@code shared} for each Spark.
 */
@Timeout(180)
abstract class InterpreterContract {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MUCH = 8_000_000;

  /** What {@code %table} makes of the frame that {@link #table} is to show. */
  static final String TABLE =
      Pattern.quote(
          "{\"headers\":[{\"name\":\"id\",\"type\":\"BIGINT_TYPE\"},"
              + "{\"name\":\"quarter\",\"type\":\"DOUBLE_TYPE\"},"
              + "{\"name\":\"some\",\"type\":\"BIGINT_TYPE\"}],"
              + "\"data\":[[0,0.0,null],[1,0.25,1]]}");

  /**
   * A session of a real server.
   *
   * @param rest a client of the server
   * @param session its id
   */
  record Place(RestClient rest, int session) {}

  /**
   * Code that runs well.
   *
   * @param code what to run
   * @param shown a pattern of the one form of its result
   */
  record Sample(String code, String shown) {}

  /**
   * Code that fails.
   *
   * @param code what to run
   * @param name the error's {@code ename}
   * @param message a pattern of its {@code evalue}
   * @param line a pattern of each line of its {@code traceback}; nothing if there are no lines
   */
  record Failure(String code, String name, String message, String line) {}

  @TempDir private Path folder;

  abstract Place place();

  /** Returns the kind of statements, by Livy's name. */
  abstract String kind();

  /** Returns code with a short value. */
  abstract Sample value();

  /** Returns code that prints to both streams and has a value, as far as the language can. */
  abstract Sample streams();

  /** Returns code whose value is a text of more than one alphabet, with a picture in it. */
  abstract Sample unicode();

  /** Returns code that fails when it runs. */
  abstract Failure failing();

  /** Returns code that means nothing. */
  abstract Failure wrong();

  /** Returns the beginning of a statement. */
  abstract Failure incomplete();

  /** Returns code that puts out ten million characters. */
  abstract String muchOutput();

  /**
   * Returns a Spark job of which a part ends soon, and the rest not before ten minutes. Not at
   * once, for progress that follows another one closely is not told.
   */
  abstract String longJob();

  /**
   * Returns code that sleeps for ten minutes.
   *
   * @param begun a file to make before, unless a part of a job ends before
   */
  abstract String sleep(Path begun);

  /**
   * Returns code that computes for ever.
   *
   * @param begun a file to make before, unless a part of a job ends before
   */
  abstract String endlessLoop(Path begun);

  /**
   * Returns code that waits for ever outside of the language's own machine.
   *
   * @param begun a file to make before, unless a part of a job ends before
   */
  abstract String nativeCall(Path begun);

  /** Returns code that is nested too deeply, or calls itself without an end. */
  abstract Failure deepRecursion();

  /** Returns code that asks for more memory than any machine has. */
  abstract Failure outOfMemory();

  /** Returns code that ends the language, or means to; nothing if that ends the session. */
  abstract Optional<Failure> exit();

  /** Returns code that does something in other processes or threads, as the language can. */
  abstract Sample forksAndThreads();

  /** Returns code that shows a table of Spark with a null in it. */
  abstract Sample table();

  /** Returns code that makes a temporary view of three rows. */
  abstract String makeView(String name);

  /** Returns code that counts the rows of a view of three rows. */
  abstract Sample countView(String name);

  /** Returns the beginning of a name that is known to a session with a certain view. */
  abstract String unfinished(String view);

  /** Returns one way in which {@link #unfinished} could go on. */
  abstract String finished(String view);

  private JsonNode run(String kind, String code) {
    Place place = place();
    return place.rest().run(place.session(), kind, code).get("output");
  }

  private String shown(String kind, String code) {
    JsonNode output = run(kind, code);
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    assertThat(output.get("data")).as(output.toString()).hasSize(1);
    JsonNode form = output.get("data").elements().next();
    return form.isTextual() ? form.textValue() : form.toString();
  }

  private void assertShows(Sample sample) {
    assertThat(shown(kind(), sample.code())).matches(sample.shown());
  }

  private void assertFails(Failure failure) {
    assertTold(failure);
    assertShows(value());
  }

  private void assertTold(Failure failure) {
    JsonNode output = run(kind(), failure.code());
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("error");
    assertThat(output.get("ename").asText()).isEqualTo(failure.name());
    assertThat(output.get("evalue").asText()).matches(failure.message());
    List<String> lines = new ArrayList<>();
    output.get("traceback").forEach(line -> lines.add(line.textValue()));
    if (failure.line().isEmpty()) {
      assertThat(lines).isEmpty();
    } else {
      assertThat(lines).isNotEmpty().allMatch(line -> line.matches(failure.line()));
    }
  }

  @Test
  void valueIsShown() {
    assertShows(value());
  }

  @Test
  void whatIsPrintedIsShownWithTheValue() {
    assertShows(streams());
  }

  @Test
  void textOfAllAlphabetsGoesThereAndBack() {
    assertShows(unicode());
  }

  @Test
  void failureIsToldAsLivyTellsIt() {
    assertFails(failing());
  }

  @Test
  void wrongCodeIsToldAsLivyTellsIt() {
    assertFails(wrong());
  }

  @Test
  void incompleteCodeIsToldAsLivyTellsIt() {
    assertFails(incomplete());
  }

  @Test
  void deepRecursionFailsAlone() {
    assertFails(deepRecursion());
  }

  @Test
  void outOfMemoryFailsAlone() {
    assertFails(outOfMemory());
  }

  @Test
  void exitIsToldAndTheNextStatementRuns() {
    exit().ifPresent(this::assertTold);
    // May say that the language was started again.
    assertThat(run(kind(), value().code()).get("status").asText()).isEqualTo("ok");
    assertShows(value());
  }

  @Test
  void otherProcessesAndThreadsWorkForTheStatement() {
    assertShows(forksAndThreads());
  }

  @Test
  void tenMillionCharactersAreShownAsFarAsTheyAreKept() {
    assertThat(shown(kind(), muchOutput()).length()).isBetween(MUCH, MUCH + (MUCH >> 1));
    assertShows(value());
  }

  @Test
  void tableOfSparkIsShown() {
    assertShows(table());
  }

  @Test
  void temporaryViewsAreShared() {
    String own = "view_of_" + kind();
    run(kind(), makeView(own));
    assertThat(shown("sql", "select count(*) from " + own)).contains("\"data\":[[3]]");

    String other = "view_for_" + kind();
    run("sql", "create or replace temporary view " + other + " as select * from range(3)");
    assertShows(countView(other));
  }

  @Test
  void namesAreCompleted() {
    String view = "completed_by_" + kind();
    run("sql", "create or replace temporary view " + view + " as select 1");
    assertShows(value());
    String code = unfinished(view);
    String question =
        RestClient.JSON
            .createObjectNode()
            .put("code", code)
            .put("kind", kind())
            .put("cursor", code.length())
            .toString();
    Place place = place();
    // Who has never been asked may have to load something first, for which nobody waits.
    await()
        .atMost(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(
                        place
                            .rest()
                            .call("POST", "/sessions/" + place.session() + "/completion", question)
                            .get("candidates"))
                    .anyMatch(name -> name.asText().equals(finished(view))));
  }

  @Test
  void jobIsStopped() {
    assertStops(longJob());
  }

  @Test
  void sleepIsStopped() {
    assertStops(sleep(begun()));
  }

  @Test
  void endlessLoopIsStopped() {
    assertStops(endlessLoop(begun()));
  }

  @Test
  void nativeCallIsStopped() {
    assertStops(nativeCall(begun()));
  }

  private Path begun() {
    return folder.resolve("begun");
  }

  private void assertStops(String code) {
    RestClient rest = place().rest();
    int session = place().session();
    int statement = rest.post(session, kind(), code);
    try {
      await()
          .atMost(PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .until(
              () ->
                  Files.exists(begun())
                      || rest.statement(session, statement).get("progress").asDouble() > 0);
      assertThat(rest.statement(session, statement).get("state").asText()).isEqualTo("running");
    } finally {
      // Also when it has not begun, for the others run in the same session.
      rest.call("POST", "/sessions/" + session + "/statements/" + statement + "/cancel", "");
    }
    assertThat(rest.await(session, statement).get("state").asText()).isEqualTo("cancelled");
    assertShows(value());
  }
}
