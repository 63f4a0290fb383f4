package io.polybius.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.DisplayUpdate;
import io.polybius.driver.protocol.StatementOutput.Echo;
import io.polybius.driver.protocol.StatementOutput.Page;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.Kind;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a statement came to, as Livy says it: one value of one MIME type, or an error.
 *
 * <p>A client of Livy expects the one form that Livy would send, so of everything that a statement
 * put out this picks: what was displayed on purpose if nothing was printed after it, else the text
 * printed since. What was put out before an error is sent along with the error, in a field that
 * Livy does not have and its clients do not mind.
 */
sealed interface OutputJson {

  /** The forms of a displayed result that are sent, best first. */
  List<String> PREFERENCE =
      List.of(
          MimeBundle.LIVY_TABLE,
          MimeBundle.JSON,
          MimeBundle.PNG,
          // Before HTML, which most clients of Livy do not know.
          MimeBundle.TEXT,
          MimeBundle.HTML);

  /** The statement ended well. */
  record Ok(
      String status, @JsonProperty("execution_count") int executionCount, Map<String, Object> data)
      implements OutputJson {}

  /** The statement ended in an error. */
  record Failed(
      String status,
      @JsonProperty("execution_count") int executionCount,
      @JsonProperty("ename") String name,
      @JsonProperty("evalue") String message,
      List<String> traceback,
      @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Object> data)
      implements OutputJson {}

  /** Returns what a statement came to, once it has ended and if it ever ran. */
  static Optional<OutputJson> of(Statement statement, Json json) {
    boolean neverRan =
        statement.state() == StatementState.CANCELLED && statement.startedMillis() == 0;
    if (!statement.state().isTerminal() || neverRan) {
      return Optional.empty();
    }
    Kind kind = statement.kind();
    boolean isAsInPython = kind.equals(Kind.PYSPARK) || kind.jupyterKernel().isPresent();
    boolean isR = kind.equals(Kind.SPARKR);
    Optional<Map<String, Object>> data =
        data(statement.outputs().toList(), isAsInPython || isR, json);
    if (statement.error().isPresent()) {
      StatementError error = statement.error().get();
      if (error.origin() == StatementError.Origin.USER_CODE && isAsInPython) {
        return Optional.of(failedInPython(statement.id(), error, data));
      } else if (error.origin() == StatementError.Origin.USER_CODE && kind.equals(Kind.SQL)) {
        return Optional.of(failedInSql(statement.id(), error, data));
      } else if (error.origin() == StatementError.Origin.USER_CODE && isR) {
        return Optional.of(failedInR(statement.id(), error, data));
      }
      return Optional.of(failed(statement.id(), error, data));
    }
    return Optional.of(new Ok("ok", statement.id(), data.orElse(Map.of(MimeBundle.TEXT, ""))));
  }

  /**
   * Returns what was put out.
   *
   * @param showsErrors whether standard error belongs to it, after all else, and the last line end
   *     does not
   */
  private static Optional<Map<String, Object>> data(
      List<StatementOutput> outputs, boolean showsErrors, Json json) {
    StringBuilder text = new StringBuilder();
    StringBuilder errors = new StringBuilder();
    Optional<MimeBundle.Entry> displayed = Optional.empty();
    for (StatementOutput output : outputs) {
      String more = text(output);
      if (showsErrors
          && output instanceof StreamText printed
          && printed.stream() == StreamName.STDERR) {
        errors.append(printed.text());
      } else if (!more.isEmpty()) {
        displayed = Optional.empty();
        text.append(more);
      } else if (output instanceof StatementOutput.Clear) {
        displayed = Optional.empty();
        text.setLength(0);
      } else {
        Optional<MimeBundle> shown = shown(output);
        if (shown.isPresent()) {
          displayed = shown.map(OutputJson::best);
          text.setLength(0);
        }
      }
    }
    if (displayed.isPresent()) {
      return displayed.map(entry -> Map.of(entry.mimeType(), value(entry, json)));
    }
    String all = showsErrors ? text.append(errors).toString().stripTrailing() : text.toString();
    return all.isEmpty() ? Optional.empty() : Optional.of(Map.of(MimeBundle.TEXT, all));
  }

