package io.polybius.driver.interpreter.process;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the process of a language answers to questions about code, as it writes it. */
public final class WrittenAnswers {

  private WrittenAnswers() {}

  /**
   * Reads whether a text is a whole statement.
   *
   * @param answer has {@code status} and {@code indent}, as Jupyter's {@code is_complete_reply};
   *     empty if there is none
   */
  public static CompletenessChecked completeness(int requestId, Optional<JsonNode> answer) {
    Completeness verdict =
        switch (answer.map(found -> found.path("status").asText()).orElse("")) {
          case "complete" -> Completeness.COMPLETE;
          case "incomplete" -> Completeness.INCOMPLETE;
          case "invalid" -> Completeness.INVALID;
          default -> Completeness.UNKNOWN;
        };
    return new CompletenessChecked(
        requestId, verdict, answer.map(found -> found.path("indent").asText()).orElse(""));
  }

  /**
   * Reads how a text could go on.
   *
   * @param answer has {@code candidates}, each a list of its text, its type and perhaps its
   *     signature, and {@code start} and {@code end} of what they replace, in characters
   * @param code the text, which Java counts in UTF-16 units
   */
  public static Completion completion(JsonNode answer, String code) {
    List<Candidate> candidates = new ArrayList<>();
    answer
        .path("candidates")
        .forEach(
            found ->
                candidates.add(
                    new Candidate(
                        found.path(0).asText(), found.path(1).asText(), found.path(2).asText())));
    return new Completion(
        candidates,
        code.offsetByCodePoints(0, answer.path("start").asInt()),
        code.offsetByCodePoints(0, answer.path("end").asInt()));
  }
}