  /** Livy's Scala sessions show what the prompt shows; standard error goes to their log. */
  private static String text(StatementOutput output) {
    if (output instanceof Echo echo) {
      return echo.text();
    }
    if (output instanceof StreamText printed && printed.stream() == StreamName.STDOUT) {
      return printed.text();
    }
    return "";
  }

  /** Returns what an output shows in more forms than text. */
  private static Optional<MimeBundle> shown(StatementOutput output) {
    MimeBundle bundle =
        output instanceof Display display
            ? display.bundle()
            : output instanceof DisplayUpdate update
                ? update.bundle()
                : output instanceof Page page ? page.bundle() : new MimeBundle(List.of());
    return Optional.of(bundle).filter(some -> !some.entries().isEmpty());
  }

  private static MimeBundle.Entry best(MimeBundle bundle) {
    return PREFERENCE.stream()
        .flatMap(type -> bundle.find(type).stream())
        .findFirst()
        .orElse(bundle.entries().get(0));
  }

  /** Returns the data of an entry as it stands in JSON. */
  static Object value(MimeBundle.Entry entry, Json json) {
    if (!entry.isJson()) {
      return entry.data();
    }
    return json.embed(entry.data()).<Object>map(raw -> raw).orElse(entry.data());
  }

  /** Python's prompt shows the whole traceback, which ends with what went wrong. */
  private static Failed failedInPython(
      int id, StatementError error, Optional<Map<String, Object>> putOutBefore) {
    return new Failed(
        "error",
        id,
        error.name(),
        error.message(),
        error.traceback().stream().map(line -> line + "\n").toList(),
        putOutBefore.orElse(null));
  }

  /**
   * Livy has R print the error as a text, and evaluates by {@code eval}, which is what fails where
   * no function of the user does.
   */
  private static Failed failedInR(
      int id, StatementError error, Optional<Map<String, Object>> putOutBefore) {
    String where =
        error.name().equals("Error") ? "Error in eval(expr, envir, enclos)" : error.name();
    String text = where + ": " + error.message();
    String quoted =
        text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t");
    return new Failed(
        "error", id, "Error", "[1] \"" + quoted + "\"", List.of(), putOutBefore.orElse(null));
  }

  private static Failed failedInSql(
      int id, StatementError error, Optional<Map<String, Object>> putOutBefore) {
    return new Failed(
        "error", id, "Error", error.message(), error.traceback(), putOutBefore.orElse(null));
  }

  private static Failed failed(
      int id, StatementError error, Optional<Map<String, Object>> putOutBefore) {
    String name = "Error";
    String message = error.message();
    List<String> traceback = List.of();
    switch (error.origin()) {
      case COMPILER, USER_CODE, INTERRUPT -> {
        List<String> lines = shownLines(error);
        message = lines.get(0).trim();
        traceback =
            Stream.concat(lines.stream().skip(1), error.traceback().stream())
                .map(line -> line + "\n")
                .toList();
      }
      case INCOMPLETE -> message = "incomplete statement";
      case MAGIC -> name = error.name();
      case DRIVER -> {}
    }
    return new Failed("error", id, name, message, traceback, putOutBefore.orElse(null));
  }

  /** Returns the lines of an error as a prompt shows them, at least one. */
  private static List<String> shownLines(StatementError error) {
    String shown = error.message();
    if (error.origin() != StatementError.Origin.COMPILER && !error.name().isEmpty()) {
      shown = shown.isEmpty() ? error.name() : error.name() + ": " + shown;
    }
    List<String> lines = new ArrayList<>(shown.lines().toList());
    return lines.isEmpty() ? List.of("") : lines;
  }
}
